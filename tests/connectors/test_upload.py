"""A table that somebody hands over is a channel like any other."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from engine.api import Look
from engine.cli.main import run
from engine.errors import Forbidden, InvalidDocument, NotFound, WrongUsage
from engine.facts import SYSTEM
from tests.company import Company

CONNECTION = """\
kind: connection
name: sheet
label: {zh: 合作方表格, en: Partner's sheet}
connector: upload
settings: {largest: 1}
into: lead
map: {company: 单位, phone: 手机}
set: {source: referral, campaign: "{{ file.name }}:{{ row }}"}
match_on: [phone]
---
kind: connection
name: hook
connector: webhook
settings: {secret: "=secret.HOOK"}
"""
SHEET = "单位,手机\r\n锐视光学,13800138000\r\n坏号,1380\r\n乙,公司,2\r\n青禾口腔,13800138001\r\n"


@pytest.fixture
def sheet(company: Company) -> Company:
    (company.folder / "custom" / "sheet.yaml").write_text(CONNECTION, "utf-8")
    company.engine.revisions.publish("sheet")
    return company


def count(company: Company) -> int:
    return len(company.engine.list(SYSTEM, "lead", Look(limit=200)).items)


def test_rows_become_leads_and_what_cannot_be_used_waits_with_its_row(sheet: Company) -> None:
    channels = sheet.engine.channels
    assert channels.upload(SYSTEM, "sheet", "三月.csv", SHEET.encode("gb18030")) == {"new": 4, "known": 0, "waiting": 2}
    assert count(sheet) == 2
    waiting = channels.deliveries(SYSTEM)
    assert [(one["facts"]["row"], one["reason"].split()[0 if "I040" in one["reason"] else 1]) for one in waiting] == [
        (3, "R031"), (4, "I040"),
    ]  # fmt: skip
    # Handed over again, and in a file of another name: nothing twice; what is new in it is taken.
    assert channels.upload(SYSTEM, "sheet", "三月.csv", SHEET.encode()) == {"new": 0, "known": 4, "waiting": 0}
    more = SHEET + "朗月康复,13800138002\r\n"
    assert channels.upload(SYSTEM, "sheet", "三月二版.csv", more.encode()) == {"new": 1, "known": 4, "waiting": 0}
    assert count(sheet) == 3


def test_a_workbook_and_more_rows_than_one_turn_takes(sheet: Company) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["单位", "手机"])
    for number in range(45):
        book.active.append([f"公司{number}", 13800138000 + number])
    kept = io.BytesIO()
    book.save(kept)
    done = sheet.engine.channels.upload(SYSTEM, "sheet", "a.xlsx", kept.getvalue())
    assert done == {"new": 45, "known": 0, "waiting": 0} and count(sheet) == 45


def test_what_is_refused(sheet: Company) -> None:
    channels = sheet.engine.channels
    with pytest.raises(Forbidden):
        channels.upload(sheet.actor("li"), "sheet", "a.csv", SHEET.encode())
    with pytest.raises(NotFound):
        channels.upload(SYSTEM, "sheat", "a.csv", SHEET.encode())
    with pytest.raises(WrongUsage) as refused:
        channels.upload(SYSTEM, "hook", "a.csv", SHEET.encode())
    assert refused.value.problems[0].line("zh") == (
        "I048 连接 hook 不收上传的文件 -> 用 upload、ftp_csv 或 sftp 连接器的连接"
    )
    with pytest.raises(WrongUsage) as large:
        channels.upload(SYSTEM, "sheet", "a.csv", b"x" * 1_100_000)
    assert large.value.problems[0].code == "I041"
    with pytest.raises(InvalidDocument):
        channels.upload(SYSTEM, "sheet", "a.csv", b"")
    assert count(sheet) == 0


def test_the_command_says_what_came(sheet: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "三月.csv"
    path.write_text(SHEET, "utf-8")
    site = ["-C", str(sheet.folder)]
    assert run([*site, "connection", "upload", "sheet", str(path)]) == 1
    assert "新来 4 条,以前来过 0 条,等人处理 2 条" in capsys.readouterr().out
    assert run([*site, "inbox"]) == 0
    assert "三月.csv:3" in capsys.readouterr().out
    assert run([*site, "connection", "poll", "sheet"]) == 2

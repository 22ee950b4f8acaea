"""A file of rows: tried, taken in, resumed, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.api import Look, write_bad_rows
from engine.errors import Conflict, Forbidden, WrongUsage
from engine.facts import SYSTEM
from engine.site import taking
from tests.company import Company


def sheet(folder: Path, rows: int, start: int = 0) -> Path:
    lines = [f"客户{n:05d},138{n:08d},官网" for n in range(start, start + rows)]
    path = folder / "leads.csv"
    path.write_text("\n".join(["客户名称,手机号,渠道", *lines]) + "\n", "gb18030")
    return path


def count(company: Company) -> int:
    return company.engine.list(SYSTEM, "lead", Look(limit=1), counted=True).count or 0


def test_a_gbk_file_goes_through_the_whole_pipeline(company: Company, tmp_path: Path) -> None:
    report = company.engine.import_file(SYSTEM, sheet(tmp_path, 3), "lead", constants={"source": "expo"})
    assert (report.created, report.bad, report.unmapped) == (3, [], ("渠道",))
    lead = company.engine.list(SYSTEM, "lead", Look(sort=("company",))).items[0]
    assert lead["phone"] == "+8613800000000"
    assert lead["source_tag"] == "展会"
    assert lead["owner"] in company.ids.values()


def test_fault_052_a_dry_run_says_what_would_happen_and_writes_nothing(company: Company, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text("客户名称,手机号\n甲,13800138000\n,13800138001\n丙,1.38E+10\n丁,123\n", "utf-8")
    report = company.engine.import_file(SYSTEM, path, "lead", dry_run=True)
    assert report.created == 1
    assert [(bad.row, [p.field for p in bad.problems]) for bad in report.bad] == [
        (3, ["company"]),
        (4, ["phone"]),
        (5, ["phone"]),
    ]
    assert count(company) == 0


def test_good_rows_are_kept_and_bad_ones_can_be_mended_in_excel(company: Company, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text("客户名称,手机号\n甲,13800138000\n=1+1,12\n", "utf-8")
    report = company.engine.import_file(SYSTEM, path, "lead")
    assert (report.created, len(report.bad)) == (1, 1)
    errors = tmp_path / "errors.csv"
    write_bad_rows(report, errors)
    text = errors.read_text("utf-8-sig").splitlines()
    assert text[0] == "行,原因,客户名称,手机号"
    assert text[1].startswith("3,")
    assert "'=1+1" in text[1]


def test_fault_074_a_stop_half_way_goes_on_behind_the_last_row_and_no_row_comes_twice(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sheet(tmp_path, 1200)
    lots = 0
    take = taking.Taker.take

    def once(self: Any, rows: Any, keep: Any) -> Any:
        nonlocal lots
        if lots == 1:
            raise KeyboardInterrupt
        lots += 1
        return take(self, rows, keep)

    monkeypatch.setattr(taking.Taker, "take", once)
    with pytest.raises(KeyboardInterrupt):
        company.engine.import_file(SYSTEM, path, "lead")
    assert count(company) == 500
    monkeypatch.undo()
    report = company.engine.import_file(SYSTEM, path, "lead")
    assert report.resumed_after == 501
    assert report.created == 700
    assert count(company) == 1200


def test_a_file_is_not_taken_twice_by_accident(company: Company, tmp_path: Path) -> None:
    path = sheet(tmp_path, 2)
    company.engine.import_file(SYSTEM, path, "lead")
    with pytest.raises(Conflict) as refused:
        company.engine.import_file(SYSTEM, path, "lead")
    assert refused.value.problems[0].code == "I012"
    again = company.engine.import_file(SYSTEM, path, "lead", match_on=["phone"], again=True)
    assert (again.created, again.matched) == (0, 2)


def test_undo_takes_back_what_nobody_has_touched_and_lists_the_rest(company: Company, tmp_path: Path) -> None:
    report = company.engine.import_file(SYSTEM, sheet(tmp_path, 4), "lead")
    touched = company.engine.list(SYSTEM, "lead", Look(sort=("company",))).items[0]
    company.engine.update(SYSTEM, "lead", touched.id, {"contact": "周"})
    done = company.engine.imports.take_back(SYSTEM, report.number)
    assert done == {"import": report.number, "undone": 3, "kept": [touched.id]}
    assert count(company) == 1
    with pytest.raises(Conflict):
        company.engine.imports.take_back(SYSTEM, report.number)


def test_links_are_found_by_name_and_an_unknown_one_is_told(company: Company, tmp_path: Path) -> None:
    path = tmp_path / "owners.csv"
    path.write_text("客户名称,负责人\n甲,李强\n乙,li\n丙,谁\n", "utf-8")
    report = company.engine.import_file(SYSTEM, path, "lead")
    assert report.created == 2
    assert report.bad[0].problems[0].code == "I013"
    owners = {lead["owner"] for lead in company.engine.list(SYSTEM, "lead", Look()).items}
    assert owners == {company.ids["li"]}


def test_unknown_columns_and_fields_are_named_with_the_nearest(company: Company, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage) as refused:
        company.engine.import_file(SYSTEM, sheet(tmp_path, 1), "lead", mapping={"compny": "客户名称", "phone": "手机"})
    assert [(p.code, p.suggestion) for p in refused.value.problems] == [("I014", "company"), ("I006", "手机号")]


def test_only_who_may_import_imports(company: Company, tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        company.engine.import_file(company.actor("li"), sheet(tmp_path, 1), "lead")


def test_a_value_that_cannot_be_matched_on_makes_its_row_bad_and_no_other(company: Company, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("company,phone\n锐视,13805710001\n东篱,138\n", "utf-8")
    report = company.engine.import_file(SYSTEM, path, "lead", match_on=["phone"])
    assert (report.created, [bad.row for bad in report.bad]) == (1, [3])
    assert report.bad[0].problems[0].code == "R031"

"""Publishing by the command line: by whom, when, and nothing for nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.api import Engine, Look
from engine.cli.main import run
from engine.facts import SYSTEM
from tests.company import SITE, Company


def limit(folder: Path, value: str) -> None:
    (folder / "site.yaml").write_text(SITE + f"parameters:\n  first_call_limit: {value}\n", "utf-8")


def test_flowloom_publish_keeps_who_did_it_and_revisions_tells_when_in_the_sites_time(
    company: Company, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = str(company.folder)
    monkeypatch.setattr("getpass.getuser", lambda: "alice")
    limit(company.folder, "5h")
    assert run(["-C", site, "publish", "-m", "旺季", "--timers", "keep"]) == 0
    monkeypatch.setattr("getpass.getuser", lambda: "admin")
    limit(company.folder, "6h")
    assert run(["-C", site, "publish", "--timers", "keep"]) == 0
    limit(company.folder, "7h")
    assert run(["-C", site, "publish", "--timers", "keep", "--as", "li"]) == 1, "sales may not publish"
    assert run(["-C", site, "publish", "--timers", "keep", "--as", "nobody"]) == 2
    assert run(["-C", site, "publish", "--timers", "keep", "--as", "admin"]) == 0
    capsys.readouterr()
    assert run(["-C", site, "revisions"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-2 if "旺季" in line else -1] for line in lines] == ["admin", "admin", "alice", "system"]
    assert re.fullmatch(r"\* +4  20\d\d-\d\d-\d\d \d\d:\d\d  admin", lines[0])
    assert lines[3].split()[1:3] == ["2026-01-05", "09:00"], "the site's time zone, not UTC"


def test_flowloom_publish_of_an_unchanged_folder_says_so_and_ends_with_zero(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(company.folder), "publish"]) == 0
    assert capsys.readouterr().out.strip() == "没有变化,第 1 版继续运行"


def test_flowloom_publish_tells_of_a_changed_template_whom_the_publisher_names(
    company: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    site, written = str(company.folder), company.folder / "custom/hello.yaml"
    hello = "kind: template\nname: hello\nlabel: {{zh: 问候, en: Hello}}\nfor: lead\nchannel: message\nbody: {body}\n"
    written.write_text(hello.format(body="您好"), "utf-8")
    assert run(["-C", site, "publish"]) == 0
    written.write_text(hello.format(body="早上好"), "utf-8")
    assert run(["-C", site, "publish", "--tell", "helo=everybody"]) == 2
    assert "tell.helo" in capsys.readouterr().err
    assert run(["-C", site, "publish", "--tell", "hello=everybody"]) == 0
    with Engine.open(company.folder) as engine:
        told = engine.list(SYSTEM, "notification", Look()).items
    assert {one.values["title"] for one in told} == {"「问候」换了新版"} and len(told) > 3

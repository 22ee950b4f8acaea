"""The clock slider: a look ahead that changes nothing, and is kept as a scenario that holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Forbidden, NotFound, WrongUsage
from engine.facts import SYSTEM
from tests.company import Company, found

SITE = """\
name: testing
timezone: Asia/Shanghai
packs: [crm, golden_hours, double_signature]
calendar: work_hours
"""


@pytest.fixture
def company(tmp_path: Path, clock: Any, registry: Any) -> Iterator[Company]:
    made = found(tmp_path / "site", clock, registry, site=SITE)
    made.engine.update(SYSTEM, "user", made.ids["li"], {"backup": made.ids["wang"]})
    yield made
    made.engine.close()


def lead(company: Company) -> int:
    return int(company.lead(owner=company.ids["li"]).id)


def everything(company: Company) -> list[Any]:
    tables = (
        "fl_timers",
        "fl_runs",
        "fl_audit",
        "notification",
        "lead",
        "fl_jobs",
        "fl_history",
        "fl_score_cards",
        "task",
    )
    with company.engine._site.reading() as context:
        return [context.connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


def test_it_tells_what_would_happen_when_and_which_line_says_so(company: Company) -> None:
    number = lead(company)
    seen = company.engine.slider.look(company.actor("li"), "lead", number, "3h")
    told = [
        (each["at"][11:16], each["kind"], tuple(each["to"])) for each in seen["happenings"] if each["kind"] == "notice"
    ]
    assert told == [
        ("03:00", "notice", ("李强",)),
        ("03:15", "notice", ("赵敏",)),
        ("04:00", "notice", ("王芳",)),
    ]
    handed = [each for each in seen["happenings"] if each["kind"] == "assigned"]
    assert [(each["at"][11:16], each["where"].partition(":")[0]) for each in handed] == [
        ("03:30", "builtin_flows/golden_hours/assignment/golden_backup.yaml")
    ]
    assert seen["differs"]["owner"] == {"before": "李强", "after": "王芳"}
    assert all(each["where"] for each in seen["happenings"] if each["kind"] == "notice")


def test_nothing_of_the_site_changes(company: Company) -> None:
    number = lead(company)
    before = everything(company)
    company.engine.slider.look(SYSTEM, "lead", number, "30d")
    assert everything(company) == before


def test_what_it_foretold_comes_true(company: Company) -> None:
    from engine.runtime import scheduler

    number = lead(company)
    seen = company.engine.slider.look(SYSTEM, "lead", number, "2d")
    site = company.engine._site
    start = site.clock.now()
    scheduler.play(site.parts, site.database, company.clock, start + __import__("datetime").timedelta(days=2))
    with site.reading() as context:
        rows = context.connection.execute(
            "SELECT title, created_at FROM notification WHERE created_at > ? ORDER BY id",
            (int(start.timestamp() * 1_000_000),),
        )
    foretold = [each["title"] for each in seen["happenings"] if each["kind"] == "notice"]
    assert [title for title, _ in rows] == foretold
    assert company.engine.get(SYSTEM, "lead", number).shown["owner"] == "赵敏"


def test_an_open_approval_would_be_passed_on_and_expire(company: Company) -> None:
    number = lead(company)
    site = company.engine._site
    with site.reading():
        pass
    from engine.store.files import Files

    file = site.database.write(
        lambda c: Files().save(c, "合同.pdf", "application/pdf", b"x", site.clock.now(), None).id
    )
    whole = {
        "call_summary": "成像模糊，担心售后",
        "next_date": "2026-01-08",
        "next_time": "10:00",
        "next_subject": "看设备",
    }
    chain = {"industry": "eye", "revenue_range": "to_50m", "decision_role": "decider"}
    li = company.actor("li")
    company.engine.update(li, "lead", number, chain)
    company.engine.transition(li, "lead", number, "complete_first_call", whole)
    three = {"current_situation": "旧设备八年", "main_problem": "效率低", "buying_plan": "三月采购"}
    company.engine.transition(li, "lead", number, "complete_diagnosis", three)
    proposal = {"proposal_link": "https://x.cn/a", "video_link": "https://x.cn/v", "proposal_amount": 10}
    company.engine.transition(li, "lead", number, "send_proposal", proposal)
    demo = {"objection_type": "price", "objection_answer": "分期", "demo_at": "2026-01-09T10:00"}
    company.engine.transition(li, "lead", number, "book_demo", demo)
    company.engine.create(SYSTEM, "user", {"login": "qian", "name": "钱会", "roles": ["finance"]})
    company.engine.transition(li, "lead", number, "sign", {"signed_amount": 10, "contract": file})
    seen = company.engine.slider.look(li, "lead", number, "3d")
    approvals = [each["title"] for each in seen["happenings"] if each["kind"] == "approval"]
    assert [title.split(":")[0] for title in approvals] == ["到时限没有决定,审批失效"]
    assert [each["to"] for each in seen["happenings"] if each["kind"] == "notice"] == [["李强"]]


def test_it_is_saved_as_a_scenario_that_holds(company: Company) -> None:
    number = lead(company)
    admin = company.actor("admin")
    done = company.engine.slider.save(admin, "lead", number, "7d", "custom/scenario/lead_ahead.yaml")
    text = (company.folder / "custom/scenario/lead_ahead.yaml").read_text("utf-8")
    assert "name: lead_ahead\n" in text
    assert "13800138000" not in text, "personal values stay out of the file"
    assert done["saved"] == "custom/scenario/lead_ahead.yaml"
    from engine.api import Workbench

    results = Workbench(company.folder, company.engine._site.registry).test(["lead_ahead"])
    assert [problem.text() for problem in results[0]["problems"]] == []


def test_who_may_not_see_the_record_may_not_look_ahead(company: Company) -> None:
    number = lead(company)
    company.engine.create(SYSTEM, "user", {"login": "other", "name": "外人", "roles": ["sales"]})
    with pytest.raises(NotFound):
        company.engine.slider.look(company.actor("other"), "lead", number, "7d")
    with pytest.raises(Forbidden):
        company.engine.slider.save(company.actor("li"), "lead", number, "7d", "custom/scenario/x.yaml")


@pytest.mark.parametrize("span", ["soon", "0s", "2000d"])
def test_a_span_that_is_none_is_refused(company: Company, span: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        company.engine.slider.look(SYSTEM, "lead", lead(company), span)
    assert [problem.code for problem in refused.value.problems] == ["R160"]


@pytest.mark.parametrize("path", ["../out.yaml", "site.yaml", "custom/../site.yaml", "custom/x.txt", "/tmp/x.yaml"])
def test_a_scenario_is_saved_inside_custom_only(company: Company, path: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        company.engine.slider.save(SYSTEM, "lead", lead(company), "1d", path)
    assert [problem.code for problem in refused.value.problems] == ["R161"]

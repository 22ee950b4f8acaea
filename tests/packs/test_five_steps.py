"""The five steps cannot be skipped by any way in: the API's write, its transitions, a file, a rule."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import FlowloomError

STEPS = ("complete_first_call", "complete_diagnosis", "send_proposal", "book_demo", "sign")
NEXT = {"next_date": "2026-01-08", "next_time": "10:00", "next_subject": "上门看设备"}
FILLED: dict[str, dict[str, Any]] = {
    "complete_first_call": {"call_summary": "裂隙灯成像模糊，担心售后响应慢", **NEXT},
    "complete_diagnosis": {"current_situation": "用了八年", "main_problem": "模糊", "buying_plan": "三月采购"},
    "send_proposal": {
        "proposal_link": "https://files.example.com/p.pdf",
        "video_link": "https://video.example.com/v",
        "proposal_amount": 480000,
    },
    "book_demo": {"objection_type": "price", "objection_answer": "分期", "demo_at": "2026-01-12T14:00"},
    "sign": {"signed_amount": 460000},
}


@pytest.fixture
def lead(crm: SimpleNamespace) -> int:
    chain = {"industry": "eye", "revenue_range": "to_50m", "decision_role": "decider"}
    values = {"company": "明湖眼科", "owner": crm.ids["li"], **chain}
    return int(crm.engine.create(crm.people["yun"], "lead", values).record.id)


def _stage(crm: SimpleNamespace, lead: int) -> str:
    return str(crm.engine.get(crm.people["yun"], "lead", lead)["stage"])


def _try(crm: SimpleNamespace, lead: int, step: str) -> FlowloomError | None:
    try:
        crm.engine.transition(crm.people["li"], "lead", lead, step, FILLED[step])
    except FlowloomError as error:
        return error
    return None


@pytest.mark.parametrize("reached", range(5))
def test_every_other_step_is_refused_wherever_the_lead_stands(crm: SimpleNamespace, lead: int, reached: int) -> None:
    for step in STEPS[:reached]:
        assert _try(crm, lead, step) is None, step
    before = _stage(crm, lead)
    for step in STEPS[:reached] + STEPS[reached + 1 :]:
        refusal = _try(crm, lead, step)
        assert refusal is not None and "R077" in [problem.code for problem in refusal.problems], step
    assert _stage(crm, lead) == before
    assert _try(crm, lead, STEPS[reached]) is None


@pytest.mark.parametrize("state", ["called", "diagnosed", "proposed", "demo_booked", "won"])
def test_a_state_cannot_be_written_like_a_field(crm: SimpleNamespace, lead: int, state: str) -> None:
    with pytest.raises(FlowloomError) as refused:
        crm.engine.update(crm.people["yun"], "lead", lead, {"stage": state})
    assert [problem.field for problem in refused.value.problems] == ["stage"]
    with pytest.raises(FlowloomError):
        crm.engine.create(crm.people["yun"], "lead", {"company": "一来就签", "stage": state})
    assert _stage(crm, lead) == "new"


def test_a_file_cannot_bring_a_lead_in_further_along(crm: SimpleNamespace, tmp_path: Path) -> None:
    rows = "客户名称,阶段\n青禾口腔,new\n一来就签,won\n一来就诊断,diagnosed\n"
    (tmp_path / "leads.csv").write_text(rows, "utf-8")
    mapping = {"company": "客户名称", "stage": "阶段"}
    report = crm.engine.import_file(crm.people["yun"], tmp_path / "leads.csv", "lead", mapping=mapping)
    assert report.created == 1
    assert [(bad.row, bad.problems[0].field) for bad in report.bad] == [(3, "stage"), (4, "stage")]


def test_a_rule_cannot_take_a_short_cut(crm: SimpleNamespace, lead: int) -> None:
    outcome = crm.engine.update(crm.people["li"], "lead", lead, {"department": "直接签"})
    assert outcome.record["department"] == "直接签"  # what the person did stands, the rule's step does not
    assert _stage(crm, lead) == "new"
    assert any("short_cut" in str(warning) or "捷径" in warning.text("zh") for warning in outcome.warnings)


def test_a_refusal_says_everything_that_is_missing_in_both_languages(crm: SimpleNamespace, lead: int) -> None:
    with pytest.raises(FlowloomError) as refused:
        crm.engine.transition(crm.people["li"], "lead", lead, "complete_first_call")
    problems = refused.value.problems
    assert {"call_summary", "next_date", "next_time", "next_subject"} <= {problem.field for problem in problems}
    assert any("未填写通话摘要" in problem.what("zh") for problem in problems)
    assert any("pain point" in problem.what("en") for problem in problems)


def test_a_longer_limit_reaches_running_clocks_only_when_the_publisher_says_so(crm: SimpleNamespace, lead: int) -> None:
    from engine.api import Choices

    def due() -> dt.datetime:
        promise = next(p for p in crm.engine.get(crm.people["yun"], "lead", lead).promises if "lead_stage" in p["name"])
        return dt.datetime.fromisoformat(promise["due"])

    before = due()
    site = crm.folder / "site.yaml"
    site.write_text(site.read_text("utf-8").replace("first_call_limit: 4h", "first_call_limit: 8h"), "utf-8")
    plan = crm.engine.revisions.plan()
    assert any("明湖眼科" in str(clock) for clock in plan.clocks)
    with pytest.raises(FlowloomError) as asked:
        crm.engine.revisions.publish("旺季")
    assert [problem.code for problem in asked.value.problems] == ["M030"]
    crm.engine.revisions.publish("旺季", Choices(timers="keep", scenarios=False))
    assert due() == before
    site.write_text(site.read_text("utf-8").replace("first_call_limit: 8h", "first_call_limit: 6h"), "utf-8")
    published = crm.engine.revisions.publish("再改", Choices(timers="change", scenarios=False))
    assert published.retimed > 0
    # 9:00 plus six working hours: three in the morning, three from 13:30
    assert due() == dt.datetime(2026, 1, 5, 8, 30, tzinfo=dt.UTC)

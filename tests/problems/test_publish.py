"""What a plan says and a publish asks, in its exact words."""

from __future__ import annotations

import pytest

from engine.api import Choices
from engine.errors import FlowloomError
from engine.facts import SYSTEM
from tests.company import SITE, Company

VISIT = """\
kind: entity
name: visit
label: {zh: 拜访, en: Visit}
fields:
  who: {type: text, label: {zh: 谁, en: Who}}
---
kind: state_machine
name: visit_stage
label: {zh: 拜访进度, en: Visit stage}
entity: visit
field: stage
initial: planned
states:
  planned: {label: {zh: 已约, en: Planned}}
  travelling: {label: {zh: 在路上, en: Travelling}}
  done: {label: {zh: 已完成, en: Done}, final: true}
transitions:
  leave: {label: {zh: 出发, en: Leave}, from: planned, to: travelling}
  finish: {label: {zh: 完成, en: Finish}, from: travelling, to: done}
"""
SHORTER = (
    VISIT.replace("  travelling: {label: {zh: 在路上, en: Travelling}}\n", "")
    .replace("  leave: {label: {zh: 出发, en: Leave}, from: planned, to: travelling}\n", "")
    .replace("from: travelling", "from: planned")
)
SCENARIO = """\
kind: scenario
name: never_true
label: {zh: 不成立, en: Never true}
given: {users: {ann: {role: admin}}}
steps:
  - create: {visit: v, who: 周}
    expect: {record: {v: {who: 吴}}}
"""


def refused(company: Company, choices: Choices) -> list[str]:
    with pytest.raises(FlowloomError) as error:
        company.engine.revisions.publish("", choices)
    return [problem.line() for problem in error.value.problems]


@pytest.fixture
def travelling(company: Company) -> Company:
    """A visit that is under way, and a folder in which that state is gone."""
    file = company.folder / "custom/visit.yaml"
    file.write_text(VISIT, "utf-8")
    company.engine.revisions.publish("")
    visit = company.engine.create(SYSTEM, "visit", {"who": "周"}).record
    company.engine.transition(SYSTEM, "visit", visit.id, "leave")
    file.write_text(SHORTER, "utf-8")
    return company


def test_m031_and_m032_a_state_that_goes_away(travelling: Company) -> None:
    asked = (
        "M031 状态「在路上」(visit_stage.travelling)被去掉,但还有 1 条记录在里面"
        " -> 用 --move visit_stage.travelling=新状态 说明它们去哪里"
    )
    assert refused(travelling, Choices()) == [asked]
    wrong = Choices(moves={"visit_stage.travelling": "nowhere"})
    assert refused(travelling, wrong) == ["M032 --move 里的 visit_stage.nowhere 不存在"]


def test_m030_running_clocks_are_a_question(company: Company) -> None:
    company.lead()
    (company.folder / "site.yaml").write_text(SITE + "parameters: {first_call_limit: 8h}\n", "utf-8")
    assert refused(company, Choices()) == [
        "M030 有 1 个正在走的计时会因为新时限而改变(锐视光学) -> 用 --timers change 让在途的也按新时限,或 --timers keep 只对新记录生效"
    ]


def test_m033_a_scenario_of_ones_own_that_fails_stops_the_publish(company: Company) -> None:
    (company.folder / "custom/visit.yaml").write_text(VISIT, "utf-8")
    (company.folder / "custom/never.yaml").write_text(SCENARIO, "utf-8")
    first, *rest = refused(company, Choices())
    assert first == (
        "M033 有 1 个场景没有通过(never_true),没有发布 -> 运行 flowloom test 看细节;确实要发布,加上 --skip-scenarios"
    )
    assert rest[0].startswith("custom/never.yaml:6:5 S001 v.who:应为 吴,实际是 周")
    assert company.engine.revisions.publish("", Choices(scenarios=False)).number == 2


def test_a_plan_is_read_as_sentences(company: Company) -> None:
    """M034 new, M035 gone, M036 changed, M037 a clock, M038 a parameter."""
    company.lead()
    file = company.folder / "custom/visit.yaml"
    file.write_text(VISIT, "utf-8")
    added = company.engine.revisions.plan().text()
    assert "拜访(visit)" in added and "新增" in added
    company.engine.revisions.publish("")
    file.write_text(VISIT.replace("zh: 谁,", "zh: 拜访对象,"), "utf-8")
    changed = company.engine.revisions.plan().text()
    assert "谁" in changed and "→" in changed and "拜访对象" in changed
    file.unlink()
    (company.folder / "site.yaml").write_text(SITE + "parameters: {first_call_limit: 8h}\n", "utf-8")
    plan = company.engine.revisions.plan()
    text = plan.text()
    assert "去掉" in text
    assert "参数「首通电话时限（工作时间）」: 4h → 8h" in text
    assert "锐视光学: 待首通 由" not in text
    assert "影响 1 条记录上的 1 个计时:" in text
    assert plan.clock_sentences("zh") == ["锐视光学的「待首通」由 01-05 14:30 改到 01-06 09:30"]
    english = plan.text("en")
    assert "Parameter" in english and "4h → 8h" in english

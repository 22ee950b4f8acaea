"""What is in flight when its rule changes: told in the plan, chosen by the publisher, put back by one rollback."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api import Choices, Engine
from engine.clock import VirtualClock
from engine.errors import Refused
from engine.facts import SYSTEM
from tests.company import Company, found

VISIT = """\
kind: entity
name: visit
label: {zh: 拜访, en: Visit}
title: "{{ who }}"
fields:
  who: {type: text, label: {zh: 谁, en: Who}}
  note: {type: text, label: {zh: 备注, en: Note}}
---
kind: state_machine
name: visit_stage
label: {zh: 拜访进度, en: Visit stage}
entity: visit
field: stage
initial: planned
states:
  planned: {label: {zh: 已约, en: Planned}}
  travelling: {label: {zh: 在路上, en: Travelling}, within: 4h}
  there: {label: {zh: 到了, en: There}, within: 8h}
  done: {label: {zh: 已完成, en: Done}, final: true}
transitions:
  leave: {label: {zh: 出发, en: Leave}, from: planned, to: travelling}
  arrive: {label: {zh: 到达, en: Arrive}, from: travelling, to: there}
  finish: {label: {zh: 完成, en: Finish}, from: [planned, there], to: done, approve: {by: {role: sales_manager}}}
"""
FOLLOW = """\
kind: trigger
name: follow_up
label: {zh: 回访, en: Follow up}
when: {event: created, entity: visit}
do:
  - wait: 2h
  - set: {note: 旧的}
"""
LONGER = FOLLOW.replace("wait: 2h", "wait: 5h").replace("旧的", "新的")
THANKS = """\
kind: trigger
name: thanks
label: {zh: 道谢, en: Thanks}
when: {event: created, entity: visit}
do:
  - wait: 1d
  - set: {note: 谢谢}
"""
#: Without the state on the way, another role asked, another deadline, no thanks, and a longer wait.
AFTER = {
    "visit": VISIT.replace("  travelling: {label: {zh: 在路上, en: Travelling}, within: 4h}\n", "")
    .replace("  leave: {label: {zh: 出发, en: Leave}, from: planned, to: travelling}\n", "")
    .replace("from: travelling", "from: planned")
    .replace("role: sales_manager", "role: admin")
    .replace("within: 8h", "within: 6h"),
    "follow": LONGER,
}


#: No packs: a publish takes a moment, and there are many here.
BARE = "name: bare\ntimezone: Asia/Shanghai\n"
ROLES = "---\n".join(f"kind: role\nname: {name}\nlabel: {name}\n" for name in ("sales_manager", "sales"))


@pytest.fixture
def company(tmp_path: Path, clock: VirtualClock, registry: Any) -> Iterator[Company]:
    """The first revision of these visits runs."""
    made = started(tmp_path / "site", clock, registry)
    yield made
    made.engine.close()


@pytest.fixture
def company_on_each(tmp_path: Path, clock: VirtualClock, registry: Any, database_url: str) -> Iterator[Company]:
    """The same on each database in turn."""
    made = started(tmp_path / "site", clock, registry, database_url)
    yield made
    made.engine.close()


def started(folder: Path, clock: VirtualClock, registry: Any, url: str | None = None) -> Company:
    files(folder, visit=VISIT, follow=FOLLOW, thanks=THANKS)
    return found(folder, clock, registry, url, BARE)


def files(folder: Path, **texts: str) -> None:
    """The folder as it is from now on."""
    custom = folder / "custom"
    custom.mkdir(parents=True, exist_ok=True)
    for path in custom.glob("*.yaml"):
        path.unlink()
    for name, text in {"roles": ROLES, **texts}.items():
        (custom / f"{name}.yaml").write_text(text, "utf-8")


def write(company: Company, **texts: str) -> None:
    files(company.folder, **texts)


def visit(company: Company, who: str, *steps: str) -> int:
    made = company.engine.create(SYSTEM, "visit", {"who": who}).record
    for step in steps:
        company.engine.transition(SYSTEM, "visit", made.id, step)
    company.engine.runs.work()
    return int(made.id)


def later(company: Company, **span: float) -> None:
    company.clock.advance(dt.timedelta(**span))
    company.engine.tick()
    company.engine.runs.work()


def publish(company: Company, **choices: Any) -> Any:
    return company.engine.revisions.publish("", Choices(scenarios=False, **choices))


def refused(company: Company, **choices: Any) -> list[str]:
    with pytest.raises(Refused) as error:
        publish(company, **choices)
    return [problem.code for problem in error.value.problems]


def lines(company: Company, **choices: Any) -> list[str]:
    with pytest.raises(Refused) as error:
        publish(company, **choices)
    return [problem.line() for problem in error.value.problems]


def note(company: Company, id: int) -> Any:
    return company.engine.get(SYSTEM, "visit", id).values["note"]


#: Everything that is in flight: what a publish may touch and going back must put as it was.
IN_FLIGHT = (
    'SELECT id, "trigger", state, revision, progress FROM fl_runs ORDER BY id',
    "SELECT id, state, due, attempts FROM fl_jobs ORDER BY id",
    "SELECT name, step, record, due, data FROM fl_timers WHERE state IN ('waiting', 'paused') ORDER BY name, record, due",
    "SELECT id, state, name, record FROM fl_approvals WHERE state = 'open' ORDER BY id",
    "SELECT id, who, stage FROM visit ORDER BY id",
)


def in_flight(company: Company) -> list[Any]:
    with company.engine._site.database.read() as connection:
        return [connection.execute(text) for text in IN_FLIGHT]


def test_x6_one_undo_puts_runs_clocks_approvals_and_records_as_they_were(
    company_on_each: Company,
) -> None:
    company = company_on_each
    on_the_way, there = visit(company, "周", "leave"), visit(company, "吴", "leave", "arrive")
    asked = visit(company, "郑")
    company.engine.transition(SYSTEM, "visit", asked, "finish")
    later(company, minutes=30)
    before = in_flight(company)
    write(company, **AFTER)

    plan = company.engine.revisions.plan()
    told = {one["trigger"]: one for one in plan.json()["runs"]}
    assert {name: (one["how"], one["count"], one["movable"]) for name, one in told.items()} == {
        "follow_up": ("changed", 3, 3),
        "thanks": ("removed", 3, 0),
    }
    assert [one["title"] for one in told["follow_up"]["items"]] == ["周", "吴", "郑"]
    assert [(one["name"], one["count"]) for one in plan.json()["approvals"]] == [("visit_stage.finish", 1)]
    assert "规则「回访」改了,还有 3 次运行没有做完(3 次在等待):周、吴、郑" in plan.text()
    assert "The rule Thanks goes away" in plan.text("en")
    assert "触发器「回访(follow_up)」的 做 › 第 1 项 › 等待 › 多久: 2h → 5h" in plan.text()
    assert refused(company) == ["M031", "M030", "M040", "M040", "M042"]
    assert in_flight(company) == before

    done = publish(
        company,
        timers="change",
        moves={"visit_stage.travelling": "there"},
        runs={"follow_up": "change", "thanks": "stop"},
        approvals={"*": "change"},
    )
    assert done.carried == {"retimed": 1, "moved": 1, "runs.changed": 3, "runs.stopped": 3, "approvals.asked": 1}
    assert company.engine.get(SYSTEM, "visit", on_the_way)["stage"] == "there"
    promised = {
        one["name"] for one in company.engine.get(SYSTEM, "visit", on_the_way).promises if one["state"] == "running"
    }
    assert promised == {"visit_stage.there"}
    assert company.engine.approvals.mine(company.actor("admin"))["to_decide"][0]["title"] == "郑 · 完成"
    assert company.engine.approvals.mine(company.actor("zhao"))["to_decide"] == []

    # Somebody looks at the runs meanwhile; nothing is due.
    company.engine.runs.work()
    back = company.engine.revisions.plan(1).json()
    assert back["back"] == {"record": 1, "timer": 3, "run": 6, "approval": 2, "gone": 0}
    assert (back["runs"], back["approvals"], back["clocks"], back["leaving"]) == ([], [], [], [])
    undone = company.engine.revisions.rollback(1)
    assert undone.carried == {"undone.record": 1, "undone.timer": 3, "undone.run": 6, "undone.approval": 2}
    assert in_flight(company) == before
    assert company.engine.health.audit()["ok"]
    later(company, hours=2)
    assert note(company, there) == "旧的"
    later(company, days=1)
    assert note(company, there) == "谢谢"


def test_x6_a_run_left_alone_finishes_by_the_steps_it_began_with_even_of_a_rule_that_is_gone(company: Company) -> None:
    id = visit(company, "周")
    write(company, visit=VISIT)
    done = publish(company, runs={"*": "keep"})
    assert done.carried == {"runs.kept": 2}
    assert done.told("zh") == ["2 次运行按旧步骤做完"]
    later(company, hours=2)
    assert note(company, id) == "旧的"
    other = visit(company, "吴")
    later(company, days=2)
    assert (note(company, id), note(company, other)) == ("谢谢", None)


def test_x6_a_run_goes_on_by_the_new_steps_from_where_it_stands(company: Company) -> None:
    id = visit(company, "周")
    later(company, hours=1)
    write(company, visit=VISIT, follow=LONGER, thanks=THANKS)
    publish(company, runs={"*": "change"})
    later(company, hours=2)
    assert note(company, id) is None
    # Five hours from when it began to wait, not from the publish.
    later(company, hours=2)
    assert note(company, id) == "新的"


def test_x6_what_has_gone_on_since_the_publish_stays_and_is_counted(company: Company) -> None:
    id = visit(company, "周")
    write(company, visit=VISIT, follow=LONGER, thanks=THANKS)
    publish(company, runs={"follow_up": "change"})
    later(company, hours=6)
    assert note(company, id) == "新的"
    plan = company.engine.revisions.plan(1)
    assert plan.json()["back"] == {"gone": 1}
    assert plan.text().splitlines()[-1] == "有 1 处在发布之后又动过,维持现状"  # M047
    assert company.engine.revisions.rollback(1).carried == {"undone.gone": 1}
    assert note(company, id) == "新的"


def test_x6_going_back_and_forth_ends_where_each_revision_left_it(company: Company) -> None:
    visit(company, "周")
    write(company, visit=VISIT, thanks=THANKS)
    publish(company, runs={"follow_up": "stop"})
    stopped = in_flight(company)[1:]
    company.engine.revisions.rollback(1)
    company.engine.revisions.rollback(2)
    assert in_flight(company)[1:] == stopped
    company.engine.revisions.rollback(1)
    later(company, hours=2)
    assert [run["state"] for run in company.engine.runs.listed(SYSTEM, trigger="follow_up")] == ["done"]


def test_x6_a_rule_that_is_only_renamed_asks_nothing(company: Company) -> None:
    visit(company, "周")
    write(company, visit=VISIT, follow=f"# moved\n\n{FOLLOW.replace('回访', '回头看')}", thanks=THANKS)
    assert publish(company).carried == {}


def test_m040_to_m047_questions_and_answers_in_their_exact_words(company: Company) -> None:
    visit(company, "周")
    asked = visit(company, "郑")
    company.engine.transition(SYSTEM, "visit", asked, "finish")
    write(company, visit=VISIT.replace("role: sales_manager", "role: admin"), follow=LONGER, thanks=THANKS)
    assert lines(company) == [
        "M040 规则「回访」改了,还有 2 次运行没有做完(2 次在等待):周、郑 -> 用 --runs follow_up=keep 按旧步骤做完,"
        "change 按新步骤接着做,stop 停下",
        "M042 「完成」的审批规则改了,还有 1 个审批没有结果:郑 · 完成 -> 用 --approvals visit_stage.finish=keep 仍由原来的人决定,"
        "change 按新规则重新请人,stop 作废",
    ]
    off = FOLLOW.replace("do:", "enabled: false\ndo:")
    write(company, visit=VISIT.replace("  finish:", "  close:"), follow=off, thanks=THANKS)
    assert lines(company, runs={"follow_up": "change"}) == [
        "M041 规则「回访」停用了,没有新的步骤可以接着做 -> 用 --runs follow_up=keep 让它们做完,或 --runs follow_up=stop 让它们停下"
    ]
    assert lines(company, runs={"follow_up": "perhaps"}) == [
        "M043 --runs 里的「follow_up=perhaps」看不懂,可以用 keep、change、stop"
    ]
    assert lines(company, runs={"follow_up": "keep"}, approvals={"visit_stage.finnish": "stop"}) == [
        "M044 --approvals 里的「visit_stage.finnish」没有在途的东西要决定 -> 是否想写 visit_stage.finish? 运行 flowloom plan 看要决定的有哪些"
    ]
    told = company.engine.revisions.plan().text().splitlines()
    assert told[-1] == "「完成」办不了了,1 个等着的审批会作废:郑 · 完成"  # M045
    assert publish(company, runs={"*": "stop"}).carried == {"runs.stopped": 2, "approvals.void": 1}
    company.engine.runs.work()
    told = company.engine.revisions.plan(1).text().splitlines()
    assert told[-1] == "退回会放回原样:2 次运行、1 个审批"  # M046
    english = company.engine.revisions.plan(1).text("en").splitlines()
    assert english[-1] == "Going back puts these as they were: 2 runs, 1 approval"


ASKING = """\
kind: trigger
name: discount
label: {zh: 折扣, en: Discount}
when: {event: created, entity: visit}
do:
  - approve: {by: {role: sales_manager}, for: 折扣}
  - set: {note: 同意}
"""


def test_x6_a_question_of_a_run_follows_its_step_and_ends_with_its_run(company: Company) -> None:
    write(company, visit=VISIT, ask=ASKING)
    publish(company)
    first = visit(company, "周")
    # The same step on another line: the people who were asked need not be asked again.
    write(company, visit=VISIT, ask=ASKING.replace("do:", "do:\n  - set: {who: =who}").replace("同意", "好"))
    assert publish(company, runs={"*": "change"}).carried == {"runs.changed": 1}
    zhao = company.actor("zhao")
    asked = [one["id"] for one in company.engine.approvals.mine(zhao)["to_decide"]]
    assert len(asked) == 1
    company.engine.approvals.decide(zhao, asked[0], "approve")
    company.engine.runs.work()
    assert note(company, first) == "好"
    visit(company, "吴")
    write(company, visit=VISIT)
    assert "(1 次在等审批)" in company.engine.revisions.plan().text()
    assert publish(company, runs={"*": "stop"}).carried == {"runs.stopped": 1}
    assert company.engine.approvals.mine(zhao)["to_decide"] == []
    assert company.engine.revisions.rollback(3).carried == {"undone.run": 1, "undone.approval": 1}
    assert len(company.engine.approvals.mine(zhao)["to_decide"]) == 1


def test_x6_an_approval_of_a_transition_that_is_gone_is_called_off_and_comes_back(company: Company) -> None:
    id = visit(company, "周")
    company.engine.transition(SYSTEM, "visit", id, "finish")
    write(company, visit=VISIT.replace("  finish:", "  close:"), follow=FOLLOW, thanks=THANKS)
    assert "「完成」办不了了,1 个等着的审批会作废" in company.engine.revisions.plan().text()
    assert publish(company).carried == {"approvals.void": 1}
    company.engine.revisions.rollback(1)
    waiting = company.engine.approvals.mine(company.actor("zhao"))["to_decide"]
    company.engine.approvals.decide(company.actor("zhao"), waiting[0]["id"], "approve")
    assert company.engine.get(SYSTEM, "visit", id)["stage"] == "done"


def test_x6_a_kept_run_of_a_rule_that_is_gone_still_hears_of_its_record(company: Company) -> None:
    until = FOLLOW.replace("wait: 2h", "wait: {until: \"who == '吴'\"}")
    write(company, visit=VISIT, follow=until)
    publish(company)
    id = visit(company, "周")
    write(company, visit=VISIT)
    publish(company, runs={"*": "keep"})
    company.engine.update(SYSTEM, "visit", id, {"who": "吴"})
    company.engine.runs.work()
    assert note(company, id) == "旧的"
    with Engine.open(company.folder, clock=company.clock, database=company.engine._site.database.url) as other:
        assert other._site.watched == {"visit"}

"""Waiting, modes and scenarios of durable runs, in virtual time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.terms import Step
from engine.model.trigger import Trigger, When
from engine.runtime import course, scenario
from engine.runtime.frozen import freeze, thaw
from engine.runtime.worker import drain
from tests.engine.runtime.stage import Stage
from tests.engine.runtime.test_run import SITE, Away, crew, states, trace


def rule(steps: str, when: str = "{event: created, entity: lead}", more: str = "") -> str:
    return f"""
---
kind: trigger
name: order
when: {when}
{more}
do:
{steps}
"""


def test_a_wait_ends_when_its_time_has_come_and_not_before() -> None:
    stage = Stage(SITE + rule("  - wait: 2h\n  - set: {note: 到了}"))
    lead = stage.create("lead", company="锐视光学")
    stage.advance(hours=1, minutes=59)
    assert stage.get("lead", lead.id)["note"] is None
    stage.advance(minutes=1)
    assert stage.get("lead", lead.id)["note"] == "到了"
    assert trace(stage) == [("0", "waiting", "wait"), ("0", "done", "wait"), ("1", "done", "set")]


UNTIL = """\
  - id: answer
    wait: {until: "stage == 'called'", timeout: 2d}
  - set: {note: "=steps.answer.result"}"""


def test_a_wait_for_a_condition_ends_at_the_change_that_fulfils_it() -> None:
    stage = Stage(SITE + rule(UNTIL))
    lead = stage.create("lead", company="锐视光学")
    drain(crew(stage))
    stage.update(stage.get("lead", lead.id), count=1)
    drain(crew(stage))
    assert states(stage) == ["waiting"]
    stage.update(stage.get("lead", lead.id), stage="called")
    assert drain(crew(stage)) == 1
    assert stage.get("lead", lead.id)["note"] == "happened"


def test_a_wait_for_a_condition_ends_with_its_timeout() -> None:
    stage = Stage(SITE + rule(UNTIL))
    lead = stage.create("lead", company="锐视光学")
    stage.advance(days=1, hours=23, minutes=59)
    assert stage.get("lead", lead.id)["note"] is None
    stage.advance(minutes=1)
    assert stage.get("lead", lead.id)["note"] == "timed_out"


def test_a_condition_that_time_alone_fulfils_is_noticed_within_the_hour() -> None:
    stage = Stage(SITE + rule('  - wait: {until: "hours_since(created_at) >= 5"}\n  - set: {note: 到了}'))
    lead = stage.create("lead", company="锐视光学")
    stage.advance(hours=6)
    assert stage.get("lead", lead.id)["note"] == "到了"


def test_a_wait_until_an_instant_follows_the_record() -> None:
    site = SITE.replace("  owner: {type: user}", "  owner: {type: user}\n  promised: {type: datetime}")
    stage = Stage(site + rule('  - wait: {until: "promised"}\n  - set: {note: 到了}'))
    lead = stage.create("lead", company="锐视光学", promised=stage.clock.now() + dt.timedelta(hours=2))
    stage.advance(hours=1)
    stage.update(stage.get("lead", lead.id), promised=stage.clock.now() + dt.timedelta(hours=3))
    stage.advance(hours=2, minutes=30)
    assert stage.get("lead", lead.id)["note"] is None
    stage.advance(hours=1)
    assert stage.get("lead", lead.id)["note"] == "到了"


def test_fault_091_a_late_wait_goes_on_once_marked_late_and_a_clock_put_back_refires_nothing() -> None:
    stage = Stage(SITE + rule("  - wait: 1h\n  - call: {connection: erp}"))
    stage.create("lead", company="锐视光学")
    away = Away()
    worker = crew(stage, away)
    drain(worker)
    stage.clock.advance(dt.timedelta(hours=6))
    drain(worker)
    stage.clock.advance(-dt.timedelta(hours=3))
    drain(worker)
    stage.clock.advance(dt.timedelta(hours=9))
    drain(worker)
    assert len(away.sent) == 1 and states(stage) == ["done"]
    about = stage.rows("SELECT data FROM fl_traces WHERE kind = 'step' AND name = '0' AND result = 'done'")
    assert '"late":18000' in about[0][0]


def test_cancel_if_ends_a_waiting_run_at_the_change_that_makes_it_pointless() -> None:
    stage = Stage(SITE + rule("  - wait: 2d\n  - set: {note: 催一下}", more="cancel_if: \"stage == 'won'\""))
    lead = stage.create("lead", company="锐视光学")
    drain(crew(stage))
    stage.update(stage.get("lead", lead.id), stage="won")
    drain(crew(stage))
    assert states(stage) == ["cancelled"]
    stage.advance(days=3)
    assert stage.get("lead", lead.id)["note"] is None


def test_a_run_about_a_deleted_record_ends() -> None:
    stage = Stage(SITE + rule("  - wait: 2d\n  - call: {connection: erp}"))
    lead = stage.create("lead", company="锐视光学")
    drain(crew(stage))
    stage.do(lambda context: context.delete("lead", lead.id))
    stage.advance(days=3)
    assert states(stage) == ["cancelled"]


MODES = {
    "single": (["waiting", "skipped"], ["one"]),
    "restart": (["cancelled", "waiting"], ["two"]),
    "queued": (["waiting", "queued"], ["one", "two"]),
    "parallel": (["waiting", "waiting"], ["one", "two"]),
}


@pytest.mark.parametrize("mode", MODES)
def test_modes_say_what_a_second_start_for_one_record_does(mode: str) -> None:
    steps = '  - wait: 1h\n  - call: {connection: erp, json: "=event.what"}'
    text = rule(steps, "{event: changed, entity: lead, fields: [note]}", f"mode: {mode}")
    stage = Stage(SITE + text.replace("=event.what", "=old.note or 'first'"))
    lead, other = stage.create("lead", company="锐视光学"), stage.create("lead", company="另一家")
    stage.update(lead, note="one")
    drain(crew(stage))
    stage.update(stage.get("lead", lead.id), note="two")
    wanted, ran = MODES[mode]
    assert states(stage) == wanted
    stage.update(other, note="x")
    assert states(stage)[-1] == "waiting", "another record is another matter"
    away = Away()
    for _ in range(4):
        stage.clock.advance(dt.timedelta(hours=1))
        drain(crew(stage, away))
    assert [key for _, key in away.sent if not key.startswith("run:3")] == [
        f"run:{['one', 'two'].index(name) + 1}:1" for name in ran
    ]
    assert "waiting" not in states(stage) and "queued" not in states(stage)


def test_branch_and_each_with_outside_steps_are_unfolded_and_gone_through_one_by_one() -> None:
    steps = """\
  - branch:
      if: "count > 0"
      then:
        - each:
            of: lead
            where: "id != lead.id"
            do:
              - call: {connection: erp, path: "/{{ company }}"}
              - set: {note: 问过了}
        - set: {note: 都问过了}
      else: [{set: {note: 不用问}}]
  - set: {stage: 完}"""
    stage = Stage(SITE + rule(steps, "{event: changed, entity: lead, fields: [count]}"))
    leads = [stage.create("lead", company=name) for name in ("甲", "乙", "丙")]
    stage.update(leads[0], count=1)
    away = Away({"status": 200}, RuntimeError("boom"))
    drain(crew(stage, away))
    assert [stage.get("lead", each.id)["note"] for each in leads] == [None, "问过了", None]
    stage.clock.advance(dt.timedelta(minutes=2))
    drain(crew(stage, away))
    assert [key for _, key in away.sent] == ["run:1:0.then.0.do#2.0", "run:1:0.then.0.do#3.0", "run:1:0.then.0.do#3.0"]
    assert [stage.get("lead", each.id)["note"] for each in leads] == ["都问过了", "问过了", "问过了"]
    assert stage.get("lead", leads[0].id)["stage"] == "完"


def test_two_durable_rules_in_a_circle_are_stopped_at_twenty_hops() -> None:
    ping = """
---
kind: trigger
name: ping
when: {event: changed, entity: lead, fields: [count]}
do: [{wait: 1s}, {set: {count: "=count + 1"}}]
"""
    stage = Stage(SITE + ping)
    lead = stage.create("lead", company="锐视光学")
    stage.update(lead, count=1)
    stage.advance(hours=1)
    assert states(stage).count("done") == 20 and states(stage)[-1] == "stopped"


SCENARIO = """
---
kind: scenario
name: asks_the_erp
given: {users: {li: {role: sales}}}
steps:
  - create: {lead: l1, company: 锐视光学, budget: 7}
    expect: {sent: []}
  - advance: 2h
    expect: {sent: [{via: erp, path: /orders, json: {company: 锐视光学}}], record: {l1: {note: 已下单}}}
  - advance: 2h
    expect: {sent: []}
"""


def test_a_scenario_drives_durable_runs_and_nothing_leaves_the_process() -> None:
    text = rule(
        '  - wait: 1h\n  - call: {connection: erp, path: /orders, json: {company: "=company"}}\n  - set: {note: 已下单}'
    )
    stage = Stage(SITE + text + SCENARIO)
    found = scenario.run(stage.manifest, stage.parts.registry, stage.manifest.scenarios["asks_the_erp"])
    assert found.problems == ()
    wrong = Stage(SITE + text + SCENARIO.replace("path: /orders", "path: /other"))
    found = scenario.run(wrong.manifest, wrong.parts.registry, wrong.manifest.scenarios["asks_the_erp"])
    assert [problem.code for problem in found.problems] == ["S001"] and "/orders" in found.problems[0].what()


CRON = """
---
kind: trigger
name: order
when: {event: schedule, cron: "0 * * * *", missed: %s}
do: [{create: {entity: lead, set: {company: 整点}}}]
"""


@pytest.mark.parametrize(("missed", "count"), [("run_last", 1), ("run_all", 5), ("skip", 0)])
def test_fault_091_times_that_passed_while_nothing_ran_are_run_as_the_rule_says(missed: str, count: int) -> None:
    from engine.runtime import scheduler

    stage = Stage(SITE + CRON % missed)
    stage.do(scheduler.arm)
    stage.clock.advance(dt.timedelta(hours=5, minutes=20))
    scheduler.fire_due(stage.parts, stage.database)
    assert len(stage.find("lead")) == count
    stage.advance(minutes=40)
    assert len(stage.find("lead")) == count + 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20) | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates() | st.times() | st.timedeltas() | st.datetimes(timezones=st.just(dt.UTC), min_value=dt.datetime(1900, 1, 1))
    | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple)
    | st.dictionaries(st.text(max_size=5) | st.just("~"), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_what_a_run_knows_comes_back_from_json_as_it_was(value: Any) -> None:
    import orjson

    assert thaw(orjson.loads(orjson.dumps(freeze(value)))) == value


def step(*inner: Step) -> Step:
    return Step("each" if inner else "set", {"of": "lead", "do": inner} if inner else {"x": 1})


TREES = st.recursive(
    st.builds(step), lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda found: step(*found)), max_leaves=8
)


def plain(steps: tuple[Step, ...], many: int) -> int:
    """How many plain steps are done, counted by hand."""
    return sum(many * plain(each.params["do"], many) if each.action == "each" else 1 for each in steps)


@settings(max_examples=100, deadline=None)
@given(st.lists(TREES, min_size=1, max_size=4), st.integers(0, 3))
def test_the_course_passes_every_step_as_often_as_it_should_and_no_place_twice(trees: list[Step], many: int) -> None:
    made = Trigger(name="t", when=When(event="created"), do=tuple(trees))
    stack, records, seen = course.START, {}, []
    while stack:
        found = course.step_at(made, stack)
        assert found is not None
        path = course.path_of(stack, records)
        if found.action == "each":
            records[path] = list(range(100, 100 + many))
            stack = course.into(made, stack, "do", "lead", many)
        else:
            seen.append(path)
            stack = course.after(made, course.thaw([frame.json() for frame in stack]))
    assert len(seen) == len(set(seen)) == plain(made.do, many)

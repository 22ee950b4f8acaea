"""Promises: started, warned, broken, kept, paused, moved; and clocks that jump."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engine.facts import Event, Timer
from engine.runtime import scheduler, sla
from engine.runtime.context import Parts
from engine.store.encode import micros
from tests.engine.runtime.stage import MONDAY, Stage

SITE = """
kind: role
name: sales
inherits: [staff]
can: {lead: {read: true, create: true, update: true}}
---
kind: pack
name: tuned
version: "1.0.0"
parameters: {window: {type: duration, default: 2h, min: 15m, max: 24h}}
---
kind: entity
name: lead
title: "{{ company }}"
fields:
  company: {type: text}
  owner: {type: user}
  waiting: {type: yes_no, default: false}
  contacted_at: {type: datetime}
---
kind: state_machine
name: loop
entity: lead
field: stage
initial: new
states:
  new: {label: {zh: 待首通}, within: 4h, calendar: work_hours, warn_at: 75%}
  called: {}
transitions: {call: {from: new, to: called}}
---
kind: sla
name: golden
entity: lead
start: {event: assigned}
stop: {if: "contacted_at is not None"}
pause: {if: waiting}
target: "=param.window"
escalate:
  - {after: 0m, do: [{notify: {to: "=owner", title: "{{ company }} 超时"}}]}
  - {after: 15m, do: [{notify: {to: "=owner.manager", title: "{{ company }} 还没联系"}}]}
  - {after: 30m, do: [{set: {owner: "=owner.backup"}}]}
"""


def staged(**parameters: object) -> Stage:
    stage = Stage(SITE, **parameters)
    zhao = stage.user("zhao", "sales")
    wang = stage.user("wang", "sales")
    stage.user("li", "sales", manager=zhao.user, backup=wang.user)
    return stage


def states(stage: Stage, lead: int) -> dict[str, str]:
    found = stage.ask(lambda context: sla.promises(context, "lead", lead))
    return {each.name: each.state for each in found}


def test_three_steps_after_the_target_each_at_its_own_minute_and_the_new_owner_gets_the_whole_time() -> None:
    stage = staged()
    lead = stage.create("lead", company="锐视", owner=stage.people["li"])
    stage.advance(hours=2)
    assert stage.told() == ["li"]
    stage.advance(minutes=14)
    assert stage.told() == ["li"]
    stage.advance(minutes=1)
    assert stage.told() == ["li", "zhao"]
    stage.advance(minutes=15)
    assert stage.get("lead", lead.id)["owner"] == stage.people["wang"]
    assert states(stage, lead.id)["golden"] == "running"
    stage.advance(hours=2)
    assert stage.told() == ["li", "zhao", "wang"]


def test_a_promise_that_is_kept_fires_nothing() -> None:
    stage = staged()
    lead = stage.create("lead", company="锐视", owner=stage.people["li"])
    stage.advance(hours=1)
    stage.update(lead, contacted_at=stage.clock.now())
    stage.advance(hours=9)
    assert stage.told() == []
    assert states(stage, lead.id) == {"golden": "kept", "loop.new": "broken"}


def test_fault_093_a_pause_stops_the_clock_and_going_on_leaves_what_was_left() -> None:
    stage = staged()
    lead = stage.create("lead", company="锐视", owner=stage.people["li"])
    stage.advance(hours=1)
    lead = stage.update(lead, waiting=True)
    stage.advance(hours=20)
    assert (stage.told(), states(stage, lead.id)["golden"]) == ([], "paused")
    stage.update(lead, waiting=False)
    stage.advance(minutes=59)
    assert stage.told() == []
    stage.advance(minutes=1)
    assert stage.told() == ["li"]


def test_a_state_with_a_limit_warns_at_its_share_and_stops_when_it_is_left() -> None:
    stage = staged()
    lead = stage.create("lead", company="锐视")
    timers = stage.rows("SELECT step, due FROM fl_timers WHERE name = 'sla:loop.new' ORDER BY due")
    at = [dt.datetime.fromtimestamp(due / 1e6, dt.UTC) - MONDAY for _, due in timers]
    # 09:00 plus three and four working hours, lunch from 12:00 to 13:30.
    assert [(step, span) for (step, _), span in zip(timers, at, strict=True)] == [
        ("warn", dt.timedelta(hours=3)),
        ("due", dt.timedelta(hours=5, minutes=30)),
    ]
    stage.move(lead, "call")
    assert states(stage, lead.id) == {"loop.new": "kept"}


def test_a_deleted_record_has_no_timers_left() -> None:
    stage = staged()
    lead = stage.create("lead", company="锐视", owner=stage.people["li"])
    stage.do(lambda context: context.delete("lead", lead.id))
    assert stage.advance(hours=9) == 0


def test_fault_091_late_timers_fire_once_each_in_the_order_they_were_due() -> None:
    stage = staged()
    lead = stage.create("lead", company="锐视", owner=stage.people["li"])
    stage.clock.advance(dt.timedelta(hours=5))
    assert scheduler.fire_due(stage.parts, stage.database) == 4
    # The promise to the owner, both steps after it, and the warning of the state; the handing over starts a new clock.
    assert stage.told() == ["li", "zhao"]
    assert stage.get("lead", lead.id)["owner"] == stage.people["wang"]
    assert scheduler.fire_due(stage.parts, stage.database) == 0


def test_fault_091_a_clock_that_goes_back_fires_nothing_again() -> None:
    stage = staged()
    stage.create("lead", company="锐视", owner=stage.people["li"])
    stage.advance(hours=2)
    stage.clock.advance(-dt.timedelta(hours=1))
    assert scheduler.fire_due(stage.parts, stage.database) == 0
    stage.advance(hours=1)
    assert stage.told() == ["li"]


def test_a_late_timer_says_how_late_it_is() -> None:
    rule = """
---
kind: trigger
name: late
when: {event: sla_breached, entity: lead, sla: golden}
if: "event['late'] > 3600"
do: [{notify: {to: "=owner", title: 迟到}}]
"""
    stage = Stage(SITE + rule)
    li = stage.user("li", "sales")
    stage.create("lead", company="锐视", owner=li.user)
    stage.clock.advance(dt.timedelta(hours=4))
    scheduler.fire_due(stage.parts, stage.database)
    assert sorted(each["title"] for each in stage.find("notification")) == ["迟到", "锐视 超时"]


def test_a_tuned_target_moves_running_timers_as_the_publisher_chose() -> None:
    stage = staged()
    lead = stage.create("lead", company="锐视", owner=stage.people["li"])
    longer = Parts(
        stage.manifest, stage.parts.registry, stage.parts.schema, stage.parts.records, stage.clock,
        parameters={"window": dt.timedelta(hours=8)},
    )  # fmt: skip

    def plan(context: object) -> list[sla.Move]:
        new = type(context)(longer, context.connection)  # type: ignore[attr-defined, call-arg]
        return sla.moves(new, context)  # type: ignore[arg-type]

    found = stage.ask(plan)
    assert [(move.sla, move.record, move.new_due - move.due) for move in found] == [
        ("golden", lead.id, dt.timedelta(hours=6))
    ]
    stage.do(lambda context: sla.retime(context, found))
    stage.advance(hours=7)
    assert stage.told() == []
    stage.advance(hours=1)
    assert stage.told() == ["li"]


def test_fault_095_after_a_day_without_anybody_everything_due_fires_once_in_its_order_and_is_marked_late() -> None:
    stage = staged()
    leads = []
    for number in range(60):
        leads.append(stage.create("lead", company=f"单位{number}", owner=stage.people["li"]).id)
        stage.clock.advance(dt.timedelta(minutes=1))
    seen: list[tuple[int, str, float]] = []
    original = sla.fire

    def fire(context: Any, timer: Timer, emit: Any) -> None:
        def told(event: Event) -> None:
            seen.append((timer.record, event.name, event.data.get("late", 0.0)))
            emit(event)

        original(context, timer, told)

    stage.clock.advance(dt.timedelta(hours=24))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sla, "fire", fire)
        assert scheduler.fire_due(stage.parts, stage.database) > 0
        assert scheduler.fire_due(stage.parts, stage.database) == 0
    assert all(late > 3600 for _, _, late in seen)
    # The promise to the owner: one step for each lead, in the order they came.
    fired = stage.rows("SELECT record, step, fired_at, due FROM fl_timers WHERE state = 'fired' ORDER BY fired_at, id")
    assert [record for record, step, _, _ in fired if step == "warn"] == leads
    assert all(at >= due for _, _, at, due in fired)
    counts = stage.rows("SELECT record, name, step, COUNT(*) FROM fl_timers WHERE state = 'fired' GROUP BY 1, 2, 3")
    assert {count for *_, count in counts} == {1}
    assert all(stage.get("lead", lead)["owner"] == stage.people["wang"] for lead in leads)


def test_fault_091_a_clock_that_jumps_three_days_and_back_fires_everything_once() -> None:
    stage = staged()
    stage.create("lead", company="锐视", owner=stage.people["li"])
    stage.clock.advance(dt.timedelta(days=3))
    scheduler.fire_due(stage.parts, stage.database)
    fired = stage.rows("SELECT id FROM fl_timers WHERE state = 'fired'")
    told = stage.told()
    stage.clock.advance(-dt.timedelta(days=3))
    assert scheduler.fire_due(stage.parts, stage.database) == 0
    stage.advance(hours=4)
    assert stage.told() == told
    assert stage.rows("SELECT id FROM fl_timers WHERE state = 'fired'") == fired


def test_fault_092_a_promise_over_a_clock_change_counts_elapsed_time() -> None:
    before = dt.datetime(2026, 3, 28, 18, tzinfo=dt.UTC)  # the night in which Berlin's clocks skip an hour
    stage = Stage(SITE.replace('target: "=param.window"', "target: 24h"), clock=before)
    stage.user("zhao", "sales")
    li = stage.user("li", "sales")
    stage.create("lead", company="锐视", owner=li.user)
    rows = stage.rows("SELECT due FROM fl_timers WHERE name = 'sla:golden' AND step = 'due'")
    assert rows == [(micros(before + dt.timedelta(hours=24)),)]


STATE = """
kind: entity
name: lead
fields: {company: {type: text}, owner: {type: user}, note: {type: text}}
---
kind: sla
name: owned
entity: lead
start: {if: "owner is None"}
stop: {if: "owner is not None"}
target: 2h
"""


def test_a_state_of_things_is_promised_once_however_long_it_lasts_and_again_when_it_comes_back() -> None:
    stage = Stage(STATE)
    li = stage.user("li")
    lead = stage.create("lead", company="锐视")
    due = "SELECT COUNT(*) FROM fl_timers WHERE name = 'sla:owned'"
    stage.advance(hours=5)
    lead = stage.update(lead, note="还没人要")
    stage.advance(hours=5)
    assert (stage.rows(due), states(stage, lead.id)) == ([(1,)], {"owned": "broken"})
    lead = stage.update(lead, owner=li.user)
    lead = stage.update(lead, owner=None)
    assert (stage.rows(due), states(stage, lead.id)) == ([(2,)], {"owned": "running"})
    stage.update(lead, owner=li.user)
    assert states(stage, lead.id) == {"owned": "kept"}

"""Durable runs: what reaches outside or waits leaves the turn, goes on after anything, and happens once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pytest

from engine import said
from engine.errors import Conflict, Problem
from engine.facts import SYSTEM
from engine.plugins.slots import Undone
from engine.runtime.failing import revive
from engine.runtime.worker import LEASE, Worker, drain
from engine.store import jobs, runs
from tests.engine.runtime.stage import Stage

SITE = """
kind: entity
name: lead
label: {zh: 线索}
fields:
  company: {type: text, required: true}
  budget: {type: money}
  note: {type: text}
  stage: {type: text}
  count: {type: integer, default: 0}
  owner: {type: user}
---
kind: connection
name: erp
connector: http
settings: {url: "http://erp.example"}
"""


class Away:
    """An outside that does what the test says: each entry of ``plan`` is a result or an exception."""

    def __init__(self, *plan: Any) -> None:
        self.plan = list(plan)
        self.sent: list[tuple[Mapping[str, Any], str]] = []

    def deliver(self, plugin: Any, delivery: Mapping[str, Any], key: str) -> Any:
        self.sent.append((delivery, key))
        found = self.plan.pop(0) if self.plan else {"status": 200, "body": {}}
        if isinstance(found, BaseException):
            raise found
        return found() if callable(found) else found


def crew(stage: Stage, away: Any = None, **more: Any) -> Worker:
    return Worker(stage.database, lambda: stage.parts, way=lambda _: away or Away(), **more)


def states(stage: Stage) -> list[str]:
    return [state for (state,) in stage.rows("SELECT state FROM fl_runs ORDER BY id")]


def trace(stage: Stage, run: int = 1) -> list[tuple[str, str, str]]:
    """(path, result, step) of everything the run did."""
    found = stage.ask(lambda context: runs.steps(context.connection, run))
    return [(each.path, each.result, each.about.get("step", "")) for each in found]


CALL = """
---
kind: trigger
name: order
when: {event: created, entity: lead}
if: "budget is not None"
do:
  - set: {note: begun}
  - id: erp
    call: {connection: erp, path: "/orders/{{ id }}", json: {company: "=company", budget: "=budget"}}
  - set: {note: "=steps.erp.result.body.number", count: "=count + 1"}
"""


def test_a_rule_that_reaches_outside_leaves_its_turn_and_goes_on_after_the_commit() -> None:
    stage = Stage(SITE + CALL)
    lead = stage.create("lead", company="锐视光学", budget=12)
    assert lead["note"] is None and states(stage) == ["waiting"]
    away = Away({"status": 200, "body": {"number": "A-7"}})
    assert drain(crew(stage, away)) == 1
    assert stage.get("lead", lead.id)["note"] == "A-7"
    assert away.sent == [
        (
            {"connection": "erp", "method": "POST", "path": f"/orders/{lead.id}", "success": {},
             "json": {"company": "锐视光学", "budget": "12.0000"}},
            "run:1:1",
        )
    ]  # fmt: skip
    assert states(stage) == ["done"]
    assert trace(stage) == [("0", "done", "set"), ("1", "sent", "call"), ("2", "done", "set")]
    first = stage.ask(lambda context: runs.steps(context.connection, 1))[0]
    assert first.about["where"].startswith("custom/all.yaml:") and first.about["ms"] >= 0


def test_a_rule_whose_condition_does_not_hold_leaves_no_run() -> None:
    stage = Stage(SITE + CALL)
    stage.create("lead", company="没预算")
    assert states(stage) == []
    assert stage.rows("SELECT COUNT(*) FROM fl_jobs") == [(0,)]


def test_what_the_turn_takes_back_takes_its_run_back_too() -> None:
    stage = Stage(SITE + CALL)

    def work(context: Any) -> None:
        context.create("lead", {"company": "锐视光学", "budget": 1})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        stage.do(work)
    assert states(stage) == []


def test_fault_079_every_attempt_sends_the_same_under_the_same_key_with_backoff() -> None:
    stage = Stage(SITE + CALL)
    lead = stage.create("lead", company="锐视光学", budget=12)
    away = Away(
        Undone(Problem("R112", parameters={"reason": "timeout"})),
        Undone(Problem("R113", parameters={"status": 429, "answer": ""}), after=600),
        {"status": 200, "body": {"number": "A-7"}},
    )
    worker = crew(stage, away)
    drain(worker)
    stage.update(stage.get("lead", lead.id), company="改了名字")
    (due,) = stage.rows("SELECT due FROM fl_jobs")[0]
    wait = stage.ask(lambda c: jobs.get(c.connection, 1)).job.due - stage.clock.now()
    assert dt.timedelta(seconds=24) <= wait <= dt.timedelta(seconds=36), due
    stage.clock.advance(dt.timedelta(seconds=40))
    drain(worker)
    asked = stage.ask(lambda c: jobs.get(c.connection, 1)).job.due - stage.clock.now()
    assert asked == dt.timedelta(seconds=600)
    stage.clock.advance(dt.timedelta(seconds=601))
    drain(worker)
    assert (
        len({key for _, key in away.sent}) == 1
        and len({json.dumps(sent, sort_keys=True) for sent, _ in away.sent}) == 1
    )
    assert stage.get("lead", lead.id)["note"] == "A-7"
    assert [result for _, result, _ in trace(stage)] == ["done", "failed", "failed", "sent", "done"]


def test_fault_079_the_default_patience_is_three_days() -> None:
    stage = Stage(SITE + CALL)
    stage.create("lead", company="锐视光学", budget=12)
    away = Away(*[Undone(Problem("R113", parameters={"status": 503, "answer": ""})) for _ in range(40)])
    worker, begun = crew(stage, away), stage.clock.now()
    for _ in range(40):
        drain(worker)
        if states(stage) == ["failed"]:
            break
        due = stage.ask(lambda c: jobs.next_due(c.connection))
        stage.clock.move_to(due)
    spent = stage.clock.now() - begun
    assert dt.timedelta(hours=60) < spent < dt.timedelta(hours=96), spent


ERRORS = """
---
kind: trigger
name: order
when: {{event: created, entity: lead}}
retry: {{times: 1, wait: 10s}}
on_error: {how}
do:
  - set: {{note: begun}}
  - id: erp
    call: {{connection: erp}}
  - set: {{stage: "=steps.erp.error"}}
"""


def broken(*more: Any) -> Away:
    return Away(*[Undone(Problem("R112", parameters={"reason": "拒绝连接"})) for _ in range(2)], *more)


def fail_for_good(stage: Stage, away: Any) -> Worker:
    worker = crew(stage, away)
    drain(worker)
    stage.clock.advance(dt.timedelta(seconds=15))
    drain(worker)
    return worker


def test_on_error_stop_lays_the_run_where_a_person_sees_it_with_its_input() -> None:
    stage = Stage(SITE + ERRORS.format(how="stop"))
    lead = stage.create("lead", company="锐视光学")
    fail_for_good(stage, broken())
    assert states(stage) == ["failed"]
    assert stage.get("lead", lead.id)["note"] == "begun" and stage.get("lead", lead.id)["stage"] is None
    (dead,) = stage.ask(lambda c: jobs.listed(c.connection, "dead"))
    assert said.sentence(dead.error, "zh") == "对方没有回应:拒绝连接"
    kept = stage.ask(lambda c: runs.get(c.connection, 1))
    assert kept.progress["sending"]["deliveries"][0]["connection"] == "erp"
    assert kept.about["problems"][0]["code"] == "R112"


def test_on_error_continue_passes_the_step_over_and_its_error_can_be_asked() -> None:
    stage = Stage(SITE + ERRORS.format(how="continue"))
    lead = stage.create("lead", company="锐视光学")
    fail_for_good(stage, broken())
    assert states(stage) == ["done"]
    assert stage.get("lead", lead.id)["stage"] == "对方没有回应:拒绝连接"


def test_on_error_steps_are_done_instead_of_the_rest() -> None:
    stage = Stage(SITE + ERRORS.format(how="[{set: {stage: 转人工}}, {call: {connection: erp, path: /alarm}}]"))
    lead = stage.create("lead", company="锐视光学")
    away = broken()
    fail_for_good(stage, away)
    assert states(stage) == ["done"]
    assert stage.get("lead", lead.id)["stage"] == "转人工"
    assert [key for _, key in away.sent] == ["run:1:1", "run:1:1", "run:1:on_error.1"]


def test_a_final_answer_is_not_tried_again() -> None:
    stage = Stage(SITE + CALL)
    stage.create("lead", company="锐视光学", budget=1)
    away = Away(Undone(Problem("R113", parameters={"status": 400, "answer": "no"}), final=True))
    drain(crew(stage, away))
    assert states(stage) == ["failed"] and len(away.sent) == 1


def test_fault_090_a_dead_letter_is_replayed_with_its_key_edited_with_a_trail_and_only_once() -> None:
    stage = Stage(SITE + ERRORS.format(how="stop"))
    stage.create("lead", company="锐视光学")
    worker = fail_for_good(stage, broken())
    stage.do(lambda context: revive(context, SYSTEM, 1, {"path": "/fixed"}))
    with pytest.raises(Conflict):
        stage.do(lambda context: revive(context, SYSTEM, 1, {"path": "/twice"}))
    away = Away()
    drain(crew(stage, away))
    drain(worker)
    assert states(stage) == ["done"]
    assert [(sent["path"], key) for sent, key in away.sent] == [("/fixed", "run:1:1")]
    (before, after) = stage.rows("SELECT before, after FROM fl_audit WHERE action = 'retry'")[0]
    assert (json.loads(before), json.loads(after)) == ({"path": ""}, {"path": "/fixed"})
    with pytest.raises(Conflict):
        stage.do(lambda context: revive(context, SYSTEM, 1))


def test_fault_084_a_zombie_that_wakes_after_its_lease_brings_nothing_and_it_is_noted() -> None:
    stage = Stage(SITE + CALL)
    lead = stage.create("lead", company="锐视光学", budget=1)
    other = crew(stage, Away({"status": 200, "body": {"number": "second"}}))

    def overtaken() -> Mapping[str, Any]:
        stage.clock.advance(LEASE + dt.timedelta(seconds=1))
        drain(other)
        return {"status": 200, "body": {"number": "first"}}

    away = Away(overtaken)
    drain(crew(stage, away))
    found = stage.get("lead", lead.id)
    assert (found["note"], found["count"]) == ("second", 1)
    assert states(stage) == ["done"]
    assert stage.rows("SELECT result FROM fl_traces WHERE kind = 'note'") == [("void",)]


def test_fault_089_a_run_that_kills_its_process_three_times_is_laid_aside_and_others_go_on() -> None:
    stage = Stage(SITE + CALL)
    stage.create("lead", company="毒药", budget=1)
    for _ in range(3):
        # What a process that dies leaves behind: a claim, and a lease that runs out.
        assert crew(stage).due(1) == [1]
        stage.clock.advance(LEASE + dt.timedelta(seconds=1))
    lead = stage.create("lead", company="好的", budget=1)
    away = Away({"status": 200, "body": {"number": "A"}})
    drain(crew(stage, away))
    assert states(stage) == ["quarantined", "done"]
    assert stage.get("lead", lead.id)["note"] == "A" and len(away.sent) == 1
    (dead,) = stage.ask(lambda c: jobs.listed(c.connection, "dead"))
    assert "3 次" in str(said.sentence(dead.error, "zh"))
    stage.do(lambda context: revive(context, SYSTEM, 1))
    drain(crew(stage, Away()))
    assert states(stage)[0] == "done"


class Died(BaseException):
    """The process is gone: nothing catches that."""


def test_fault_089_what_kills_its_process_while_it_sends_is_found_and_what_was_taken_with_it_is_not_blamed() -> None:
    stage = Stage(SITE + CALL)
    for company in ("毒药", "好的一", "好的二", "好的三"):
        stage.create("lead", company=company, budget=1)

    def dies() -> Mapping[str, Any]:
        raise Died

    deaths = 0
    for _ in range(10):
        # A process takes all it can get, and begins with the first.
        worker = crew(stage)
        try:
            for id in worker.due(8):
                vars(worker)["_way"] = lambda _, id=id: Away(
                    dies if id == 1 else {"status": 200, "body": {"number": "A"}}
                )
                worker.do(id)
        except Died:
            deaths += 1
        stage.clock.advance(LEASE + dt.timedelta(seconds=1))
    assert states(stage) == ["quarantined", "done", "done", "done"]
    assert deaths == jobs.DEATHS


def test_record_steps_of_one_segment_are_taken_back_together_and_tried_again() -> None:
    rule = """
---
kind: trigger
name: two
when: {event: created, entity: lead}
retry: {times: 3, wait: 1m}
do:
  - wait: 1m
  - set: {count: "=count + 1"}
  - set: {company: "=note"}
  - set: {count: "=count + 1"}
"""
    stage = Stage(SITE + rule)
    lead = stage.create("lead", company="必填")
    stage.advance(minutes=3)
    assert stage.get("lead", lead.id)["count"] == 0, "the first step of the segment must not stay"
    stage.update(stage.get("lead", lead.id), note="新名字")
    stage.advance(minutes=10)
    assert stage.get("lead", lead.id)["count"] == 2
    assert states(stage) == ["done"]


def test_what_was_sent_is_not_sent_again_because_a_later_step_fails() -> None:
    rule = CALL.replace('count: "=count + 1"', 'company: "=stage"')
    stage = Stage(SITE + rule)
    lead = stage.create("lead", company="锐视光学", budget=1)
    away = Away({"status": 200, "body": {"number": "A-7"}})
    worker = crew(stage, away)
    drain(worker)
    assert trace(stage)[-1] == ("2", "failed", "set") and stage.get("lead", lead.id)["note"] == "begun"
    stage.update(stage.get("lead", lead.id), stage="新名字")
    stage.clock.advance(dt.timedelta(minutes=1))
    drain(worker)
    found = stage.get("lead", lead.id)
    assert (found["note"], found["company"], len(away.sent)) == ("A-7", "新名字", 1)


def test_a_delivery_that_fails_behind_one_that_arrived_is_tried_again_by_itself() -> None:
    stage = Stage(
        SITE
        + """
---
kind: trigger
name: two
when: {event: created, entity: lead}
do:
  - call: {connection: erp, path: /first}
  - call: {connection: erp, path: /second}
"""
    )
    stage.create("lead", company="甲")
    away = Away({"status": 200, "body": {}}, Undone(Problem("R112", parameters={"reason": "away"})))
    drain(crew(stage, away))
    assert [(path, result) for path, result, _ in trace(stage)] == [("0", "sent"), ("1", "failed")]
    stage.clock.advance(dt.timedelta(hours=1))
    drain(crew(stage, away))
    assert [delivery["path"] for delivery, _ in away.sent] == ["/first", "/second", "/second"]
    assert states(stage) == ["done"]

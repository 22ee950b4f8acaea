"""What depends on the database itself: races, fairness, savepoints, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from engine.errors import FlowloomError
from engine.runtime import scheduler, state_machine
from engine.store import audit
from tests.engine.runtime.stage import Stage

SITE = """
kind: role
name: sales
inherits: [staff]
can: {lead: {read: true, create: true, update: true}}
---
kind: entity
name: lead
title: "{{ company }}"
fields:
  company: {type: text, unique: true}
  number: {type: sequence, pattern: "L-{0001}"}
  owner: {type: user}
  note: {type: text}
---
kind: state_machine
name: loop
entity: lead
field: stage
initial: new
states: {new: {within: 2h}, left: {}, right: {}}
transitions: {go_left: {from: new, to: left}, go_right: {from: new, to: right}}
---
kind: assignment
name: rule
entity: lead
candidates: {role: sales}
strategy: least_loaded
---
kind: trigger
name: give
when: {event: created, entity: lead}
if: "owner is None"
do: [{assign: {rule: rule}}]
---
kind: trigger
name: breaks
when: {event: created, entity: lead}
if: "note == 'break'"
do:
  - set: {note: changed}
  - update: {record: "=owner", set: {seniority: "=2 + 3"}}
---
kind: trigger
name: daily
when: {event: schedule, cron: "30 8 * * *"}
do: [{notify: {to: {role: sales}, title: 早}}]
---
kind: entity
name: box
fields: {total: {type: integer, default: 0}}
---
kind: entity
name: coin
fields: {box: {type: link, to: box}}
---
kind: trigger
name: counts
when: {event: created, entity: coin}
do: [{update: {record: "=box", set: {total: "=box.total + 1"}}}]
---
kind: trigger
name: late
when: {event: sla_breached, entity: lead, sla: loop.new}
do: [{notify: {to: "=owner", title: "{{ company }}"}}]
"""


@pytest.fixture
def stage(database_url: str) -> Iterator[Stage]:
    made = Stage(SITE, url=database_url)
    for login in ("a", "b", "c"):
        made.user(login, "sales")
    yield made
    made.database.close()


def at_once(*works: Callable[[], None]) -> list[BaseException]:
    """Run all of them at the same time; what they raised."""
    failures: list[BaseException] = []
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        gate.wait()
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_fault_059_leads_that_arrive_at_once_are_shared_out_fairly_and_numbered_once(stage: Stage) -> None:
    def give(start: int) -> Callable[[], None]:
        def work() -> None:
            for index in range(start, 40, 4):
                stage.do(lambda context, index=index: context.create("lead", {"company": str(index)}))

        return work

    assert at_once(*[give(start) for start in range(4)]) == []
    counts = [count for _, count in stage.rows("SELECT owner, COUNT(*) FROM lead GROUP BY owner")]
    assert (sum(counts), max(counts) - min(counts)) == (40, 1)
    assert sorted(number for (number,) in stage.rows("SELECT number FROM lead")) == [f"L-{n:04}" for n in range(1, 41)]


def test_fault_053_of_two_people_who_move_one_card_exactly_one_wins(stage: Stage) -> None:
    for index in range(10):
        lead = stage.create("lead", company=f"race {index}")

        def move(name: str, number: int = lead.id, version: int = lead.version) -> Callable[[], None]:
            return lambda: (
                stage.do(lambda context: state_machine.transition(context, "lead", number, name, version=version))
                and None
            )

        failures = at_once(move("go_left"), move("go_right"))
        assert len(failures) == 1 and isinstance(failures[0], FlowloomError)
        assert failures[0].problems[0].code == "R076"
        stays = stage.rows(
            f"SELECT state FROM fl_history WHERE entity = 'lead' AND record = {lead.id} AND left_at IS NULL"
        )
        assert stays == [(stage.get("lead", lead.id)["stage"],)]


def test_a_rule_that_fails_is_taken_back_alone(stage: Stage) -> None:
    lead = stage.create("lead", company="锐视", note="break")
    assert lead["note"] == "break" and lead["owner"] is not None
    runs = stage.rows('SELECT "trigger", state FROM fl_runs ORDER BY id')
    assert runs == [("give", "done"), ("breaks", "failed")]


def test_a_value_that_is_taken_is_refused_and_the_rest_goes_on(stage: Stage) -> None:
    stage.create("lead", company="锐视")
    with pytest.raises(FlowloomError):
        stage.create("lead", company="锐视")
    assert stage.create("lead", company="别家")["number"] == "L-0002"


def test_a_sum_that_rules_keep_misses_nothing_when_many_add_to_it_at_once(stage: Stage) -> None:
    box = stage.create("box")

    def add() -> None:
        for _ in range(10):
            stage.do(lambda context: context.create("coin", {"box": box.id}))

    assert at_once(*[add] * 4) == []
    assert stage.rows("SELECT DISTINCT state FROM fl_runs WHERE \"trigger\" = 'counts'") == [("done",)]
    assert stage.get("box", box.id)["total"] == 40


def test_a_schedule_armed_by_two_processes_at_once_waits_once(stage: Stage) -> None:
    for _ in range(5):
        assert at_once(*[lambda: stage.do(scheduler.arm) and None for _ in range(4)]) == []
    assert stage.rows("SELECT COUNT(*) FROM fl_timers WHERE state = 'waiting' AND name = 'cron:daily'") == [(1,)]


def test_timers_fire_and_the_audit_chain_holds(stage: Stage) -> None:
    stage.create("lead", company="锐视")
    stage.advance(hours=2)
    assert [each["title"] for each in stage.find("notification")] == ["锐视"]
    assert stage.ask(lambda context: audit.verify(context.connection)).intact

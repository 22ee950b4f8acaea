"""The ring: what one save leads to, and what a failing rule costs."""

from __future__ import annotations

import json

import pytest

from engine.errors import Refused
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
label: {zh: 线索}
fields:
  company: {type: text, required: true}
  phone: {type: phone, region: CN}
  budget: {type: money}
  priority: {type: choice, choices: [A, B, C], default: {decide: lead_priority}}
  heat: {type: number, value: "=len(company) * 2"}
  owner: {type: user}
  note: {type: text}
---
kind: decision
name: lead_priority
entity: lead
inputs: {amount: "=budget"}
hit: first
output: {type: choice, choices: [A, B, C]}
rows:
  - {amount: ">= 500000", then: A}
  - {then: C}
---
kind: trigger
name: give
when: {event: created, entity: lead}
if: "owner is None"
do:
  - assign: {rule: fair}
  - notify: {to: "=owner", title: "来了 {{ company }}"}
---
kind: assignment
name: fair
entity: lead
candidates: {role: sales}
strategy: least_loaded
"""


def test_a_lead_gets_its_priority_its_owner_and_its_notification_in_one_turn() -> None:
    stage = Stage(SITE)
    stage.user("li", "sales")
    stage.user("wang", "sales")
    lead = stage.create("lead", company="锐视光学", budget=600000)
    assert (lead["priority"], lead["heat"]) == ("A", 8.0)
    assert lead["owner"] == stage.people["li"]
    assert stage.told() == ["li"]
    assert stage.find("notification")[0]["title"] == "来了 锐视光学"


FAILING = """
---
kind: trigger
name: broken
when: {event: created, entity: lead}
do:
  - set: {note: 写上了}
  - update: {record: "=owner", set: {seniority: "=3 + 4"}}
---
kind: trigger
name: after
when: {event: created, entity: lead}
do:
  - notify: {to: {role: sales}, title: 后面的还在跑}
"""


def test_a_rule_that_fails_takes_only_itself_back_and_is_kept_as_a_failed_run() -> None:
    stage = Stage(SITE + FAILING)
    stage.user("li", "sales")
    done = stage.do(lambda context: context.create("lead", {"company": "锐视光学"}))
    lead = stage.get("lead", done.value.id)
    assert lead["note"] is None
    assert lead["owner"] == stage.people["li"]
    assert [each["title"] for each in stage.find("notification")] == ["来了 锐视光学", "后面的还在跑"]
    assert [warning.code for warning in done.warnings if not isinstance(warning, dict)] == ["R082"]  # type: ignore[union-attr]
    runs = stage.rows('SELECT "trigger", state, data FROM fl_runs ORDER BY id')
    assert [(name, state) for name, state, _ in runs] == [("give", "done"), ("broken", "failed"), ("after", "done")]
    failed = json.loads(runs[1][2])
    assert [step["step"] for step in failed["steps"]] == ["set", "update"]
    assert failed["problems"][0]["code"] == "R013"
    assert failed["where"].startswith("custom/all.yaml:")


def test_a_failed_turn_leaves_nothing_behind() -> None:
    stage = Stage(SITE)
    with pytest.raises(Refused):
        stage.create("lead", phone="13800138000")
    assert stage.find("lead") == []
    assert stage.rows("SELECT COUNT(*) FROM fl_audit WHERE entity = 'lead'") == [(0,)]


LOOP = """
---
kind: trigger
name: ping
when: {event: changed, entity: lead, fields: [budget]}
do: [{set: {note: "=note + 'x'"}}]
---
kind: trigger
name: pong
when: {event: changed, entity: lead, fields: [note]}
do: [{set: {budget: "=budget + 1"}}]
"""

STORM = """
---
kind: trigger
name: ping
when: {event: changed, entity: lead, fields: [note]}
if: "note == 'ping'"
do: [{set: {note: pong}}]
---
kind: trigger
name: pong
when: {event: changed, entity: lead, fields: [note]}
if: "note == 'pong'"
do: [{set: {note: ping}}]
"""


def test_fault_060_two_rules_that_set_each_other_off_are_stopped_at_twenty_hops_with_the_chain() -> None:
    stage = Stage(SITE + LOOP)
    stage.user("li", "sales")
    lead = stage.create("lead", company="锐视光学", budget=1, note="x")
    done = stage.do(lambda context: context.update("lead", lead.id, {"budget": 2}))
    stopped = [warning for warning in done.warnings if getattr(warning, "code", "") == "R081"]
    assert len(stopped) == 1
    chain = stopped[0].parameters["chain"].split(" → ")  # type: ignore[union-attr]
    assert (len(chain), chain[:3], chain[-1]) == (21, ["ping", "pong", "ping"], "ping")
    counts = dict(
        stage.rows("SELECT state, COUNT(*) FROM fl_runs WHERE \"trigger\" IN ('ping', 'pong') GROUP BY state")
    )
    assert counts == {"done": 20, "stopped": 1}


def test_rules_that_wake_each_other_twice_an_event_end_too() -> None:
    stage = Stage(SITE + STORM)
    stage.user("li", "sales")
    lead = stage.create("lead", company="锐视光学")
    done = stage.do(lambda context: context.update("lead", lead.id, {"note": "ping"}))
    assert {getattr(warning, "code", "") for warning in done.warnings} == {"R081"}
    assert stage.rows("SELECT COUNT(*) FROM fl_runs WHERE state = 'done' AND \"trigger\" IN ('ping', 'pong')") == [
        (40,)
    ]


def test_every_change_is_in_the_audit_chain_and_the_chain_holds() -> None:
    stage = Stage(SITE)
    li = stage.user("li", "sales")
    lead = stage.create("lead", li, company="锐视光学", budget=1)
    stage.update(lead, li, budget=2)
    entries = stage.ask(lambda context: audit.entries(context.connection, "lead", lead.id))
    assert [(entry.action, entry.login) for entry in entries] == [
        ("create", "li"),
        ("update", "system"),
        ("update", "li"),
    ]
    assert entries[1].detail["via"] == "trigger:give" and entries[1].detail["by"] == li.user
    assert stage.ask(lambda context: audit.verify(context.connection)).intact


def test_a_rule_whose_condition_cannot_be_computed_is_shown_and_not_run() -> None:
    rule = """
---
kind: trigger
name: divides
when: {event: created, entity: lead}
if: "100 / (len(company) - 4) > 1"
do: [{set: {note: x}}]
"""
    stage = Stage(SITE + rule)
    stage.user("li", "sales")
    lead = stage.create("lead", company="锐视光学")
    assert lead["note"] is None
    assert stage.rows("SELECT state FROM fl_runs WHERE \"trigger\" = 'divides'") == [("failed",)]

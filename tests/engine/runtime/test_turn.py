"""The ring: what one save leads to, and what a failing rule costs."""

from __future__ import annotations

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

"""An office where things have to be agreed to: its rules, its people, and what they do."""

from __future__ import annotations

from typing import Any

from engine.facts import Actor, Record
from engine.runtime import deciding
from engine.store import approvals
from engine.store.files import Files
from tests.engine.runtime.stage import Stage

SITE = """
kind: role
name: sales
can: {"*": {read: true, create: true, update: true, delete: true}}
---
kind: role
name: finance
inherits: [sales]
---
kind: entity
name: lead
label: {zh: 线索, en: Lead}
title: "{{ company }}"
fields:
  company: {type: text, label: {zh: 公司}}
  owner: {type: user}
  amount: {type: number, label: {zh: 金额}}
  contract: {type: file, label: {zh: 合同}}
---
kind: entity
name: customer
label: {zh: 客户, en: Customer}
title: "{{ name }}"
approve_create: {by: "=me.manager", within: 1d}
fields:
  name: {type: text, required: true, unique: true, label: {zh: 名称}}
  license: {type: file, label: {zh: 执照}}
---
kind: state_machine
name: loop
entity: lead
field: stage
initial: new
states: {new: {}, called: {}, signed: {final: true}}
transitions:
  call: {label: {zh: 首通}, from: new, to: called, if: "owner == me", require: [{field: amount, message: {zh: 要填金额}}], approve: {by: "=owner.manager", within: 24h}}
  sign: {label: {zh: 签约}, from: called, to: signed, approve: {by: ["=owner.manager", {role: finance}], mode: all, evidence: [contract]}}
  both: {from: new, to: signed, approve: {by: [finance, "=owner.manager"], mode: sequence}}
  drop: {from: "*", to: signed}
  big: {from: new, to: called, approve: {by: finance, if: "amount > 1000"}}
---
kind: trigger
name: glad
when: {event: approved, entity: lead, transition: call}
do: [{set: {company: "{{ company }}!"}}]
---
kind: trigger
name: sad
when: {event: rejected, entity: lead, transition: call}
do: [{set: {company: "{{ company }}?"}}]
"""


def office() -> Stage:
    """The people: Zhao is Li's manager and the boss is hers, Wang has none, Qian does the books."""
    made = Stage(SITE)
    made.user("boss", "sales", name="老板")
    made.user("zhao", "sales", name="赵敏", manager=made.people["boss"])
    made.user("li", "sales", name="李强", manager=made.people["zhao"], phone="13800138000")
    made.user("wang", "sales", name="王芳")
    made.user("qian", "finance", name="钱会")
    return made


def lead(stage: Stage, **values: Any) -> Record:
    given = {"company": "锐视", "owner": stage.people["li"], "amount": 10, **values}
    return stage.create("lead", stage.actor("li"), **given)


def decide(stage: Stage, who: str | Actor, decision: str = "approve", number: int = 1, **more: Any) -> Any:
    actor = stage.actor(who) if isinstance(who, str) else who
    return stage.do(lambda context: deciding.decide(context, number, decision, **more), actor)


def request(stage: Stage, number: int = 1) -> approvals.Request:
    found = stage.ask(lambda context: approvals.get(context.connection, number))
    assert found is not None
    return found


def file(stage: Stage, text: str) -> str:
    return stage.database.write(
        lambda c: Files().save(c, "合同.pdf", "application/pdf", text.encode(), stage.clock.now(), None).id
    )


def code(error: Any) -> list[str]:
    return [problem.code for problem in error.value.problems]

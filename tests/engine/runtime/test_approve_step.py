"""The step ``approve``: a rule waits for people, durably, and goes on or ends with what they say."""

from __future__ import annotations

from typing import Any

import pytest

from engine.runtime import deciding, scheduler
from tests.engine.runtime.stage import Stage

SITE = """
kind: role
name: sales
can: {"*": {read: true, create: true, update: true}}
---
kind: entity
name: lead
label: {zh: 线索}
title: "{{ company }}"
fields: {company: {type: text}, owner: {type: user}, discount: {type: number}, note: {type: text}, said: {type: text}}
---
kind: trigger
name: discount
label: {zh: 大折扣}
when: {event: changed, entity: lead, fields: [discount]}
if: "discount > 10"
do:
  - approve: {by: "=owner.manager", for: "{{ company }} 打 {{ discount }} 折", within: 24h}
  - set: {note: 可以打折}
---
kind: trigger
name: both
when: {event: changed, entity: lead, fields: [company]}
do:
  - {id: ok, approve: {by: ["=owner.manager", sales], mode: all, go_on: true}}
  - set: {said: "=steps.ok.result"}
"""


@pytest.fixture
def stage() -> Stage:
    made = Stage(SITE)
    made.user("zhao", name="赵敏")
    made.user("li", "sales", name="李强", manager=made.people["zhao"])
    made.user("wang", "sales", name="王芳")
    return made


def go_on(stage: Stage) -> None:
    scheduler.play(stage.parts, stage.database, stage.clock, stage.clock.now())


def decide(stage: Stage, who: str, decision: str = "approve", number: int = 1) -> Any:
    done = stage.do(lambda context: deciding.decide(context, number, decision), stage.actor(who))
    go_on(stage)
    return done


def test_the_rule_goes_on_when_it_is_approved(stage: Stage) -> None:
    li = stage.actor("li")
    lead = stage.create("lead", li, company="甲", owner=li.user)
    stage.update(lead, li, discount=20)
    go_on(stage)
    assert [one["title"] for one in stage.find("notification")] == ["李强 想请您审批:甲 · 甲 打 20 折"]
    assert stage.get("lead", lead.id)["note"] is None
    stage.advance(hours=3)
    decide(stage, "zhao")
    assert stage.get("lead", lead.id)["note"] == "可以打折"
    assert len(stage.rows("SELECT * FROM fl_approvals")) == 1


def test_what_is_rejected_or_expires_ends_the_rule(stage: Stage) -> None:
    li = stage.actor("li")
    for way in ("reject", "expire"):
        lead = stage.create("lead", li, company=way, owner=li.user)
        stage.update(lead, li, discount=20)
        go_on(stage)
        if way == "reject":
            decide(stage, "zhao", "reject")
        else:
            stage.advance(hours=25)
        assert stage.get("lead", lead.id)["note"] is None
    assert [row[0] for row in stage.rows("SELECT state FROM fl_approvals ORDER BY id")] == ["rejected", "expired"]
    assert stage.rows("SELECT DISTINCT state FROM fl_runs") == [("done",)]


def test_with_go_on_the_next_step_knows_what_was_said(stage: Stage) -> None:
    li = stage.actor("li")
    lead = stage.create("lead", li, owner=li.user)
    stage.update(lead, li, company="乙")
    go_on(stage)
    decide(stage, "zhao")
    assert stage.get("lead", lead.id)["said"] is None
    decide(stage, "wang", "reject")
    assert stage.get("lead", lead.id)["said"] == "rejected"

"""Why, why not, and the story of a record."""

from __future__ import annotations

import pytest

from engine.errors import NotFound, Refused
from engine.runtime import why
from engine.runtime.timeline import timeline
from tests.engine.runtime.stage import Stage

SITE = """
kind: role
name: sales
inherits: [staff]
can: {lead: {read: "owner == me", create: true, update: "owner == me"}}
fields: {lead: {hide: [secret]}}
---
kind: entity
name: lead
title: "{{ company }}"
fields:
  company: {type: text, label: {zh: 客户名称}}
  budget: {type: money}
  secret: {type: text}
  owner: {type: user, label: {zh: 负责人}}
---
kind: state_machine
name: loop
entity: lead
field: stage
initial: new
states: {new: {label: {zh: 待首通}, within: 2h}, done: {label: {zh: 完成}, final: true}}
transitions: {finish: {label: {zh: 办完}, from: new, to: done, require: [{check: "budget > 5", message: {zh: 预算太少}}]}}
---
kind: assignment
name: rule
label: {zh: 轮流分}
entity: lead
candidates: {role: sales}
strategy: first
---
kind: trigger
name: give
when: {event: created, entity: lead}
if: ["owner is None", "budget > 5"]
do: [{assign: {rule: rule}}]
"""


def test_the_story_is_one_list_the_latest_first_without_hidden_fields() -> None:
    stage = Stage(SITE)
    li = stage.user("li", "sales")
    lead = stage.create("lead", company="锐视", budget=9, secret="x")
    stage.advance(hours=2)
    stage.update(lead, li, budget=3)
    with pytest.raises(Refused):
        stage.move(lead, "finish", li)
    stage.update(lead, li, budget=8)
    stage.move(lead, "finish", li)
    moments = stage.ask(lambda context: timeline(context, "lead", lead.id), li)
    assert [(moment.kind, moment.title) for moment in moments if moment.kind != "sla"] == [
        ("transition", "办完"),
        ("changed", "修改"),
        ("refused", "办完: 预算太少"),
        ("changed", "修改"),
        ("changed", "修改"),
        ("created", "新建"),
        ("assigned", "分给 li(轮流分)"),
    ]
    assert [moment.title for moment in moments if moment.kind == "sla"] == ["待首通:超时"]
    assert [(c.label, c.before, c.after) for c in moments[0].changes] == [("loop", "待首通", "完成")] or moments[
        0
    ].changes
    given = next(moment for moment in moments if moment.where and moment.kind == "changed")
    assert [(change.label, change.after) for change in given.changes] == [("负责人", "li")]
    assert given.where.startswith("custom/all.yaml:")
    assert all(change.field != "secret" for moment in moments for change in moment.changes)


def test_why_gives_the_owner_the_promises_and_the_runs_with_their_conditions() -> None:
    stage = Stage(SITE)
    stage.user("li", "sales")
    stage.user("wang", "sales")
    lead = stage.create("lead", company="锐视", budget=9)
    told = stage.ask(lambda context: why.why(context, "lead", lead.id))
    assert told.owner is not None and (told.owner["label"], told.owner["reason"]) == ("轮流分", "strategy")
    assert [each["name"] for each in told.owner["candidates"]] == ["li", "wang"]
    assert [(promise.name, promise.state) for promise in told.promises] == [("loop.new", "running")]
    assert [(run["trigger"], run["state"], run["steps"][0]["step"]) for run in told.runs] == [
        ("give", "done", "assign")
    ]


def test_why_not_shows_each_condition_with_its_values() -> None:
    stage = Stage(SITE)
    lead = stage.create("lead", company="锐视", budget=3)
    told = stage.ask(lambda context: why.why_not(context, "give", "lead", lead.id))
    assert [(part.text, part.holds, part.values) for part in told.parts] == [
        ("owner is None", True, {"owner": None}),
        ("budget > 5", False, {"budget": 3}),
    ]
    assert (told.holds, told.ran, told.enabled) == (False, 0, True)


def test_an_invisible_record_has_no_story() -> None:
    stage = Stage(SITE)
    stage.user("li", "sales")
    wang = stage.user("wang", "sales")
    lead = stage.create("lead", company="锐视", budget=9)
    for look in (
        lambda context: timeline(context, "lead", lead.id),
        lambda context: why.why(context, "lead", lead.id),
        lambda context: why.why_not(context, "give", "lead", lead.id),
    ):
        with pytest.raises(NotFound):
            stage.ask(look, wang)

"""Transitions: nothing skips, nothing is lost, and every refusal says all of it."""

from __future__ import annotations

import datetime as dt

import pytest

from engine.errors import Conflict, Forbidden, NotFound, Refused
from engine.facts import Actor
from engine.runtime import offering, scheduler, state_machine
from engine.store import audit, history
from tests.engine.runtime.stage import Stage, problems_of

SITE = """
kind: role
name: sales
inherits: [staff]
can: {lead: {read: true, create: true, update: "owner == me or owner is None"}}
---
kind: entity
name: lead
label: {zh: 线索}
fields:
  company: {type: text}
  owner: {type: user}
  summary: {type: long_text, label: {zh: 通话摘要, en: Call summary}}
  points: {type: list}
  called_at: {type: datetime}
  ready: {type: yes_no, default: false}
---
kind: state_machine
name: loop
entity: lead
field: stage
initial: new
states:
  new: {label: {zh: 待首通, en: To call}}
  called: {label: {zh: 已首通, en: Called}}
  won: {label: {zh: 已签约, en: Won}, final: true}
  lost: {label: {zh: 未成交}, final: true}
transitions:
  call:
    label: {zh: 完成首通, en: Complete the call}
    from: new
    to: called
    form: call_form
    if: "owner == me"
    require:
      - {field: summary, message: {zh: "未填写通话摘要,不能标记已完成首通", en: "No summary, no call"}}
      - {check: "len(points) >= 1", message: {zh: 请至少提炼 1 个痛点}}
    do: [{set: {called_at: "=now()"}}]
  sign: {label: {zh: 签约}, from: called, to: won}
  give_up: {label: {zh: 放弃}, from: "*", to: lost}
---
kind: form
name: call_form
entity: lead
fields: [summary, points]
required: [summary]
"""


@pytest.fixture
def stage() -> Stage:
    return Stage(SITE)


@pytest.fixture
def li(stage: Stage) -> Actor:
    return stage.user("li", "sales")


def test_fault_044_a_step_cannot_be_skipped_by_writing_the_field_on_any_path(stage: Stage, li: Actor) -> None:
    lead = stage.create("lead", li, company="A", owner=li.user)
    for work in (
        lambda context: context.update("lead", lead.id, {"stage": "won"}),
        lambda context: context.create("lead", {"company": "B", "stage": "won"}),
        lambda context: context.transition("lead", lead.id, "sign", {}),
        lambda context: context.transition("lead", lead.id, "call", {"stage": "won"}),
    ):
        with pytest.raises(Refused) as error:
            stage.do(work, li)
        assert error.value.problems
    assert stage.get("lead", lead.id)["stage"] == "new"


def test_fault_044_a_rule_cannot_skip_a_step_either() -> None:
    rule = """
---
kind: trigger
name: skips
when: {event: created, entity: lead}
do: [{transition: sign}]
"""
    stage = Stage(SITE + rule)
    lead = stage.create("lead", company="A")
    assert lead["stage"] == "new"
    assert stage.rows("SELECT state FROM fl_runs") == [("failed",)]


def test_a_refusal_says_all_that_is_missing_in_the_readers_language(stage: Stage, li: Actor) -> None:
    lead = stage.create("lead", li, company="A", owner=li.user)
    with pytest.raises(Refused) as error:
        stage.move(lead, "call", li)
    assert [problem.what("zh") for problem in error.value.problems] == [
        "未填写通话摘要,不能标记已完成首通",
        "请至少提炼 1 个痛点",
    ]
    assert error.value.problems[0].what("en") == "No summary, no call"
    assert problems_of(error.value)["summary"] == "R053"


def test_what_is_filled_in_with_the_transition_counts_and_history_follows(stage: Stage, li: Actor) -> None:
    lead = stage.create("lead", li, company="A", owner=li.user)
    stage.advance(hours=2)
    moved = stage.move(lead, "call", li, summary="说了三件事", points=["慢"])
    assert (moved["stage"], moved["summary"], moved["called_at"]) == ("called", "说了三件事", stage.clock.now())
    stays = stage.ask(lambda context: history.stays(context.connection, "lead", lead.id))
    assert [(stay.state, stay.came_from, stay.via, stay.by_user) for stay in stays] == [
        ("new", None, None, li.user),
        ("called", "new", "call", li.user),
    ]
    assert stays[0].left_at == stays[1].entered_at == stage.clock.now()
    assert stays[1].left_at is None


def test_offered_says_what_is_missing_and_who_may(stage: Stage, li: Actor) -> None:
    lead = stage.create("lead", li, company="A", owner=li.user)
    offers = stage.ask(lambda context: offering.offered(context, "lead", lead.id), li)
    assert [(offer.name, offer.allowed, offer.fields) for offer in offers] == [
        ("call", True, ("summary", "points")),
        ("give_up", True, ()),
    ]
    assert [problem.field for problem in offers[0].missing] == ["summary", ""]
    wang = stage.user("wang", "sales")
    offers = stage.ask(lambda context: offering.offered(context, "lead", lead.id), wang)
    assert [offer.allowed for offer in offers] == [False, False]
    with pytest.raises(Forbidden):
        stage.move(lead, "give_up", wang)


def test_a_final_state_is_not_left_by_a_star(stage: Stage, li: Actor) -> None:
    lead = stage.create("lead", li, company="A", owner=li.user)
    stage.move(lead, "give_up", li)
    with pytest.raises(Refused) as error:
        stage.move(lead, "give_up", li)
    assert error.value.problems[0].what("zh") == "现在是“未成交”,不能“放弃”;它只能从“待首通”、“已首通”开始"


def test_fault_053_the_first_of_two_wins_and_the_second_is_told_who_when_and_where_to(stage: Stage, li: Actor) -> None:
    lead = stage.create("lead", li, company="A", owner=li.user)
    seen = lead.version
    stage.move(lead, "call", li, summary="x", points=["y"])
    stage.advance(minutes=5)
    with pytest.raises(Conflict) as error:
        stage.do(lambda context: state_machine.transition(context, "lead", lead.id, "give_up", version=seen))
    assert error.value.problems[0].what("zh") == "li 在 09:00 已经把它移到“已首通”"
    assert error.value.status == 409


def test_fault_056_the_guard_is_judged_on_what_is_stored_now(stage: Stage, li: Actor) -> None:
    lead = stage.create("lead", li, company="A", owner=li.user, points=["慢"], summary="x")
    wang = stage.user("wang", "sales")

    def late(context: object) -> None:
        # Between a person's look and their click somebody else became the owner.
        context.update("lead", lead.id, {"owner": wang.user})  # type: ignore[attr-defined]

    assert stage.ask(lambda context: offering.offered(context, "lead", lead.id)[0].missing, li) == ()
    stage.do(late)
    with pytest.raises((Refused, Forbidden)):
        stage.move(lead, "call", li)


def test_a_refused_transition_is_kept_outside_the_turn_that_failed_and_rules_see_it() -> None:
    rule = """
---
kind: trigger
name: tell
when: {event: refused, entity: lead, transition: call}
do: [{notify: {to: {role: staff}, title: "{{ company }} 缺内容"}}]
"""
    stage = Stage(SITE + rule)
    li = stage.user("li", "sales", "staff")
    lead = stage.create("lead", li, company="A", owner=li.user)
    with pytest.raises(Refused):
        stage.move(lead, "call", li)
    assert stage.told() == ["li"]
    kept = stage.ask(lambda context: audit.entries(context.connection, "lead", lead.id))
    assert [(entry.action, entry.login) for entry in kept] == [("create", "li"), ("refused", "li")]
    assert kept[1].detail["fields"] == ["summary"]


def test_an_automatic_transition_is_taken_as_soon_as_the_record_is_ready() -> None:
    text = SITE.replace(
        "  sign: {label: {zh: 签约}, from: called, to: won}",
        "  sign: {label: {zh: 签约}, from: [new, called], to: won, auto: true, if: ready}",
    )
    stage = Stage(text)
    lead = stage.create("lead", company="A")
    assert lead["stage"] == "new"
    assert stage.update(lead, ready=True)["stage"] == "won"


def test_a_transition_nobody_knows_names_the_nearest(stage: Stage) -> None:
    lead = stage.create("lead", company="A")
    with pytest.raises(NotFound) as error:
        stage.move(lead, "cal")
    assert error.value.problems[0].suggestion == "call"


AUTOMATION = """
---
kind: sla
name: silent
entity: lead
start: {event: created}
stop: {if: "stage != 'new'"}
target: 1h
escalate: [{after: 0m, do: [{transition: give_up}]}]
"""


def test_fault_054_a_card_that_a_rule_moved_first_is_told_to_who_drags_it() -> None:
    stage = Stage(SITE + AUTOMATION)
    li = stage.user("li", "sales")
    lead = stage.create("lead", li, company="A", owner=li.user)
    stage.advance(hours=1)
    assert stage.get("lead", lead.id)["stage"] == "lost"
    with pytest.raises(Conflict) as error:
        stage.do(lambda context: state_machine.transition(context, "lead", lead.id, "call", version=lead.version), li)
    assert error.value.problems[0].code == "R076"
    assert error.value.problems[0].parameters["who"] == "系统"


def test_fault_054_a_rule_that_comes_second_judges_the_new_state_and_leaves_it_alone() -> None:
    stage = Stage(SITE + AUTOMATION)
    li = stage.user("li", "sales")
    lead = stage.create("lead", li, company="A", owner=li.user)
    # The timer is due, and the person is first by a moment.
    stage.clock.advance(dt.timedelta(hours=1))
    stage.move(lead, "call", li, summary="x", points=["y"])
    assert scheduler.fire_due(stage.parts, stage.database) == 0
    assert stage.get("lead", lead.id)["stage"] == "called"

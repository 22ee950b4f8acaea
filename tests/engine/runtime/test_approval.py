"""Approvals on transitions and creates: asked for, waited for, carried out."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Conflict, Forbidden, Refused
from engine.runtime import offering, timeline
from tests.engine.runtime.office import code, decide, lead, office, request
from tests.engine.runtime.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return office()


def test_a_transition_waits_until_its_approver_agrees(stage: Stage) -> None:
    one = lead(stage)
    assert stage.move(one, "call", stage.actor("li"))["stage"] == "new"
    assert stage.told() == ["zhao"]
    decide(stage, "zhao")
    after = stage.get("lead", one.id)
    assert after["stage"] == "called"
    assert after["company"] == "锐视!"
    moved = stage.rows("SELECT by_user FROM fl_history WHERE state = 'called'")
    assert moved == [(stage.people["li"],)], "it is the one who asked that moves it"
    assert stage.told() == ["zhao", "li"]
    assert [note["title"] for note in stage.find("notification")] == [
        "李强 想请您审批:锐视 · 首通",
        "赵敏 同意了:锐视 · 首通",
    ]


def test_a_refusal_leaves_the_record_where_it_is_and_says_why(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    decide(stage, "zhao", "reject", note="金额不对")
    assert stage.get("lead", one.id).values["stage"] == "new"
    assert stage.get("lead", one.id)["company"] == "锐视?"
    assert stage.find("notification")[-1]["body"] == "留言:金额不对"
    assert request(stage).state == "rejected"


def test_what_is_missing_is_said_before_anybody_is_asked(stage: Stage) -> None:
    one = lead(stage, amount=None)
    with pytest.raises(Refused) as refused:
        stage.move(one, "call", stage.actor("li"))
    assert code(refused) == ["R053"]
    assert stage.rows("SELECT * FROM fl_approvals") == []


def test_the_requirements_are_judged_again_when_it_is_approved(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    stage.update(one, amount=None)
    with pytest.raises(Refused) as refused:
        decide(stage, "zhao")
    assert code(refused) == ["R053"]
    assert request(stage).state == "open"
    assert stage.rows("SELECT * FROM fl_votes") == []
    stage.update(one, amount=5)
    decide(stage, "zhao")
    assert stage.get("lead", one.id)["stage"] == "called"


def test_values_filled_in_with_the_transition_wait_with_it(stage: Stage) -> None:
    one = lead(stage, amount=None)
    stage.move(one, "call", stage.actor("li"), amount=42)
    assert stage.get("lead", one.id)["amount"] is None
    decide(stage, "zhao")
    assert stage.get("lead", one.id)["amount"] == 42


def test_a_sequence_takes_its_turns(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "both", stage.actor("li"))
    assert stage.told() == ["qian"]
    with pytest.raises(Forbidden) as refused:
        decide(stage, "zhao")
    assert code(refused) == ["R148"]
    decide(stage, "qian")
    assert stage.told() == ["qian", "zhao"]
    decide(stage, "zhao")
    assert stage.get("lead", one.id)["stage"] == "signed"


def test_it_is_needed_only_where_its_condition_holds(stage: Stage) -> None:
    small, big = lead(stage, amount=10), lead(stage, amount=5000)
    assert stage.move(small, "big", stage.actor("li"))["stage"] == "called"
    assert stage.move(big, "big", stage.actor("li"))["stage"] == "new"


def test_moving_the_record_another_way_makes_the_request_void(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    stage.move(one, "drop", stage.actor("li"))
    assert request(stage).state == "void"
    with pytest.raises(Conflict):
        decide(stage, "zhao")


def test_a_record_entered_by_hand_waits_and_one_made_by_a_rule_does_not(stage: Stage) -> None:
    li = stage.actor("li")
    done = stage.do(lambda c: c.create("customer", {"name": "锐视"}), li)
    assert done.value.id == 0
    assert stage.find("customer") == []
    assert [problem.code for problem in done.warnings] == ["R140"]
    with pytest.raises(Refused):
        stage.do(lambda c: c.create("customer", {}), li)
    decide(stage, "zhao")
    made = stage.find("customer")
    assert [one["name"] for one in made] == ["锐视"]
    assert made[0]["created_by"] == li.user
    assert request(stage).record == made[0].id
    stage.do(lambda c: c.create("customer", {"name": "导入的"}), li, via="import:1")
    assert len(stage.find("customer")) == 2


def test_a_create_is_checked_again_when_it_is_approved(stage: Stage) -> None:
    stage.do(lambda c: c.create("customer", {"name": "锐视"}), stage.actor("li"))
    stage.create("customer", name="锐视")
    with pytest.raises(Refused):
        decide(stage, "zhao")
    assert request(stage).state == "open"
    decide(stage, "zhao", "reject")
    assert len(stage.find("customer")) == 1


def test_the_offer_and_the_timeline_tell_of_it(stage: Stage) -> None:
    one, li = lead(stage), stage.actor("li")

    def offers(context: Any) -> dict[str, tuple[str, bool]]:
        return {each.name: (each.approval, each.allowed) for each in offering.offered(context, "lead", one.id)}

    assert stage.ask(offers, li)["call"] == ("needed", True)
    stage.move(one, "call", li)
    assert stage.ask(offers, li)["call"] == ("open", False)
    decide(stage, "zhao", note="好")
    told = [
        moment.title
        for moment in stage.ask(lambda c: timeline.timeline(c, "lead", one.id))
        if moment.kind == "approval"
    ]
    assert told == ["同意: 锐视 · 首通 (好)", "提请审批: 锐视 · 首通"]

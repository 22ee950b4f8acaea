"""Approvals on transitions and creates: who may decide, once, on what evidence, until when."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Conflict, FlowloomError, Forbidden, NotFound, Refused
from engine.facts import SYSTEM, Actor, Record
from engine.runtime import approval, attachment, deciding, offering, timeline
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


@pytest.fixture
def stage() -> Stage:
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


def test_fault_061_nobody_approves_what_they_asked_for(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    with pytest.raises(Forbidden) as refused:
        decide(stage, "li")
    assert code(refused) == ["R147"]


def test_fault_061_a_second_account_of_the_same_person_is_the_same_person(stage: Stage) -> None:
    stage.user("li_2", "finance", name="李强二号", phone="13800138000")
    one = lead(stage, amount=5000)
    stage.move(one, "big", stage.actor("li"))
    assert stage.told() == ["qian"], "the second account is not even asked"
    stage.do(lambda c: c.update("user", stage.people["qian"], {"on_duty": False, "backup": stage.people["li_2"]}))
    with pytest.raises(Forbidden) as refused:
        decide(stage, "li_2")
    assert code(refused) == ["R147"]


def test_fault_061_both_signatures_by_one_person_in_two_accounts_count_once(stage: Stage) -> None:
    stage.user("zhao_2", "finance", name="赵敏二号", email="ZHAO@x.cn")
    stage.do(lambda c: c.update("user", stage.people["zhao"], {"email": "zhao@x.cn"}))
    one = lead(stage, contract=file(stage, "双方已签"))
    stage.do(lambda c: c.transition("lead", one.id, "call", {}), stage.actor("li"))
    decide(stage, "zhao")
    stage.move(one, "sign", stage.actor("li"))
    decide(stage, "zhao", number=2)
    before = stage.get("lead", one.id)
    assert before["stage"] == "called"
    assert decide(stage, "zhao_2", number=2).value.request.state == "open"
    assert len(stage.rows("SELECT * FROM fl_votes WHERE approval = 2")) == 1
    decide(stage, "qian", number=2)
    assert stage.get("lead", one.id)["stage"] == "signed"


def test_a_double_signature_needs_two_different_people(stage: Stage) -> None:
    stage.do(lambda c: c.update("user", stage.people["qian"], {"phone": "13900139000"}))
    stage.do(lambda c: c.update("user", stage.people["zhao"], {"phone": "13900139000"}))
    one = lead(stage, contract=file(stage, "双方已签"))
    stage.move(one, "call", stage.actor("li"))
    decide(stage, "zhao")
    with pytest.raises(Refused) as refused:
        stage.move(one, "sign", stage.actor("li"))
    assert code(refused) == ["R141"]


def test_fault_061_approving_twice_has_no_effect(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    decide(stage, "zhao")
    version = stage.get("lead", one.id).version
    again = decide(stage, "zhao")
    assert again.events == ()
    assert stage.get("lead", one.id).version == version
    assert len(stage.rows("SELECT * FROM fl_verdicts")) == 1


def test_fault_061_withdrawing_and_approving_have_one_result(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    decide(stage, "li", "withdraw")
    with pytest.raises(Conflict) as refused:
        decide(stage, "zhao")
    assert code(refused) == ["R144"]
    assert stage.get("lead", one.id)["stage"] == "new"
    assert stage.rows("SELECT result FROM fl_verdicts") == [("withdrawn",)]
    # asked again, it is a new request; and what is approved cannot be withdrawn
    stage.move(one, "call", stage.actor("li"))
    decide(stage, "zhao", number=2)
    with pytest.raises(Conflict):
        decide(stage, "li", "withdraw", 2)


def test_one_who_was_not_asked_neither_sees_nor_decides(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    with pytest.raises(NotFound):
        decide(stage, "wang")
    with pytest.raises(Forbidden) as refused:
        decide(stage, SYSTEM)
    assert code(refused) == ["R146"]


def test_it_is_asked_once_at_a_time(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    with pytest.raises(Conflict) as refused:
        stage.move(one, "call", stage.actor("li"))
    assert code(refused) == ["R142"]


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


def test_fault_062_evidence_is_there_is_not_empty_and_is_the_records_own(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    decide(stage, "zhao")
    for name, given in (("none", None), ("gone", "0" * 32), ("empty", file(stage, ""))):
        with pytest.raises(Refused) as refused:
            stage.move(one, "sign", stage.actor("li"), contract=given)
        assert code(refused) == [{"none": "R053", "gone": "R043"}.get(name, "R145")], name
    other = file(stage, "别人的合同")
    lead(stage, company="另一家", contract=other)
    for copied in (other, file(stage, "别人的合同")):
        with pytest.raises(Refused) as refused:
            stage.move(one, "sign", stage.actor("li"), contract=copied)
        assert code(refused) == ["R145"]
    stage.move(one, "sign", stage.actor("li"), contract=file(stage, "自己的合同"))
    assert request(stage, 2).state == "open"


def test_fault_062_evidence_that_is_gone_or_changed_later_stops_the_approval(stage: Stage) -> None:
    mine = file(stage, "自己的合同")
    one = lead(stage, contract=mine)
    stage.move(one, "call", stage.actor("li"))
    decide(stage, "zhao")
    stage.move(one, "sign", stage.actor("li"))
    decide(stage, "zhao", number=2)
    stage.database.write(lambda c: c.execute("DELETE FROM fl_files"))
    with pytest.raises(Refused) as refused:
        decide(stage, "qian", number=2)
    assert code(refused) == ["R145"]
    assert stage.get("lead", one.id)["stage"] == "called"


def test_a_backup_decides_while_somebody_is_off_duty(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    stage.do(lambda c: c.update("user", stage.people["zhao"], {"on_duty": False, "backup": stage.people["wang"]}))
    decide(stage, "wang")
    assert stage.get("lead", one.id)["stage"] == "called"


def test_somebody_may_ask_another_to_decide_but_not_the_one_who_asked(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    with pytest.raises(Refused) as refused:
        decide(stage, "zhao", "delegate", to=stage.people["li"])
    assert code(refused) == ["R154"]
    decide(stage, "zhao", "delegate", to=stage.people["wang"])
    assert stage.told()[-1] == "wang"
    decide(stage, "wang")
    assert stage.get("lead", one.id)["stage"] == "called"


def test_late_it_goes_to_the_manager_and_then_it_is_over(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    stage.advance(hours=24)
    assert stage.told() == ["zhao", "boss", "li"]
    assert request(stage).level == 1
    stage.advance(hours=24)
    assert request(stage).state == "expired"
    assert request(stage).note == "到时限没有人决定,审批已失效", "R150"
    assert stage.told()[-1] == "li"
    assert stage.get("lead", one.id)["stage"] == "new"
    with pytest.raises(Conflict):
        decide(stage, "boss")


def test_the_manager_it_was_passed_to_may_decide(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    stage.advance(hours=30)
    decide(stage, "boss")
    assert stage.get("lead", one.id)["stage"] == "called"
    assert stage.rows("SELECT COUNT(*) FROM fl_timers WHERE state = 'waiting'") == [(0,)]


def test_moving_the_record_another_way_makes_the_request_void(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    stage.move(one, "drop", stage.actor("li"))
    assert request(stage).state == "void"
    with pytest.raises(Conflict):
        decide(stage, "zhao")


def test_the_manager_who_asks_is_decided_on_by_their_own_manager(stage: Stage) -> None:
    one = stage.create("lead", stage.actor("zhao"), company="甲", owner=stage.people["zhao"], amount=1)
    stage.do(lambda c: c.update("user", stage.people["boss"], {"manager": None}))
    stage.move(one, "call", stage.actor("zhao"))
    assert stage.told() == ["boss"]


def test_nobody_to_decide_is_said_at_once(stage: Stage) -> None:
    one = stage.create("lead", stage.actor("boss"), company="甲", owner=stage.people["boss"], amount=1)
    with pytest.raises(Refused) as refused:
        stage.move(one, "call", stage.actor("boss"))
    assert code(refused) == ["R141"]


def test_who_is_gone_is_not_acted_for(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    stage.do(lambda c: c.update("user", stage.people["li"], {"active": False}))
    with pytest.raises(Refused) as refused:
        decide(stage, "zhao")
    assert code(refused) == ["R149"]


def test_an_unknown_decision_is_named(stage: Stage) -> None:
    one = lead(stage)
    stage.move(one, "call", stage.actor("li"))
    for word, wanted in (("maybe", "R153"), ("delegate", "R154")):
        with pytest.raises(FlowloomError) as refused:
            decide(stage, "zhao", word)
        assert code(refused) == [wanted]
    with pytest.raises(Forbidden) as refused:
        decide(stage, "zhao", "withdraw")
    assert code(refused) == ["R152"]
    stage.move(one, "both", stage.actor("li"))
    decide(stage, "qian", number=2)
    with pytest.raises(Conflict) as refused:
        decide(stage, "qian", "reject", 2)
    assert code(refused) == ["R151"]


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


def test_one_person_is_one_number_through_phone_and_mail(stage: Stage) -> None:
    from engine.runtime import who

    stage.user("a", phone="13700137000", email="a@x.cn")
    stage.user("b", phone="13700137000")
    stage.user("c", email="A@X.CN")
    same = {stage.ask(lambda context, each=each: who.person(context, stage.people[each])) for each in "abc"}
    assert len(same) == 1
    assert approval.PREFIX == "approval:"


def test_fault_061_of_many_who_decide_at_once_one_result_stands(database_url: str) -> None:
    """Withdrawn, approved and rejected by several threads at the same moment: one verdict, and the record agrees with it."""
    from concurrent.futures import ThreadPoolExecutor

    stage = Stage(SITE, url=database_url)
    stage.user("zhao", "sales", name="赵敏")
    stage.user("li", "sales", name="李强", manager=stage.people["zhao"])
    one = stage.create("lead", stage.actor("li"), company="锐视", owner=stage.people["li"], amount=1)
    for number in range(1, 6):
        stage.move(one, "call", stage.actor("li"))
        words = [("zhao", "approve"), ("li", "withdraw"), ("zhao", "approve"), ("li", "withdraw")]
        results = []

        def say(word: tuple[str, str], number: int = number) -> str:
            try:
                return str(decide(stage, word[0], word[1], number).value.request.state)
            except FlowloomError as error:
                return error.problems[0].code

        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(say, words))
        verdicts = stage.rows(f"SELECT result FROM fl_verdicts WHERE approval = {number}")
        assert len(verdicts) == 1, results
        approved = verdicts[0][0] == "approved"
        assert (stage.get("lead", one.id)["stage"] == "called") is approved, results
        if approved:
            break
    stage.database.close()


def test_fault_062_who_decides_and_who_asked_may_open_the_file_before_there_is_a_record_and_it_comes_along(
    stage: Stage,
) -> None:
    li = stage.actor("li")
    mine = stage.database.write(
        lambda c: Files().save(c, "执照.pdf", "application/pdf", b"x", stage.clock.now(), li.user)
    )
    stage.do(lambda c: c.create("customer", {"name": "锐视", "license": mine.id}), li)
    assert stage.find("customer") == []

    def may(login: str) -> bool:
        def look(context: Any) -> bool:
            file = Files().get(context.connection, mine.id)
            assert file is not None and file.held
            return attachment.readable(context, file)

        return stage.ask(look, stage.actor(login))

    assert [login for login in ("li", "zhao", "wang", "qian") if may(login)] == ["li", "zhao"]
    decide(stage, "zhao")
    assert [one["license"] for one in stage.find("customer")] == [mine.id]

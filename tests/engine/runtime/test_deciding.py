"""Who may decide: never whoever asked, each person once, one result, and not for ever."""

from __future__ import annotations

import pytest

from engine.errors import Conflict, FlowloomError, Forbidden, NotFound, Refused
from engine.facts import SYSTEM
from engine.runtime import approval
from tests.engine.runtime.office import SITE, code, decide, file, lead, office, request
from tests.engine.runtime.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return office()


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

"""What an approval is given on: files that are there, the record's own, and still the same."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Refused
from engine.runtime import attachment
from engine.store.files import Files
from tests.engine.runtime.office import code, decide, file, lead, office, request
from tests.engine.runtime.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return office()


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

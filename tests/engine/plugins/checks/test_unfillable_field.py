from __future__ import annotations

from tests.engine.load.conftest import TICKET, Loader, codes

ROLE = "---\nkind: role\nname: clerk\ncan: {ticket: {read: true, create: %s}}\nfields: {ticket: {%s: [subject]}}\n"


def test_a_required_field_the_role_cannot_write_is_told(loaded: Loader) -> None:
    for how in ("read_only", "hide"):
        found = loaded(TICKET + ROLE % ("true", how))
        assert codes(found) == ["L004"]
        assert found.problems[0].parameters["field"] == "subject"


def test_a_role_that_may_not_create_is_left_alone(loaded: Loader) -> None:
    assert codes(loaded(TICKET + ROLE % ("false", "read_only"))) == []


def test_a_default_fills_for_the_role(loaded: Loader) -> None:
    text = TICKET.replace("required: true", "required: true, default: a")
    assert codes(loaded(text + ROLE % ("true", "read_only"))) == []


def test_the_right_to_create_may_be_inherited(loaded: Loader) -> None:
    role = "---\nkind: role\nname: chief\ncan: {'*': {create: true}}\n---\nkind: role\nname: clerk\ninherits: [chief]\n"
    assert codes(loaded(TICKET + role + "fields: {ticket: {read_only: [subject]}}\n")) == ["L004"]

from __future__ import annotations

from tests.engine.load.conftest import TICKET, Loader, codes

MACHINE = """---
kind: state_machine
name: stage
entity: ticket
field: stage
initial: new
states: {states}
transitions: {transitions}
"""


def machine(states: str, transitions: str) -> str:
    return TICKET + MACHINE.replace("{states}", states).replace("{transitions}", transitions)


def test_fault_017_a_circle_of_automatic_transitions_is_an_error_with_the_path(loaded: Loader) -> None:
    ways = (
        "{go: {from: new, to: b, auto: true}, on: {from: b, to: c, auto: true}, back: {from: c, to: new, auto: true}}"
    )
    found = loaded(machine("{new: , b: , c: }", ways))
    assert codes(found) == ["L003"]
    assert found.manifest is None
    assert found.problems[0].parameters["path"] == "new —go→ b —on→ c —back→ new"


def test_a_circle_a_person_closes_is_none(loaded: Loader) -> None:
    ways = "{go: {from: new, to: b, auto: true}, back: {from: b, to: new}}"
    assert codes(loaded(machine("{new: , b: }", ways))) == []

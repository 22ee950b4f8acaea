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


def test_a_state_nothing_leads_to_is_told_at_its_place(loaded: Loader) -> None:
    found = loaded(machine("{new: , lost: {final: true}, done: {final: true}}", "{a: {from: new, to: done}}"))
    assert codes(found) == ["L001"]
    assert str(found.problems[0].where) == "custom/x.yaml:16:17"


def test_a_transition_from_anywhere_reaches_its_end(loaded: Loader) -> None:
    found = loaded(machine("{new: , lost: {final: true}}", "{a: {from: '*', to: lost}}"))
    assert codes(found) == []


def test_a_state_only_an_unreachable_one_leads_to_is_unreachable_too(loaded: Loader) -> None:
    found = loaded(machine("{new: {final: true}, b: , c: {final: true}}", "{x: {from: b, to: c}, y: {from: c, to: b}}"))
    assert codes(found) == ["L001", "L001"]

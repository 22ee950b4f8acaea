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


def test_a_state_without_a_way_out_is_told_unless_it_is_final(loaded: Loader) -> None:
    assert codes(loaded(machine("{new: , done: }", "{a: {from: new, to: done}}"))) == ["L002"]
    assert codes(loaded(machine("{new: , done: {final: true}}", "{a: {from: new, to: done}}"))) == []


def test_a_transition_into_itself_is_no_way_out(loaded: Loader) -> None:
    found = loaded(machine("{new: , done: }", "{a: {from: new, to: done}, b: {from: done, to: done}}"))
    assert codes(found) == ["L002"]

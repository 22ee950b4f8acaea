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


FORM = "---\nkind: form\nname: f\nentity: ticket\nfields: [%s]\n"


def test_a_form_that_does_not_ask_what_its_transition_requires_is_told(loaded: Loader) -> None:
    states = "{new: , done: {final: true}}"
    ways = "{a: {from: new, to: done, form: f, require: [{field: amount}, {check: amount > 1}]}}"
    found = loaded(machine(states, ways) + FORM % "subject")
    assert codes(found) == ["L018"]
    assert found.problems[0].parameters["field"] == "amount"
    assert codes(loaded(machine(states, ways) + FORM % "subject, amount")) == []


def test_evidence_of_an_approval_is_asked_for_too(loaded: Loader) -> None:
    ways = "{a: {from: new, to: done, form: f, approve: {by: staff, evidence: [due]}}}"
    assert codes(loaded(machine("{new: , done: {final: true}}", ways) + FORM % "subject")) == ["L018"]

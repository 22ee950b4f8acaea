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


SLA = (
    "---\nkind: sla\nname: s\nentity: ticket\nstart: {event: created}\nstop: {if: amount}\ntarget: 2h\nescalate:\n"
    "  - {after: %s, do: [{stop: }]}\n  - {after: %s, do: [{stop: }]}\n"
)


def test_escalations_come_in_the_order_of_their_time(loaded: Loader) -> None:
    assert codes(loaded(TICKET + SLA % ("30m", "15m"))) == ["L010"]
    assert codes(loaded(TICKET + SLA % ("15m", "30m"))) == []
    assert codes(loaded(TICKET + SLA % ("0m", "0m"))) == []


def test_an_approval_that_outlasts_its_state_is_told(loaded: Loader) -> None:
    for within, expected in (("8h", ["L019"]), ("2h", [])):
        ways = f"{{a: {{from: new, to: done, approve: {{by: staff, within: {within}}}}}}}"
        assert codes(loaded(machine("{new: {within: 4h}, done: {final: true}}", ways))) == expected

"""The check ``unreachable_state``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem
from engine.model.manifest import Manifest
from engine.model.state_machine import StateMachine
from engine.plugins.slots import Check


class UnreachableState(Check):
    """A state no way leads to from the initial one."""

    name = "unreachable_state"
    title: ClassVar[Mapping[str, str]] = {"zh": "走不到的状态", "en": "Unreachable state"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L001 for each."""
        for machine in manifest.state_machines.values():
            reached = reach(machine)
            for name, state in machine.states.items():
                if name not in reached:
                    parameters = {"state": name, "initial": machine.initial}
                    yield Problem("L001", state.where, parameters=parameters)


def reach(machine: StateMachine) -> set[str]:
    """Every state a record can come to, the initial one included."""
    found = {machine.initial}
    waiting = [machine.initial]
    while waiting:
        here = waiting.pop()
        for transition in machine.transitions.values():
            if (here in transition.from_ or "*" in transition.from_) and transition.to not in found:
                found.add(transition.to)
                waiting.append(transition.to)
    return found

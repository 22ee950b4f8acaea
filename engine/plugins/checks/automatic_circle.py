"""The check ``automatic_circle``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem
from engine.model.manifest import Manifest
from engine.model.state_machine import StateMachine, Transition
from engine.plugins.slots import Check


class AutomaticCircle(Check):
    """Transitions taken by themselves that lead back to where they began, so that a record never rests."""

    name = "automatic_circle"
    title: ClassVar[Mapping[str, str]] = {"zh": "自动流转绕圈", "en": "Automatic transitions in a circle"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L003 once for each circle, with the path drawn."""
        for machine in manifest.state_machines.values():
            told: set[frozenset[str]] = set()
            for state in machine.states:
                path = circle(machine, state)
                names = frozenset(way.name for way in path)
                if path and names not in told:
                    told.add(names)
                    drawn = state + "".join(f" —{way.name}→ {way.to}" for way in path)
                    yield Problem("L003", path[0].where, parameters={"path": drawn})


def circle(machine: StateMachine, start: str) -> list[Transition]:
    """The automatic transitions that lead from a state back to itself, or an empty list."""
    ways = [way for way in machine.transitions.values() if way.auto]
    waiting: list[tuple[str, list[Transition]]] = [(start, [])]
    while waiting:
        here, path = waiting.pop()
        for way in ways:
            if here not in way.from_ and "*" not in way.from_ or way in path:
                continue
            if way.to == start:
                return [*path, way]
            waiting.append((way.to, [*path, way]))
    return []

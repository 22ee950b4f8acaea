"""The check ``dead_end_state``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem
from engine.model.manifest import Manifest
from engine.plugins.slots import Check


class DeadEndState(Check):
    """A state without a way out that is not marked as an end."""

    name = "dead_end_state"
    title: ClassVar[Mapping[str, str]] = {"zh": "没有出口的状态", "en": "State without a way out"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L002 for each."""
        for machine in manifest.state_machines.values():
            ways = machine.transitions.values()
            for name, state in machine.states.items():
                out = any((name in way.from_ or "*" in way.from_) and way.to != name for way in ways)
                if not out and not state.final:
                    yield Problem("L002", state.where, parameters={"state": name})

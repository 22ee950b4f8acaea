"""The step ``branch``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin, Unfolded


class Branch(StepPlugin):
    """Steps only where a condition holds, others where it does not."""

    name = "branch"
    title: ClassVar[Mapping[str, str]] = {"zh": "分支", "en": "Branch"}
    effect = "none"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "if": {"title": "如果", "x-en": {"title": "If"}, "format": "condition"},
            "then": {"title": "就", "x-en": {"title": "Then"}, "format": "steps"},
            "else": {"title": "否则", "x-en": {"title": "Else"}, "format": "steps"},
        },
        "required": ["if", "then"],
        "additionalProperties": False,
    }
    example = 'branch: {if: "budget > 500000", then: [{set: {priority: A}}], else: [{set: {priority: C}}]}'

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """Which way it went."""
        holds = context.holds(step.params["if"], event)
        way = "then" if holds else "else"
        context.run(step.params.get(way, ()), event)
        return {"went": way}

    def unfold(self, context: Any, step: Step, event: Event) -> Unfolded:
        """Which way it goes, where a step on it reaches outside or waits."""
        way = "then" if context.holds(step.params["if"], event) else "else"
        return Unfolded(way if step.params.get(way) else "", {"went": way})

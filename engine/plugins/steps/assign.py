"""The step ``assign``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class Assign(StepPlugin):
    """Give the event's record an owner by an assignment rule. The score card is kept."""

    name = "assign"
    title: ClassVar[Mapping[str, str]] = {"zh": "分配", "en": "Assign"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "rule": {"title": "分配规则", "x-en": {"title": "Rule"}, "type": "string", "x-refers": "assignment"}
        },
        "required": ["rule"],
        "additionalProperties": False,
        "x-short": "rule",
    }
    example = "assign: {rule: smart_dispatch}"

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """Who was chosen and why: ``strategy``, ``backup`` or ``nobody``."""
        card = context.assign(step.params["rule"], context.own(event))
        return {"rule": card["rule"], "chosen": card["chosen"], "reason": card["reason"]}

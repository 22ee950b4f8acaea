"""The step ``transition``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class Transition(StepPlugin):
    """Move the event's record, or another, by a transition of its state machine; every requirement holds here too."""

    name = "transition"
    title: ClassVar[Mapping[str, str]] = {"zh": "流转到下一步", "en": "Move by a transition"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "name": {"title": "流转", "x-en": {"title": "Transition"}, "type": "string", "x-refers": "transition"},
            "record": {"title": "哪条记录", "x-en": {"title": "Record"}, "format": "expression"},
            "set": {
                "title": "同时填写",
                "x-en": {"title": "Values"},
                "type": "object",
                "additionalProperties": {"format": "value"},
                "x-keys-of": "record",
            },
        },
        "required": ["name"],
        "additionalProperties": False,
        "x-short": "name",
    }
    example = "transition: give_up"

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """The record that moved."""
        entity, target = context.target(step.params.get("record"), event)
        if target is not None:
            values = context.values(step.params.get("set", {}), event)
            context.transition(entity, target, step.params["name"], values)
        return {"entity": entity, "record": target, "transition": step.params["name"]}

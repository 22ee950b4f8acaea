"""The step ``delete``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class Delete(StepPlugin):
    """Put a record into the trash: the event's own, or the one an expression leads to."""

    name = "delete"
    title: ClassVar[Mapping[str, str]] = {"zh": "删除记录", "en": "Delete a record"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"record": {"title": "哪条记录", "x-en": {"title": "Record"}, "format": "expression"}},
        "additionalProperties": False,
        "x-short": "record",
    }
    example = "delete:"

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """The record that went."""
        entity, target = context.target(step.params.get("record"), event)
        if target is not None:
            context.delete(entity, target)
        return {"entity": entity, "record": target}

"""The step ``merge``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class Merge(StepPlugin):
    """Make one record of two: what the event's record lacks is taken from ``other``, records that link to the other link
    to it afterwards, and the other goes into the trash."""

    name = "merge"
    title: ClassVar[Mapping[str, str]] = {"zh": "合并", "en": "Merge"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"other": {"title": "另一条", "x-en": {"title": "The other"}, "format": "expression"}},
        "required": ["other"],
        "additionalProperties": False,
        "x-short": "other",
    }
    example = 'merge: {other: "=duplicate_of"}'

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """The record that stays and the one that went; nothing where the expression leads nowhere."""
        record = context.own(event)
        entity, other = context.target(step.params["other"], event)
        if other is None or other == record.id or entity != record.entity:
            return {"record": record.id, "other": None}
        context.merge(record, other)
        return {"record": record.id, "other": other}

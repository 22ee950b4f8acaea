"""The step ``archive``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class Archive(StepPlugin):
    """Put the event's record away: set ``field`` (a yes/no field, ``archived`` unless named) so that views leave it out,
    or, with ``transition``, move it to the state a finished record rests in."""

    name = "archive"
    title: ClassVar[Mapping[str, str]] = {"zh": "归档", "en": "Archive"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "field": {
                "title": "用哪个字段标记",
                "x-en": {"title": "Field"},
                "type": "string",
                "default": "archived",
            },
            "transition": {
                "title": "用哪个流转",
                "x-en": {"title": "Transition"},
                "type": "string",
                "x-refers": "transition",
            },
        },
        "additionalProperties": False,
        "x-short": "field",
    }
    example = "archive: {transition: give_up}"

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """The record that was put away."""
        record = context.own(event)
        transition = step.params.get("transition")
        if transition:
            context.transition(record.entity, record.id, transition, {})
        else:
            context.update(record.entity, record.id, {step.params.get("field", "archived"): True})
        return {"record": record.id}

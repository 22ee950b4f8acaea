"""The step ``set``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class Set(StepPlugin):
    """Write fields of the event's own record. All values are computed before any is written."""

    name = "set"
    title: ClassVar[Mapping[str, str]] = {"zh": "填写字段", "en": "Set fields"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"format": "value"},
        "x-refers-keys": "field",
    }
    example = 'set: {first_call_at: "=now()", priority: A}'

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """The values written, as the trace keeps them."""
        record = context.own(event)
        values = context.values(step.params, event)
        context.update(record.entity, record.id, values)
        return {"record": record.id, "set": values}

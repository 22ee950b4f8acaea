"""The step ``update``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class Update(StepPlugin):
    """Write fields of another record: the one an expression leads to (``=customer``)."""

    name = "update"
    title: ClassVar[Mapping[str, str]] = {"zh": "修改另一条记录", "en": "Update another record"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "record": {"title": "哪条记录", "x-en": {"title": "Record"}, "format": "expression"},
            "set": {
                "title": "填写",
                "x-en": {"title": "Values"},
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"format": "value"},
                "x-keys-of": "record",
            },
        },
        "required": ["record", "set"],
        "additionalProperties": False,
    }
    example = 'update: {record: "=customer", set: {last_order_at: "=ordered_at"}}'

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """The record and the values written; nothing where the expression leads nowhere."""
        entity, target = context.target(step.params["record"], event)
        if target is None:
            return {"record": None}
        values = context.values(step.params["set"], event)
        context.update(entity, target, values)
        return {"entity": entity, "record": target, "set": values}

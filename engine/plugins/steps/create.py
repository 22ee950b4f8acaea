"""The step ``create``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class Create(StepPlugin):
    """Make a record of any entity, by that entity's own rules."""

    name = "create"
    title: ClassVar[Mapping[str, str]] = {"zh": "新建记录", "en": "Create a record"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "entity": {"title": "哪类记录", "x-en": {"title": "Entity"}, "type": "string", "x-refers": "entity"},
            "set": {
                "title": "填写",
                "x-en": {"title": "Values"},
                "type": "object",
                "additionalProperties": {"format": "value"},
                "x-refers-keys": "field",
            },
        },
        "required": ["entity"],
        "additionalProperties": False,
        "x-of": "entity",
    }
    example = 'create: {entity: task, set: {subject: "回访 {{ company }}", owner: "=owner"}}'

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """The new record's entity and id."""
        record = context.create(step.params["entity"], context.values(step.params.get("set", {}), event))
        return {"entity": record.entity, "record": record.id}

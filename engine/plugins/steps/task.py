"""The step ``task``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class Task(StepPlugin):
    """Ask somebody to do something by a time: a record of the ``task`` entity."""

    name = "task"
    title: ClassVar[Mapping[str, str]] = {"zh": "派任务", "en": "Give a task"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "subject": {"title": "事项", "x-en": {"title": "Subject"}, "format": "template"},
            "to": {"title": "派给谁", "x-en": {"title": "To"}, "format": "value"},
            "within": {"title": "多久内完成", "x-en": {"title": "Within"}, "format": "duration"},
            "set": {
                "title": "其他字段",
                "x-en": {"title": "Other fields"},
                "type": "object",
                "additionalProperties": {"format": "value"},
            },
        },
        "required": ["subject", "to"],
        "additionalProperties": False,
    }
    example = 'task: {subject: "上门看 {{ company }}", to: "=owner", within: 2d}'

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """The ids of the tasks made, one for each person."""
        subject = context.text(step.params["subject"], event)
        values = context.values(step.params.get("set", {}), event)
        if step.params.get("within") is not None:
            values["due_at"] = context.now + step.params["within"].delta
        made = []
        for user in context.users(step.params["to"], event):
            made.append(context.create("task", {**values, "subject": subject, "owner": user}).id)
        return {"tasks": made}

"""The step ``notify``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import StepPlugin


class Notify(StepPlugin):
    """Tell people: one notification each inside the product. ``via`` names the channels wanted beside it, which are kept on
    the notification for whoever carries them."""

    name = "notify"
    title: ClassVar[Mapping[str, str]] = {"zh": "通知", "en": "Notify"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "to": {"title": "通知谁", "x-en": {"title": "To"}, "format": "value"},
            "template": {"title": "模板", "x-en": {"title": "Template"}, "type": "string", "x-refers": "template"},
            "title": {"title": "标题", "x-en": {"title": "Title"}, "format": "template"},
            "text": {"title": "内容", "x-en": {"title": "Text"}, "format": "template"},
            "via": {
                "title": "渠道",
                "x-en": {"title": "Channels"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
            },
        },
        "required": ["to"],
        "additionalProperties": False,
    }
    example = 'notify: {to: ["=owner", "=owner.manager"], title: "{{ company }} 超时了"}'

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """How many people were told, and who."""
        users = context.users(step.params["to"], event)
        if not users:
            return {"told": []}
        title, body = "", ""
        if step.params.get("template"):
            title, body = context.words(step.params["template"], event)
        if step.params.get("title") is not None:
            title = context.text(step.params["title"], event)
        if step.params.get("text") is not None:
            body = context.text(step.params["text"], event)
        via = step.params.get("via", ())
        context.notify(users, title or context.named(event), body, event, (via,) if isinstance(via, str) else via)
        return {"told": list(users)}

"""The step ``send``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.terms import Step
from engine.plugins.slots import OutsideStep


class Send(OutsideStep):
    """Send content to a customer through a connection (e-mail): a template, or a subject and a text of its own. Every attempt
    carries the same Message-ID, so that a repeat can be told."""

    name = "send"
    title: ClassVar[Mapping[str, str]] = {"zh": "发给客户", "en": "Send to a customer"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "to": {"title": "发给谁", "x-en": {"title": "To"}, "format": "value"},
            "via": {"title": "连接", "x-en": {"title": "Via"}, "type": "string", "x-refers": "connection"},
            "template": {"title": "模板", "x-en": {"title": "Template"}, "type": "string", "x-refers": "template"},
            "subject": {"title": "主题", "x-en": {"title": "Subject"}, "format": "template"},
            "text": {"title": "内容", "x-en": {"title": "Text"}, "format": "template"},
        },
        "required": ["to", "via"],
        "additionalProperties": False,
    }
    example = 'send: {to: "=email", via: mail, template: after_proposal}'

    def prepare(self, context: Any, step: Step, event: Event) -> Sequence[Mapping[str, Any]]:
        """One message for each address; none where the record has none."""
        subject, text = "", ""
        if step.params.get("template"):
            subject, text = context.words(step.params["template"], event)
        if step.params.get("subject") is not None:
            subject = context.text(step.params["subject"], event)
        if step.params.get("text") is not None:
            text = context.text(step.params["text"], event)
        found = context.value(step.params["to"], event)
        addresses = found if isinstance(found, list | tuple) else [found]
        title = subject or context.named(event)
        return [
            {"connection": step.params["via"], "to": str(each), "subject": title, "text": text}
            for each in addresses
            if each
        ]

    def perform(self, outside: Any, delivery: Mapping[str, Any], key: str) -> Any:
        """What the other side said."""
        connector, settings = outside.connection(delivery["connection"])
        return connector.send(settings, delivery, key)

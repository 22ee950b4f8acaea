"""The event ``opened``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class Opened(EventPlugin):
    """Tracked content was opened."""

    name = "opened"
    title: ClassVar[Mapping[str, str]] = {"zh": "对方打开", "en": "Opened"}
    source = "outside"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "template": {
                "title": "模板",
                "x-en": {"title": "Template"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
                "x-refers": "template",
            }
        },
        "additionalProperties": False,
    }
    example = "when: {event: opened, entity: lead, template: after_proposal}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "template")

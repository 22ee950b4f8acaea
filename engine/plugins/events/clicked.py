"""The event ``clicked``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class Clicked(EventPlugin):
    """A link in tracked content was followed."""

    name = "clicked"
    title: ClassVar[Mapping[str, str]] = {"zh": "对方点击", "en": "Clicked"}
    source = "outside"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "template": {
                "title": "模板",
                "x-en": {"title": "Template"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
                "x-refers": "template",
            },
            "link": {"title": "链接", "x-en": {"title": "Link"}, "type": "string"},
        },
        "additionalProperties": False,
    }
    example = "when: {event: clicked, entity: lead, template: after_proposal}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "template", "link")

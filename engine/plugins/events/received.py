"""The event ``received``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class Received(EventPlugin):
    """A connection took something in."""

    name = "received"
    title: ClassVar[Mapping[str, str]] = {"zh": "收到消息", "en": "Received"}
    source = "outside"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "connection": {
                "title": "连接",
                "x-en": {"title": "Connection"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
                "x-refers": "connection",
            }
        },
        "required": ["connection"],
        "additionalProperties": False,
    }
    example = "when: {event: received, connection: expo_scans}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "connection")

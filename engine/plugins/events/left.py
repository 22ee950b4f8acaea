"""The event ``left``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class Left(EventPlugin):
    """A record left a state."""

    name = "left"
    title: ClassVar[Mapping[str, str]] = {"zh": "离开状态", "en": "State left"}
    source = "record"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "state": {
                "title": "状态",
                "x-en": {"title": "State"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
                "x-refers": "state",
            },
            "machine": {
                "title": "状态机",
                "x-en": {"title": "State machine"},
                "type": "string",
                "x-refers": "state_machine",
            },
        },
        "required": ["state"],
        "additionalProperties": False,
    }
    example = "when: {event: left, entity: lead, state: new}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "state", "machine")

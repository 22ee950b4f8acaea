"""The event ``idle``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class Idle(EventPlugin):
    """A date-time field of a record has stood still for so long."""

    name = "idle"
    title: ClassVar[Mapping[str, str]] = {"zh": "一直没动", "en": "Idle"}
    source = "time"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "since": {"title": "从哪个时间起", "x-en": {"title": "Since"}, "type": "string", "x-refers": "field"},
            "for": {"title": "多久", "x-en": {"title": "For"}, "format": "duration"},
            "where": {"title": "条件", "x-en": {"title": "Condition"}, "format": "condition"},
        },
        "required": ["since", "for"],
        "additionalProperties": False,
    }
    example = "when: {event: idle, entity: lead, since: last_action_at, for: 3d}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "since")

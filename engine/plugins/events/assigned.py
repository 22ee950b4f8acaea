"""The event ``assigned``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class Assigned(EventPlugin):
    """A record got an owner. ``rule``: only by this assignment."""

    name = "assigned"
    title: ClassVar[Mapping[str, str]] = {"zh": "已分配", "en": "Assigned"}
    source = "record"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "rule": {
                "title": "分配规则",
                "x-en": {"title": "Rule"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
                "x-refers": "assignment",
            }
        },
        "additionalProperties": False,
    }
    example = "when: {event: assigned, entity: lead}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "rule")

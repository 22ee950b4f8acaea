"""The event ``duplicate_found``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class DuplicateFound(EventPlugin):
    """A record looks like one that is there already. ``rule``: only by this rule."""

    name = "duplicate_found"
    title: ClassVar[Mapping[str, str]] = {"zh": "发现重复", "en": "Duplicate found"}
    source = "record"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "rule": {
                "title": "查重规则",
                "x-en": {"title": "Rule"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
            }
        },
        "additionalProperties": False,
    }
    example = "when: {event: duplicate_found, entity: lead, rule: same_person}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "rule")

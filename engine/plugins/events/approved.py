"""The event ``approved``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class Approved(EventPlugin):
    """A transition that needed approval was approved."""

    name = "approved"
    title: ClassVar[Mapping[str, str]] = {"zh": "审批通过", "en": "Approved"}
    source = "record"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "transition": {
                "title": "流转",
                "x-en": {"title": "Transition"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
                "x-refers": "transition",
            },
            "machine": {
                "title": "状态机",
                "x-en": {"title": "State machine"},
                "type": "string",
                "x-refers": "state_machine",
            },
        },
        "additionalProperties": False,
    }
    example = "when: {event: approved, entity: lead, transition: sign}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "transition", "machine")

"""How an event is held against a trigger's parameters, and what events of states and of transitions ask. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.slots import EventPlugin


def matches(params: Mapping[str, Any], event: Event, *keys: str) -> bool:
    """True when each of these parameters is left out, equals the event's own value, or lists it."""
    for key in keys:
        wanted = params.get(key)
        if wanted is None:
            continue
        given = event.data.get(key)
        if given not in wanted if isinstance(wanted, (tuple, list)) else given != wanted:
            return False
    return True


class OfState(EventPlugin):
    """An event of a state: which one, and of which machine."""

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

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "state", "machine")


class OfTransition(EventPlugin):
    """An event of a transition: which one, and of which machine; any where nothing is said."""

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

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "transition", "machine")

"""The event ``changed``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.slots import EventPlugin


class Changed(EventPlugin):
    """A record was saved with other values. ``fields``: only when one of these changed."""

    name = "changed"
    title: ClassVar[Mapping[str, str]] = {"zh": "修改", "en": "Changed"}
    source = "record"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "fields": {
                "title": "哪些字段",
                "x-en": {"title": "Fields"},
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
                "x-refers": "field",
            }
        },
        "additionalProperties": False,
    }
    example = "when: {event: changed, entity: lead, fields: [industry]}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        fields = params.get("fields")
        return not fields or not event.old.keys().isdisjoint(fields)

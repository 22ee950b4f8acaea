"""The event ``deleted``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.slots import EventPlugin


class Deleted(EventPlugin):
    """A record was put into the trash."""

    name = "deleted"
    title: ClassVar[Mapping[str, str]] = {"zh": "删除", "en": "Deleted"}
    source = "record"
    params: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}, "additionalProperties": False}
    example = "when: {event: deleted, entity: lead}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return True

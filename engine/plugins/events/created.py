"""The event ``created``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.slots import EventPlugin


class Created(EventPlugin):
    """A record was made: by a person, an import, a connection or a step."""

    name = "created"
    title: ClassVar[Mapping[str, str]] = {"zh": "新建", "en": "Created"}
    source = "record"
    params: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}, "additionalProperties": False}
    example = "when: {event: created, entity: lead}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return True

"""The event ``published``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.slots import EventPlugin


class Published(EventPlugin):
    """A new revision of the site became current."""

    name = "published"
    title: ClassVar[Mapping[str, str]] = {"zh": "发布", "en": "Published"}
    source = "outside"
    params: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}, "additionalProperties": False}
    example = "when: {event: published}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return True

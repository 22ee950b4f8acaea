"""The event ``metric``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class Metric(EventPlugin):
    """A metric has been above or below a line (for so long)."""

    name = "metric"
    title: ClassVar[Mapping[str, str]] = {"zh": "指标越线", "en": "Metric"}
    source = "time"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "metric": {"title": "指标", "x-en": {"title": "Metric"}, "type": "string", "x-refers": "metric"},
            "above": {"title": "高于", "x-en": {"title": "Above"}, "$ref": "common.schema.json#/$defs/share"},
            "below": {"title": "低于", "x-en": {"title": "Below"}, "$ref": "common.schema.json#/$defs/share"},
            "for": {"title": "持续", "x-en": {"title": "For"}, "format": "duration"},
        },
        "required": ["metric"],
        "additionalProperties": False,
    }
    example = "when: {event: metric, metric: lead_activation_rate, below: 50%, for: 2d}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "metric")

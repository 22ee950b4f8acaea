"""The event ``sla_warning``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class SlaWarning(EventPlugin):
    """Most of a promise's time is used up (its ``warn_at``)."""

    name = "sla_warning"
    title: ClassVar[Mapping[str, str]] = {"zh": "时限预警", "en": "SLA warning"}
    source = "time"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "sla": {
                "title": "时限承诺",
                "x-en": {"title": "SLA"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
                "x-refers": "sla",
            }
        },
        "additionalProperties": False,
    }
    example = "when: {event: sla_warning, entity: lead, sla: golden_2h}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "sla")

"""The event ``sla_breached``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class SlaBreached(EventPlugin):
    """A promise's time is over. ``step``: only at this escalation; without it, at the target itself."""

    name = "sla_breached"
    title: ClassVar[Mapping[str, str]] = {"zh": "时限超时", "en": "SLA breached"}
    source = "time"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "sla": {
                "title": "时限承诺",
                "x-en": {"title": "SLA"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
                "x-refers": "sla",
            },
            "step": {"title": "哪一步", "x-en": {"title": "Step"}, "type": "string"},
        },
        "additionalProperties": False,
    }
    example = "when: {event: sla_breached, entity: lead, sla: golden_2h}"

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "sla") and params.get("step", "due") == event.data.get("step", "due")

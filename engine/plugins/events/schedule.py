"""The event ``schedule``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from engine.facts import Event
from engine.plugins.events.matching import matches
from engine.plugins.slots import EventPlugin


class Schedule(EventPlugin):
    """At the times of a cron expression, in the site's time zone. ``each``: once for every record of an entity that satisfies
    ``where``. ``missed``: of the times that passed while nothing ran, run the last (unless said), all, or none."""

    name = "schedule"
    title: ClassVar[Mapping[str, str]] = {"zh": "定时", "en": "Schedule"}
    source = "time"
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "cron": {"title": "cron 表达式", "x-en": {"title": "Cron"}, "type": "string", "examples": ["0 9 * * 5"]},
            "each": {"title": "逐条", "x-en": {"title": "Each"}, "type": "string", "x-refers": "entity"},
            "where": {"title": "条件", "x-en": {"title": "Condition"}, "format": "condition"},
            "missed": {
                "title": "错过了怎么办",
                "x-en": {"title": "When missed"},
                "type": "string",
                "enum": ["run_last", "run_all", "skip"],
                "default": "run_last",
            },
        },
        "required": ["cron"],
        "additionalProperties": False,
    }
    example = 'when: {event: schedule, cron: "0 17 * * 5", each: lead, where: "stage == \'paused\'"}'

    def fires(self, params: Mapping[str, Any], event: Event) -> bool:
        """True when the event matches the trigger's parameters."""
        return matches(params, event, "cron")

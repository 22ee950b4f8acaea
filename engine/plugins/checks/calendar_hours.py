"""The check ``calendar_hours``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem
from engine.model.calendar import Calendar
from engine.model.manifest import Manifest
from engine.plugins.slots import Check


class CalendarHours(Check):
    """A calendar without a single working hour, or with spans that end before they begin or overlap."""

    name = "calendar_hours"
    title: ClassVar[Mapping[str, str]] = {"zh": "工作日历的时间", "en": "Hours of calendars"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L012 for an empty calendar, L017 for a bad span."""
        for calendar in manifest.calendars.values():
            if not any(calendar.open.values()):
                yield Problem("L012", calendar.where, parameters={"calendar": calendar.name})
            yield from spans(calendar)


def spans(calendar: Calendar) -> Iterator[Problem]:
    """L017 for every span that is turned round or overlaps the one before it."""
    for day, given in calendar.open.items():
        last = ""
        for span in sorted(given):
            start, _, end = span.partition("-")
            if end <= start or start < last:
                parameters = {"calendar": calendar.name, "day": day, "span": span}
                yield Problem("L017", calendar.where, parameters=parameters)
            last = max(last, end)

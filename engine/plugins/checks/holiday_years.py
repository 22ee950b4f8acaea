"""The check ``holiday_years``. Floor: 4."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from engine.clock import SystemClock
from engine.errors import Problem
from engine.model.manifest import Manifest
from engine.plugins.slots import Check

TABLES = Path(__file__).resolve().parents[2] / "runtime" / "holidays"


class HolidayYears(Check):
    """A calendar with public holidays that knows nothing of the current year."""

    name = "holiday_years"
    title: ClassVar[Mapping[str, str]] = {"zh": "放假安排的年份", "en": "Years of holidays"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L013 for each calendar; days listed by hand make a year known. The next year is asked for in December."""
        today = SystemClock().now().date()
        wanted = [today.year] if today.month < 12 else [today.year, today.year + 1]
        for calendar in manifest.calendars.values():
            if calendar.holidays in (None, "none"):
                continue
            known = years(calendar.holidays or "") | {int(day[:4]) for day in calendar.closed if day[:4].isdigit()}
            lacking = [year for year in wanted if year not in known]
            if lacking:
                listed = ", ".join(str(year) for year in lacking)
                yield Problem("L013", calendar.where, parameters={"calendar": calendar.name, "years": listed})


@functools.cache
def years(name: str) -> frozenset[int]:
    """The years a shipped table covers whole (a line's year without a tilde)."""
    path = TABLES / f"{name}.txt"
    if not name.isalnum() or not path.is_file():
        return frozenset()
    heads = (line.split(" ", 1)[0] for line in path.read_text("utf-8").splitlines() if line and line[0] != "#")
    return frozenset(int(head) for head in heads if head.isdigit() and int(head) <= dt.MAXYEAR)

"""The function ``ago``. Floor: 4."""

from __future__ import annotations

import calendar
import datetime as dt
import functools
from collections.abc import Sequence
from typing import Any

from engine.expression.types import DATETIME, Type
from engine.plugins.slots import Function


@functools.lru_cache(maxsize=64, typed=True)
def _before(now: dt.datetime, timezone: dt.tzinfo, **words: Any) -> dt.datetime:
    """The instant before by the calendar: a condition asks the same for every element of a list, in the same turn."""
    local = now.astimezone(timezone)
    months = local.year * 12 + local.month - 1 - int(words.get("years", 0)) * 12 - int(words.get("months", 0))
    year, month = divmod(months, 12)
    if year < 1:
        raise ValueError("before the year 1")
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    days = dt.timedelta(days=words.get("days", 0), weeks=words.get("weeks", 0))
    moved = local.replace(year=year, month=month + 1, day=day) - days
    return moved.astimezone(dt.UTC) - dt.timedelta(hours=words.get("hours", 0), minutes=words.get("minutes", 0))


class Ago(Function):
    """The instant some time before now: ``ago('7d')``, ``ago(param.window)``, ``ago(years=3, months=6)``.

    Years, months, weeks and days follow the calendar of the site's time zone (the same hour of that day; the last day of a
    shorter month); hours and minutes are exact."""

    name = "ago"
    title = {"zh": "之前", "en": "Ago"}
    signature = ("duration?",)
    keywords = {
        "years": "number",
        "months": "number",
        "weeks": "number",
        "days": "number",
        "hours": "number",
        "minutes": "number",
    }
    needs = ("now", "timezone")
    example = 'where: "ordered_at > ago(years=3)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """An instant."""
        return DATETIME

    def call(self, *arguments: Any, now: dt.datetime, timezone: dt.tzinfo, **words: Any) -> Any:
        """Now minus the span; empty when a part of it is empty."""
        if None in arguments or None in words.values():
            return None
        moved = _before(now, timezone, **words)
        return moved - arguments[0] if arguments else moved

    def sql(self, dialect: str, *arguments: Any, now: Any, types: Any, timezone: Any, **words: Any) -> Any:
        """Only a span that differs from row to row comes here; the calendar's words do not."""
        return now - arguments[0] if arguments and not words else NotImplemented

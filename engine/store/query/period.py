"""Hours, days, weeks, months, quarters and years in the site's time zone, for people and for SQL. Floor: 3.

Instants rest as microseconds since 1970 in UTC. A bucket is a number: hours or days since 1970-01-01, weeks since the
Monday before it, months, quarters or years since year 0, so that grouping compares integers and the database needs no
time zone tables. A bucket's start is a date, an hour's a local datetime without zone.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

EACH = ("hour", "day", "week", "month", "quarter", "year")
#: How many months one bucket has.
MONTHS = {"month": 1, "quarter": 3, "year": 12}

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = dt.date(1970, 1, 1)
MONDAY = dt.date(1969, 12, 29)
MICROSECOND = dt.timedelta(microseconds=1)
DAY = 86_400_000_000
HOUR = 3_600_000_000
#: Added before a division and taken away after it, so that instants before 1970 round down too: 400 years of days.
SHIFT = 146_097


def microseconds(instant: dt.datetime) -> int:
    """An aware instant as it is stored."""
    return (instant - EPOCH) // MICROSECOND


def instant_of(stored: int) -> dt.datetime:
    """A stored instant as an aware datetime in UTC."""
    return EPOCH + dt.timedelta(microseconds=stored)


def midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """The instant the day begins in that zone (the first one, where the clock is turned back)."""
    return dt.datetime.combine(day, dt.time(), zone).astimezone(UTC)


@functools.lru_cache(maxsize=64)
def offsets(zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """(from this stored instant on, microseconds ahead of UTC), oldest first, for 1990 to 2060.

    Most zones of the world have one entry here and cost the database one addition.
    """
    found: list[tuple[int, int]] = []
    here, end = dt.datetime(1993, 1, 1, tzinfo=UTC), dt.datetime(2060, 1, 1, tzinfo=UTC)
    before = None
    while here < end:
        ahead = _ahead(here, zone)
        if before is not None and ahead != before:
            low, high = here - dt.timedelta(days=7), here
            while high - low > MICROSECOND * 1_000_000:
                middle = low + (high - low) / 2
                middle = middle.replace(microsecond=0)
                if middle <= low:
                    break
                low, high = (low, middle) if _ahead(middle, zone) == ahead else (middle, high)
            found.append((microseconds(high), ahead))
        elif before is None:
            found.append((-(2**62), ahead))
        before = ahead
        here += dt.timedelta(days=7)
    return tuple(found)


def _ahead(instant: dt.datetime, zone: ZoneInfo) -> int:
    offset = instant.astimezone(zone).utcoffset() or dt.timedelta()
    return offset // MICROSECOND


def _number(value: int) -> sa.ColumnElement[int]:
    # Written into the statement, not bound: PostgreSQL must see the same text in SELECT and GROUP BY.
    return sa.literal_column(str(value), sa.BigInteger())


def local(column: Any, zone: ZoneInfo) -> sa.ColumnElement[int]:
    """A stored instant as microseconds of local time."""
    known = offsets(zone)
    if len(known) == 1:
        return column + _number(known[0][1])  # type: ignore[no-any-return]
    cases = [(column >= _number(start), _number(ahead)) for start, ahead in reversed(known[1:])]
    return column + sa.case(*cases, else_=_number(known[0][1]))  # type: ignore[no-any-return]


def day_number(column: Any, kind: str, zone: ZoneInfo, dialect: str) -> sa.ColumnElement[int]:
    """Days since 1970-01-01 of a stored instant (``kind`` datetime) or of a stored date."""
    if kind == "datetime":
        return (local(column, zone) + _number(SHIFT * DAY)) // _number(DAY) - _number(SHIFT)
    if dialect == "sqlite":
        return sa.cast(sa.func.julianday(column) - sa.literal_column("2440587.5"), sa.BigInteger())
    return sa.cast(sa.cast(column, sa.Date()) - sa.literal_column("DATE '1970-01-01'"), sa.BigInteger())


def bucket(column: Any, kind: str, each: str, zone: ZoneInfo, dialect: str) -> sa.ColumnElement[int]:
    """The number of the bucket a stored instant (``kind`` datetime) or date falls in; a date has no hour but its first."""
    if each == "hour" and kind == "datetime":
        return (local(column, zone) + _number(SHIFT * DAY)) // _number(HOUR) - _number(SHIFT * 24)
    days = day_number(column, kind, zone, dialect)
    if each == "hour":
        return days * _number(24)
    if each == "day":
        return days
    if each == "week":
        return (days + _number(3 + SHIFT // 7 * 7)) // _number(7) - _number(SHIFT // 7)
    return _month(column, kind, days, dialect) // _number(MONTHS[each])


def _month(column: Any, kind: str, days: sa.ColumnElement[int], dialect: str) -> sa.ColumnElement[int]:
    if dialect == "sqlite":
        when = sa.func.date(days * _number(86_400), "unixepoch") if kind == "datetime" else column
        year, month = sa.func.substr(when, 1, 4), sa.func.substr(when, 6, 2)
        return sa.cast(year, sa.BigInteger()) * _number(12) + sa.cast(month, sa.BigInteger()) - _number(1)
    day = sa.literal_column("DATE '1970-01-01'", sa.Date()) + sa.cast(days, sa.Integer())
    return sa.cast(sa.extract("year", day) * 12 + sa.extract("month", day) - 1, sa.BigInteger())


def start_of(each: str, number: int) -> dt.date:
    """Where a bucket begins."""
    if each == "hour":
        return dt.datetime.combine(FIRST_DAY, dt.time()) + dt.timedelta(hours=number)
    if each == "day":
        return FIRST_DAY + dt.timedelta(days=number)
    if each == "week":
        return MONDAY + dt.timedelta(days=7 * number)
    year, month = divmod(number * MONTHS[each], 12)
    return dt.date(year, month + 1, 1)


def number_of(each: str, day: dt.date) -> int:
    """The bucket a day (or a local datetime) falls in."""
    hour = day.hour if isinstance(day, dt.datetime) else 0
    if isinstance(day, dt.datetime):
        day = day.date()
    if each == "hour":
        return (day - FIRST_DAY).days * 24 + hour
    if each == "day":
        return (day - FIRST_DAY).days
    if each == "week":
        return (day - MONDAY).days // 7
    return (day.year * 12 + day.month - 1) // MONTHS[each]


def between(each: str, first: int, last: int) -> Iterator[dt.date]:
    """Where every bucket from number ``first`` to number ``last`` begins."""
    for number in range(first, last + 1):
        yield start_of(each, number)

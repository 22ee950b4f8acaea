"""Days, weeks and months in the site's time zone, for people and for SQL. Floor: 3.

Instants rest as microseconds since 1970 in UTC. A bucket is a number: days since 1970-01-01, weeks since the Monday before
it, or months since year 0, so that grouping compares integers and the database needs no time zone tables.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

EACH = ("day", "week", "month")

UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
FIRST_DAY = dt.date(1970, 1, 1)
MONDAY = dt.date(1969, 12, 29)
MICROSECOND = dt.timedelta(microseconds=1)
DAY = 86_400_000_000
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
    """The number of the day, week or month a stored instant or date falls in."""
    days = day_number(column, kind, zone, dialect)
    if each == "day":
        return days
    if each == "week":
        return (days + _number(3 + SHIFT // 7 * 7)) // _number(7) - _number(SHIFT // 7)
    if dialect == "sqlite":
        when = sa.func.date(days * _number(86_400), "unixepoch") if kind == "datetime" else column
        year, month = sa.func.substr(when, 1, 4), sa.func.substr(when, 6, 2)
        return sa.cast(year, sa.BigInteger()) * _number(12) + sa.cast(month, sa.BigInteger()) - _number(1)
    day = sa.literal_column("DATE '1970-01-01'", sa.Date()) + sa.cast(days, sa.Integer())
    return sa.cast(sa.extract("year", day) * 12 + sa.extract("month", day) - 1, sa.BigInteger())


def start_of(each: str, number: int) -> dt.date:
    """The first day of a bucket."""
    if each == "day":
        return FIRST_DAY + dt.timedelta(days=number)
    if each == "week":
        return MONDAY + dt.timedelta(days=7 * number)
    return dt.date(number // 12, number % 12 + 1, 1)


def number_of(each: str, day: dt.date) -> int:
    """The bucket a day falls in."""
    if each == "day":
        return (day - FIRST_DAY).days
    if each == "week":
        return (day - MONDAY).days // 7
    return day.year * 12 + day.month - 1


def days_of(each: str, start: dt.date) -> tuple[dt.date, dt.date]:
    """The bucket a day lies in as [first day, first day of the next bucket)."""
    number = number_of(each, start)
    return start_of(each, number), start_of(each, number + 1)


def between(each: str, first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The first day of every bucket from the one ``first`` lies in to the one ``last`` lies in."""
    for number in range(number_of(each, first), number_of(each, last) + 1):
        yield start_of(each, number)

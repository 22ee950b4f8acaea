"""Hours, days, weeks, months, quarters and years in the site's time zone, for people and for SQL. Floor: 3.

A bucket is a number: hours or days since 1970-01-01, weeks since the Monday before it, months, quarters or years since year
0, so that grouping compares integers and the database needs no time zone tables. A bucket's start is a date, an hour's a
local datetime without zone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from engine.expression.sql import dates

EACH = ("hour", "day", "week", "month", "quarter", "year")
#: How many months one bucket has.
MONTHS = {"month": 1, "quarter": 3, "year": 12}

MONDAY = dt.date(1969, 12, 29)
#: Whole weeks added before a division and taken away after it, so that days before 1970 round down too.
WEEKS = 100_000


def midnight(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """The instant the day begins in that zone (the first one, where the clock is turned back)."""
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def bucket(column: Any, kind: str, each: str, zone: dt.tzinfo, dialect: str) -> sa.ColumnElement[int]:
    """The number of the bucket a stored instant (``kind`` datetime) or date falls in; a date has no hour but its first."""
    days = dates.days(column, zone) if kind == "datetime" else dates.days_of(column, dialect)
    if each == "hour":
        return days * dates.number(24) + (dates.hour(column, zone) if kind == "datetime" else dates.number(0))
    if each == "day":
        return days
    if each == "week":
        weeks: sa.ColumnElement[int] = _divided(days + dates.number(3 + WEEKS * 7), 7) - dates.number(WEEKS)
        return weeks
    text = dates.date_of(days, dialect) if kind == "datetime" else column
    months = _digits(text, 1, 4) * dates.number(12) + _digits(text, 6, 2) - dates.number(1)
    found: sa.ColumnElement[int] = _divided(months, MONTHS[each])
    return found


def _digits(text: Any, start: int, length: int) -> Any:
    # Written into the statement: PostgreSQL has no substr for the 64-bit numbers that parameters are.
    places = (sa.literal_column(str(start), sa.Integer()), sa.literal_column(str(length), sa.Integer()))
    return sa.cast(sa.func.substr(text, *places), sa.BigInteger())


def _divided(value: Any, by: int) -> Any:
    # SQLAlchemy's // would add a floor(); both databases divide whole numbers as whole numbers.
    return value if by == 1 else value.op("/", precedence=8, return_type=sa.BigInteger())(dates.number(by))


def start_of(each: str, number: int) -> dt.date:
    """Where a bucket begins."""
    if each == "hour":
        return dt.datetime.combine(dates.FIRST_DAY, dt.time()) + dt.timedelta(hours=number)
    if each == "day":
        return dates.FIRST_DAY + dt.timedelta(days=number)
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
        return (day - dates.FIRST_DAY).days * 24 + hour
    if each == "day":
        return (day - dates.FIRST_DAY).days
    if each == "week":
        return (day - MONDAY).days // 7
    return (day.year * 12 + day.month - 1) // MONTHS[each]


def between(each: str, first: int, last: int) -> Iterator[dt.date]:
    """Where every bucket from number ``first`` to number ``last`` begins."""
    for number in range(first, last + 1):
        yield start_of(each, number)

"""Days, hours and months of stored instants in the site's time zone, in SQL. Floor: 2.

Instants rest as microseconds since 1970 in UTC, dates as ISO text. A zone with one offset costs one addition; one that
changes its clocks a search over its changes from 1970 to 2060, written into the statement, so that neither database
needs time zone tables of its own.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
FIRST_DAY = dt.date(1970, 1, 1)
MICROSECOND = dt.timedelta(microseconds=1)
HOUR = 3_600_000_000
DAY = 24 * HOUR
#: Added before a division and taken away after it, so that instants before 1970 round down too.
SHIFT = 1_000_000


def microseconds(instant: dt.datetime) -> int:
    """An aware instant as it is stored."""
    return (instant - EPOCH) // MICROSECOND


def number(value: int) -> sa.ColumnElement[int]:
    """A whole number written into the statement: PostgreSQL must see the same text in SELECT and GROUP BY."""
    return sa.literal_column(str(value), sa.BigInteger())


@functools.lru_cache(maxsize=64)
def offsets(zone: dt.tzinfo) -> tuple[tuple[int, int], ...]:
    """(from this stored instant on, microseconds ahead of UTC), oldest first."""
    here, end, week = EPOCH, dt.datetime(2060, 1, 1, tzinfo=dt.UTC), dt.timedelta(days=7)
    known = [(-(2**62), _ahead(here, zone))]
    while here < end:
        after = here + week
        if _ahead(after, zone) != known[-1][1]:
            low, high = int(here.timestamp()), int(after.timestamp())
            while high - low > 1:
                middle = (low + high) // 2
                changed = _ahead(dt.datetime.fromtimestamp(middle, dt.UTC), zone) != known[-1][1]
                low, high = (low, middle) if changed else (middle, high)
            known.append((high * 1_000_000, _ahead(dt.datetime.fromtimestamp(high, dt.UTC), zone)))
        here = after
    return tuple(known)


def _ahead(instant: dt.datetime, zone: dt.tzinfo) -> int:
    return (instant.astimezone(zone).utcoffset() or dt.timedelta()) // MICROSECOND


def local(instant: sa.ColumnElement[Any], zone: dt.tzinfo, shift: int = 0) -> sa.ColumnElement[int]:
    """A stored instant as microseconds of local time, with ``shift`` more of them (one addition for both)."""
    known = [(start, ahead + shift) for start, ahead in offsets(zone)]
    if len(known) == 1:
        return instant + number(known[0][1])
    return instant + _search(instant, known)


def _search(instant: sa.ColumnElement[Any], known: Sequence[tuple[int, int]]) -> sa.ColumnElement[int]:
    if len(known) <= 16:  # newest first: most instants are recent
        cases = [(instant >= number(start), number(ahead)) for start, ahead in reversed(known[1:])]
        return sa.case(*cases, else_=number(known[0][1])) if cases else number(known[0][1])
    middle = len(known) // 2
    later = _search(instant, known[middle:])
    return sa.case((instant >= number(known[middle][0]), later), else_=_search(instant, known[:middle]))


def days(instant: sa.ColumnElement[Any], zone: dt.tzinfo) -> sa.ColumnElement[int]:
    """Days from 1970-01-01 to the local day of a stored instant."""
    return _over(local(instant, zone, SHIFT * DAY), DAY) - number(SHIFT)


def _over(value: sa.ColumnElement[int], by: int) -> sa.ColumnElement[int]:
    # SQLAlchemy's // would add a floor(); both databases divide whole numbers as whole numbers.
    return value.op("/", precedence=8, return_type=sa.BigInteger())(number(by))


def hour(instant: sa.ColumnElement[Any], zone: dt.tzinfo) -> sa.ColumnElement[int]:
    """The local hour of a stored instant, 0 to 23."""
    return remainder(_over(local(instant, zone, SHIFT * DAY), HOUR), 24)


def remainder(value: sa.ColumnElement[int], by: int) -> sa.ColumnElement[int]:
    """``value`` modulo ``by`` for values that are not negative."""
    return value.op("%", precedence=8, return_type=sa.BigInteger())(number(by))


def weekday(day: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """1 for Monday to 7 for Sunday, of a number of days since 1970-01-01."""
    return remainder(day + number(3 + SHIFT * 7), 7) + number(1)


def days_of(date: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[int]:
    """Days from 1970-01-01 to a stored date."""
    if dialect == "sqlite":
        return sa.cast(sa.func.julianday(date) - sa.literal_column("2440587.5"), sa.BigInteger())
    return sa.cast(sa.cast(date, sa.Date()) - sa.literal_column("DATE '1970-01-01'"), sa.BigInteger())


def date_of(day: sa.ColumnElement[int], dialect: str) -> sa.ColumnElement[str]:
    """The stored date of a number of days since 1970-01-01."""
    if dialect == "sqlite":
        return sa.func.date(day * number(86_400), "unixepoch", type_=sa.Text())
    date = sa.literal_column("DATE '1970-01-01'", sa.Date()) + sa.cast(day, sa.Integer())
    return sa.func.to_char(date, sa.literal_column("'YYYY-MM-DD'"), type_=sa.Text())


def month(date: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """The month of a stored date, 1 to 12."""
    return sa.cast(sa.func.substr(date, 6, 2), sa.BigInteger())

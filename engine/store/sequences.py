"""Running numbers: ``LD-{yyyy}{mm}-{0001}``. Floor: 3."""

from __future__ import annotations

import datetime as dt
import re

from engine.store.connection import Connection

_PART = re.compile(r"\{(yyyy|yy|mm|dd|0*\d*)\}")

NEXT = (
    'INSERT INTO fl_sequences (name, period, "last") VALUES (?, ?, ?) '
    'ON CONFLICT (name, period) DO UPDATE SET "last" = fl_sequences."last" + ? RETURNING "last"'
)


def next_number(connection: Connection, name: str, pattern: str, local: dt.datetime | dt.date) -> str:
    """The next number of the sequence ``name``; ``local`` is today where the site is.

    The count starts again whenever the written date does. Numbers are never given twice; a turn that is taken back leaves no hole.
    """
    return next_numbers(connection, name, pattern, local, 1)[0]


def next_numbers(
    connection: Connection, name: str, pattern: str, local: dt.datetime | dt.date, count: int
) -> list[str]:
    """The next ``count`` numbers, in order."""
    period = _fill(pattern, local, None)
    last = int(connection.scalar(NEXT, (name, period, count, count)))
    return [_fill(pattern, local, number) for number in range(last - count + 1, last + 1)]


def _fill(pattern: str, local: dt.datetime | dt.date, number: int | None) -> str:
    dates = {
        "yyyy": f"{local.year:04d}",
        "yy": f"{local.year % 100:02d}",
        "mm": f"{local.month:02d}",
        "dd": f"{local.day:02d}",
    }

    def part(match: re.Match[str]) -> str:
        word = match[1]
        if word in dates:
            return dates[word]
        return "#" if number is None else str(number).zfill(len(word))

    return _PART.sub(part, pattern)

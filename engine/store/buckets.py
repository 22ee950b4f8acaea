"""How much may be sent to an outside system, asked of it or taken from it in a minute, and how much at once, counted for all
processes together. Floor: 3.

A bucket holds at most a minute's tokens and fills steadily; each sending takes one. How many are sending now is read from the
jobs themselves, so that a worker that was killed leaves nothing blocked once its lease has run out.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from engine.store.connection import Connection
from engine.store.encode import micros

#: One token, in the units that are kept.
TOKEN = 1_000_000
MINUTE = 60_000_000


def admit(
    connection: Connection,
    name: str,
    job: int,
    now: dt.datetime,
    *,
    per_minute: int | None = None,
    at_once: int | None = None,
) -> dt.datetime | None:
    """None when the job may send through ``name`` now (and is counted until it ends), else when to ask again."""
    at = micros(now)
    tokens = _opened(connection, name, at, per_minute)
    if at_once is not None:
        busy = connection.scalar(
            "SELECT COUNT(*) FROM fl_jobs WHERE state = 'running' AND uses = ? AND lease_until >= ? AND id <> ?",
            (name, at, job),
        )
        if int(busy) >= at_once:
            return now + dt.timedelta(milliseconds=random.uniform(200, 700))
    if per_minute is not None:
        if tokens < TOKEN:
            return _filled(now, tokens, per_minute)
        _keep(connection, name, at, tokens - TOKEN)
    connection.execute("UPDATE fl_jobs SET uses = ? WHERE id = ?", (name, job))
    return None


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many tokens were ``taken``; none: when to ask ``again``."""

    taken: int
    again: dt.datetime | None = None


def draw(connection: Connection, name: str, now: dt.datetime, per_minute: int, most: int = 1) -> Drawn:
    """Up to ``most`` tokens, whoever they are for."""
    at = micros(now)
    tokens = _opened(connection, name, at, per_minute)
    taken = min(most, tokens // TOKEN)
    if not taken:
        return Drawn(0, _filled(now, tokens, per_minute))
    _keep(connection, name, at, tokens - taken * TOKEN)
    return Drawn(taken)


def _opened(connection: Connection, name: str, at: int, per_minute: int | None) -> int:
    """What is in the bucket now; nobody else takes from it before this transaction ends."""
    full = (per_minute or 1) * TOKEN
    connection.execute(
        "INSERT INTO fl_buckets (name, tokens, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (name, full, at)
    )
    # The update locks the row: whoever asks next waits for this answer.
    connection.execute("UPDATE fl_buckets SET at = at WHERE name = ?", (name,))
    row = connection.one("SELECT tokens, at FROM fl_buckets WHERE name = ?", (name,))
    assert row is not None
    # A clock that was set back fills nothing and takes nothing away.
    return int(min(full, row[0] + max(0, at - row[1]) * (per_minute or 1) * TOKEN // MINUTE))


def _filled(now: dt.datetime, tokens: int, per_minute: int) -> dt.datetime:
    """When there will be a whole token."""
    return now + dt.timedelta(microseconds=(TOKEN - tokens) * MINUTE // (per_minute * TOKEN) + 1)


def _keep(connection: Connection, name: str, at: int, tokens: int) -> None:
    connection.execute("UPDATE fl_buckets SET tokens = ?, at = ? WHERE name = ?", (tokens, at, name))

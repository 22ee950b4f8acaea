"""What was dropped is only set aside: for 30 days it can come back. Floor: 3."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from engine.errors import NotFound, Problem
from engine.store.connection import Connection
from engine.store.encode import instant, micros

#: How long it is kept.
KEPT = dt.timedelta(days=30)
SELECT = "SELECT id, entity, field, place, was, at, records FROM fl_dropped"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A field (or, with an empty ``field``, an entity) set aside. ``place`` is the column or table it lies in now,
    ``was`` its type."""

    id: int
    entity: str
    field: str
    place: str
    was: str
    at: dt.datetime
    records: int


def keep(connection: Connection, entity: str, field: str, place: str, was: str, records: int, now: dt.datetime) -> None:
    """Note what was set aside, and where."""
    connection.execute(
        "INSERT INTO fl_dropped (entity, field, place, was, at, records, state) VALUES (?, ?, ?, ?, ?, ?, 'kept')",
        (entity, field or None, place, was, micros(now), records),
    )


def dropped(connection: Connection) -> list[Dropped]:
    """What can still come back, newest first."""
    return [_one(row) for row in connection.execute(f"{SELECT} WHERE state = 'kept' ORDER BY id DESC")]


def restore(connection: Connection, id: int) -> Dropped:
    """Put a column back in its place; the place must be free. Raises NotFound when it is not kept (any more)."""
    row = connection.one(f"{SELECT} WHERE id = ? AND state = 'kept'", (id,))
    if row is None:
        raise NotFound(Problem("M022", parameters={"id": id}))
    found = _one(row)
    if found.was.startswith("links:"):
        connection.execute(f'ALTER TABLE "{found.place}" RENAME TO "{found.entity}__{found.field}"')
    elif not found.field:
        connection.execute(f'ALTER TABLE "{found.place}" RENAME TO "{found.entity}"')
    else:
        connection.execute(f'ALTER TABLE "{found.entity}" RENAME COLUMN "{found.place}" TO "{found.field}"')
    connection.execute("UPDATE fl_dropped SET state = 'restored' WHERE id = ?", (id,))
    return found


def purge(connection: Connection, now: dt.datetime) -> int:
    """Really remove what was dropped more than 30 days ago; how many fields and entities."""
    rows = connection.execute(f"{SELECT} WHERE state = 'kept' AND at < ?", (micros(now - KEPT),))
    for row in rows:
        one = _one(row)
        if not one.field or one.was.startswith("links:"):
            cascade = " CASCADE" if connection.dialect == "postgresql" else ""
            connection.execute(f'DROP TABLE "{one.place}"{cascade}')
        elif connection.dialect == "sqlite" and ":" in one.was:
            # SQLite cannot take away a column with a foreign key; without its values it is only a name.
            connection.execute(f'UPDATE "{one.entity}" SET "{one.place}" = NULL WHERE "{one.place}" IS NOT NULL')
        else:
            connection.execute(f'ALTER TABLE "{one.entity}" DROP COLUMN "{one.place}"')
        connection.execute("UPDATE fl_dropped SET state = 'gone' WHERE id = ?", (one.id,))
    return len(rows)


def _one(row: tuple[Any, ...]) -> Dropped:
    id, entity, field, place, was, at, records = row
    return Dropped(id, entity, field or "", place, was, instant(at), records)

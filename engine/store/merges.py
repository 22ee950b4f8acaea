"""Merges as rows: which record went into which, and all that was moved, so that it can be taken back. Floor: 3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.store import columns as kind
from engine.store.connection import Connection
from engine.store.encode import from_text, instant, micros, moment, to_text

#: How far a chain of merges is followed.
FAR = 50
SELECT = "SELECT id, entity, record, other, title, at, by_user, state, undone_at, undone_by, data FROM fl_merges"


@dataclass(frozen=True, slots=True)
class Merge:
    """One merge: ``other`` went into ``record``. ``title`` is what the other was called, ``state`` done or undone, ``content``
    what was changed and moved (see ``engine.runtime.merging``)."""

    id: int
    entity: str
    record: int
    other: int
    title: str
    at: dt.datetime
    by_user: int | None
    state: str
    undone_at: dt.datetime | None
    undone_by: int | None
    content: Mapping[str, Any]


def build(metadata: sa.MetaData) -> None:
    """Lay the table into ``metadata``."""
    is_done = sa.text("state = 'done'")
    sa.Table(
        "fl_merges",
        metadata,
        sa.Column("id", kind.key(), primary_key=True, autoincrement=True),
        sa.Column("entity", kind.text(), nullable=False),
        sa.Column("record", kind.integer(), nullable=False),
        sa.Column("other", kind.integer(), nullable=False),
        sa.Column("title", kind.text()),
        sa.Column("at", kind.integer(), nullable=False),
        sa.Column("by_user", kind.integer()),
        sa.Column("state", kind.text(), nullable=False),
        sa.Column("undone_at", kind.integer()),
        sa.Column("undone_by", kind.integer()),
        sa.Column("data", kind.json()),
        sa.Index("ix_fl_merges_record", "record", "entity"),
        # A record goes into one other at a time, whoever merges.
        sa.Index("ux_fl_merges_other", "other", "entity", unique=True, sqlite_where=is_done, postgresql_where=is_done),
    )


def add(
    connection: Connection,
    entity: str,
    record: int,
    other: int,
    title: str,
    now: dt.datetime,
    user: int | None,
    content: Mapping[str, Any],
) -> int:
    """The number of a new merge."""
    return connection.insert(
        "INSERT INTO fl_merges (entity, record, other, title, at, by_user, state, data) VALUES (?, ?, ?, ?, ?, ?, 'done', ?)",
        (entity, record, other, title, micros(now), user, to_text(content)),
    )


def get(connection: Connection, number: int, *, lock: bool = False) -> Merge | None:
    """The merge, or None; ``lock`` keeps others from undoing it until the turn ends."""
    text = f"{SELECT} WHERE id = ?"
    if lock and connection.dialect == "postgresql":
        text += " FOR UPDATE"
    row = connection.one(text, (number,))
    return None if row is None else _merge(row)


def into(connection: Connection, entity: str, other: int) -> Merge | None:
    """The merge by which a record went away, while it holds."""
    row = connection.one(f"{SELECT} WHERE other = ? AND entity = ? AND state = 'done'", (other, entity))
    return None if row is None else _merge(row)


def of_record(connection: Connection, entity: str, record: int) -> list[Merge]:
    """What went into a record, the latest first, the undone included."""
    rows = connection.execute(f"{SELECT} WHERE record = ? AND entity = ? ORDER BY id DESC", (record, entity))
    return [_merge(row) for row in rows]


def moved_to(connection: Connection, entity: str, record: int) -> int | None:
    """Where a record is now that went into another one, over however many merges; None when it went nowhere."""
    found: int | None = None
    for _ in range(FAR):
        text = "SELECT record FROM fl_merges WHERE other = ? AND entity = ? AND state = 'done'"
        further = connection.scalar(text, (record if found is None else found, entity))
        if further is None:
            break
        found = int(further)
    return found


def gathered(connection: Connection, entity: str, record: int) -> list[int]:
    """Every record that is in this one now, over however many merges."""
    found: list[int] = []
    waiting = [record]
    while waiting and len(found) < FAR:
        text = "SELECT other FROM fl_merges WHERE record = ? AND entity = ? AND state = 'done' ORDER BY id"
        several = [int(other) for (other,) in connection.execute(text, (waiting.pop(), entity))]
        found += several
        waiting += several
    return found


def undo(connection: Connection, number: int, now: dt.datetime, user: int | None) -> bool:
    """True for the one who may take it back."""
    text = "UPDATE fl_merges SET state = 'undone', undone_at = ?, undone_by = ? WHERE id = ? AND state = 'done'"
    return connection.change(text, (micros(now), user, number)) == 1


def _merge(row: tuple[Any, ...]) -> Merge:
    number, entity, record, other, title, at, by_user, state, undone_at, undone_by, data = row
    return Merge(
        number, entity, record, other, title or "", instant(at), by_user, state, moment(undone_at), undone_by,
        from_text(data) or {},
    )  # fmt: skip

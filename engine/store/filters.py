"""Filters of lists people keep under a name, for themselves or for their team. Floor: 3."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from engine.store.connection import Connection
from engine.store.declared import table
from engine.store.encode import micros

SELECT = "SELECT id, entity, name, search, user_id, team FROM fl_filters"


@dataclass(frozen=True, slots=True)
class Filter:
    """One kept filter: ``search`` is what a list's address says (``f.source=in:expo&q=…``), ``team`` whose people see it, too."""

    id: int
    entity: str
    name: str
    search: str
    user: int
    team: int | None


def build(metadata: sa.MetaData) -> None:
    """Lay the table into ``metadata``."""
    table(
        metadata,
        "fl_filters",
        "id key, entity text!, name text!, search text!, user_id integer!, team integer, at integer!",
        sa.Index("ux_fl_filters_name", "user_id", "entity", "name", unique=True),
        sa.Index("ix_fl_filters_team", "team", "entity"),
    )


def seen(connection: Connection, entity: str, user: int, team: int | None) -> list[Filter]:
    """A person's own, in the order they were kept, then those of their team."""
    rows = connection.execute(
        f"{SELECT} WHERE entity = ? AND (user_id = ? OR team = ?) ORDER BY CASE WHEN user_id = ? THEN 0 ELSE 1 END, id",
        (entity, user, team, user),
    )
    return [Filter(*row) for row in rows]


def keep(
    connection: Connection, entity: str, name: str, search: str, user: int, team: int | None, now: dt.datetime
) -> Filter:
    """The filter as it is kept; one of that name is replaced."""
    connection.execute(
        "INSERT INTO fl_filters (entity, name, search, user_id, team, at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (user_id, entity, name) DO UPDATE SET search = excluded.search, team = excluded.team, at = excluded.at",
        (entity, name, search, user, team, micros(now)),
    )
    row = connection.one(f"{SELECT} WHERE user_id = ? AND entity = ? AND name = ?", (user, entity, name))
    assert row is not None
    return Filter(*row)


def count(connection: Connection, entity: str, user: int) -> int:
    """How many a person keeps for one entity."""
    text = "SELECT COUNT(*) FROM fl_filters WHERE user_id = ? AND entity = ?"
    return int(connection.scalar(text, (user, entity)))


def drop(connection: Connection, id: int, user: int) -> bool:
    """True when it was this person's; nobody else's goes."""
    return connection.change("DELETE FROM fl_filters WHERE id = ? AND user_id = ?", (id, user)) == 1

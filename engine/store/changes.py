"""A cheap counter of changes per entity, true across processes. Floor: 3.

Caches and live pages ask "did anything of this entity change since?" without reading it. The counter moves once for a
whole group of turns, inside their transaction, so it can never be ahead of or behind what is committed. On PostgreSQL
each stripe has a row of its own per entity; a sum still only grows, and commits do not queue for one hot row.
"""

from __future__ import annotations

from engine.store import stripes
from engine.store.connection import Connection

BUMP = (
    "INSERT INTO fl_changes (entity, stripe, n) VALUES (?, ?, 1) "
    "ON CONFLICT (entity, stripe) DO UPDATE SET n = fl_changes.n + 1"
)


def bump(connection: Connection) -> None:
    """Count this transaction for every entity it touched; called by the database just before the commit."""
    for entity in sorted(connection.touched):
        connection.execute(BUMP, (entity, stripes.own(connection)))


def count(connection: Connection, *entities: str) -> int:
    """The counter of these entities together, or of all: larger than before means something changed."""
    if not entities:
        return int(connection.scalar("SELECT COALESCE(SUM(n), 0) FROM fl_changes"))
    marks = ", ".join("?" * len(entities))
    return int(connection.scalar(f"SELECT COALESCE(SUM(n), 0) FROM fl_changes WHERE entity IN ({marks})", entities))


def counts(connection: Connection) -> dict[str, int]:
    """Every entity's counter."""
    rows = connection.execute("SELECT entity, SUM(n) FROM fl_changes GROUP BY entity")
    return {str(entity): int(n) for entity, n in rows}

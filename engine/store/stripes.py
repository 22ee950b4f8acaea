"""Numbers that commits write under, so that they need not wait for each other. Floor: 3.

The audit log's chains and the change counters are kept per number. SQLite has one writer and one number. On PostgreSQL a transaction
takes the first that no other has, late, and holds it until it is committed: with numbers given to connections for good, two processes
whose first connections got the same one wait for each other's disk at every commit.
"""

from __future__ import annotations

from engine.store.connection import Connection

COUNT = 16
#: The advisory locks' first number, PostgreSQL only.
LOCK = 7210
FREE = (
    f"SELECT (? + n) % {COUNT} FROM generate_series(0, {COUNT - 1}) AS n "
    f"WHERE pg_try_advisory_xact_lock({LOCK}, (? + n) % {COUNT}) LIMIT 1"
)
_OWN = object()


def own(connection: Connection) -> int:
    """The number this transaction has for itself from now to its end."""
    if connection.dialect == "sqlite":
        return 0
    # A savepoint that is taken back gives up its locks, and empties the cache.
    found: int | None = connection.cache.get(_OWN)
    if found is None:
        first = connection.first_stripe % COUNT
        found = connection.scalar(FREE, (first, first))
        if found is None:
            connection.execute("SELECT pg_advisory_xact_lock(?, ?)", (LOCK, first))
            found = first
        connection.cache[_OWN] = found
    return found

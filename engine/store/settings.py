"""Small facts about the database itself, by name: the current revision, the shape of its tables. Floor: 3."""

from __future__ import annotations

from typing import Any

from engine.store.connection import Connection
from engine.store.encode import from_text, to_text


def get(connection: Connection, name: str) -> Any:
    """The value kept under a name, or None."""
    return from_text(connection.scalar("SELECT value FROM fl_settings WHERE name = ?", (name,)))


def put(connection: Connection, name: str, value: Any) -> None:
    """Keep a value (JSON) under a name."""
    connection.execute(
        "INSERT INTO fl_settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, to_text(value)),
    )


def among(connection: Connection, prefix: str) -> dict[str, Any]:
    """Every value whose name begins so, by name."""
    rows = connection.execute(
        "SELECT name, value FROM fl_settings WHERE name >= ? AND name < ?", (prefix, prefix + "\U0010ffff")
    )
    return {name: from_text(value) for name, value in rows}


def drop(connection: Connection, name: str) -> None:
    """Keep nothing under that name any more."""
    connection.execute("DELETE FROM fl_settings WHERE name = ?", (name,))


def put_first(connection: Connection, name: str, value: Any) -> None:
    """Keep a value under a name that has none yet; what is there stays."""
    connection.execute(
        "INSERT INTO fl_settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (name, to_text(value))
    )

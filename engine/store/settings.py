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

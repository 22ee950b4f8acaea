"""Raw deliveries from outside, kept before anything is made of them. Floor: 3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.store.connection import Connection
from engine.store.encode import from_text, instant, micros, to_text

SELECT = 'SELECT id, connection, "key", received_at, state, headers, body, reason, entity, record FROM fl_inbox'


@dataclass(frozen=True, slots=True)
class Delivery:
    """``state``: new, done, or quarantined with its ``reason``."""

    id: int
    connection: str
    key: str
    received_at: dt.datetime
    state: str
    headers: Mapping[str, Any]
    body: bytes
    reason: str | None
    entity: str | None
    record: int | None


def receive(
    connection: Connection, name: str, key: str, body: bytes, now: dt.datetime, headers: Mapping[str, Any] | None = None
) -> bool:
    """Keep a delivery of the connection ``name``. False when one with this key came before: then nothing changes."""
    return (
        connection.change(
            'INSERT INTO fl_inbox (connection, "key", received_at, state, headers, body) '
            "VALUES (?, ?, ?, 'new', ?, ?) ON CONFLICT DO NOTHING",
            (name, key, micros(now), to_text(headers or {}), body),
        )
        == 1
    )


def get(connection: Connection, name: str, key: str) -> Delivery | None:
    """The delivery with that key, or None."""
    row = connection.one(f'{SELECT} WHERE connection = ? AND "key" = ?', (name, key))
    return None if row is None else _delivery(row)


def listed(connection: Connection, state: str, limit: int = 100) -> list[Delivery]:
    """Deliveries in a state, oldest first."""
    rows = connection.execute(f"{SELECT} WHERE state = ? ORDER BY received_at, id LIMIT ?", (state, limit))
    return [_delivery(row) for row in rows]


def done(
    connection: Connection, id: int, now: dt.datetime, entity: str | None = None, record: int | None = None
) -> None:
    """Something was made of it: this record, or nothing."""
    text = "UPDATE fl_inbox SET state = 'done', reason = NULL, entity = ?, record = ?, ended_at = ? WHERE id = ?"
    connection.execute(text, (entity, record, micros(now), id))


def quarantine(connection: Connection, id: int, reason: str, now: dt.datetime) -> None:
    """It cannot be used as it is: it waits for a person, with the reason."""
    text = "UPDATE fl_inbox SET state = 'quarantined', reason = ?, ended_at = ? WHERE id = ?"
    connection.execute(text, (reason, micros(now), id))


def _delivery(row: tuple[Any, ...]) -> Delivery:
    id, name, key, at, state, headers, body, reason, entity, record = row
    return Delivery(id, name, key, instant(at), state, from_text(headers) or {}, bytes(body), reason, entity, record)

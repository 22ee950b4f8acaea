"""The same request twice has one effect and one answer. Floor: 3."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from engine.store.connection import Connection
from engine.store.encode import from_text, micros, to_text

#: How long a key is remembered.
KEPT = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a key. ``state``: ``new`` (go on, then ``answer``), ``done`` (give ``answer`` again), ``other`` (the key was
    used for another request: 422) or ``running`` (the first is not finished: 409)."""

    state: str
    status: int | None = None
    answer: Any = None


def fingerprint(*parts: bytes | str) -> str:
    """A short mark of a request: method, path, body."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def begin(connection: Connection, scope: str, key: str, request: str, now: dt.datetime) -> Seen:
    """Take the key for this request, in the same turn as its effect, so that a failed turn gives it back.

    ``scope`` keeps the keys of different people apart; ``request`` is a fingerprint.
    """
    taken = connection.change(
        "INSERT INTO fl_idempotency (scope, \"key\", request, state, created_at) VALUES (?, ?, ?, 'running', ?) "
        "ON CONFLICT DO NOTHING",
        (scope, key, request, micros(now)),
    )
    if taken:
        return Seen("new")
    return look(connection, scope, key, request) or Seen("running")


def look(connection: Connection, scope: str, key: str, request: str) -> Seen | None:
    """What is known of a key without taking it; None when it is unknown."""
    row = connection.one(
        'SELECT request, state, status, answer FROM fl_idempotency WHERE scope = ? AND "key" = ?', (scope, key)
    )
    if row is None:
        return None
    if row[0] != request:
        return Seen("other")
    return Seen(row[1], row[2], from_text(row[3]))


def answer(connection: Connection, scope: str, key: str, status: int, answer: Any) -> None:
    """Keep the answer, in the same turn: whoever asks again gets it."""
    connection.execute(
        "UPDATE fl_idempotency SET state = 'done', status = ?, answer = ? WHERE scope = ? AND \"key\" = ?",
        (status, to_text(answer), scope, key),
    )


def forget(connection: Connection, now: dt.datetime) -> int:
    """Drop keys older than 30 days; how many."""
    return connection.change("DELETE FROM fl_idempotency WHERE created_at < ?", (micros(now - KEPT),))

"""Raw deliveries from outside, kept before anything is made of them. Floor: 3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.store.connection import Connection
from engine.store.encode import from_text, instant, micros, to_text

SELECT = (
    'SELECT id, connection, "key", received_at, state, headers, body, reason, entity, record, happened_at, answer, original '
    "FROM fl_inbox"
)
STATES = ("new", "parked", "quarantined", "skipped", "done")
#: Of those, the ones nothing more happens to by itself.
OVER = ("skipped", "done")


@dataclass(frozen=True, slots=True)
class Delivery:
    """``state``: new, done, skipped, parked (waits for one that should have come before) or quarantined, with its ``reason``.

    ``happened_at`` is the sender's own time of the event, ``answer`` what was made of it (JSON), ``original`` the body as it
    came where a person has mended it since.
    """

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
    happened_at: dt.datetime | None = None
    answer: Mapping[str, Any] | None = None
    original: bytes | None = None


def receive(
    connection: Connection,
    name: str,
    key: str,
    body: bytes,
    now: dt.datetime,
    headers: Mapping[str, Any] | None = None,
    happened_at: dt.datetime | None = None,
) -> bool:
    """Keep a delivery of the connection ``name``. False when one with this key came before: then nothing changes."""
    at = micros(happened_at) if happened_at is not None else None
    return (
        connection.change(
            'INSERT INTO fl_inbox (connection, "key", received_at, state, headers, body, happened_at) '
            "VALUES (?, ?, ?, 'new', ?, ?, ?) ON CONFLICT DO NOTHING",
            (name, key, micros(now), to_text(headers or {}), body, at),
        )
        == 1
    )


def get(connection: Connection, name: str, key: str) -> Delivery | None:
    """The delivery with that key, or None."""
    row = connection.one(f'{SELECT} WHERE connection = ? AND "key" = ?', (name, key))
    return None if row is None else _delivery(row)


def find(connection: Connection, id: int, *, lock: bool = False) -> Delivery | None:
    """The delivery of that id, or None; with ``lock`` no other turn can take it up until this one ends."""
    held = " FOR UPDATE" if lock and connection.dialect == "postgresql" else ""
    row = connection.one(f"{SELECT} WHERE id = ?{held}", (id,))
    return None if row is None else _delivery(row)


def listed(connection: Connection, state: str, limit: int = 100, name: str | None = None) -> list[Delivery]:
    """Deliveries in a state, oldest first; of one connection only where it is named."""
    narrowed, more = (" AND connection = ?", (name,)) if name is not None else ("", ())
    text = f"{SELECT} WHERE state = ?{narrowed} ORDER BY received_at, id LIMIT ?"
    return [_delivery(row) for row in connection.execute(text, (state, *more, limit))]


def page(
    connection: Connection,
    states: Sequence[str],
    limit: int,
    name: str | None = None,
    after: tuple[int, int] | None = None,
) -> list[Delivery]:
    """The next deliveries in these states behind ``after`` (microseconds of arrival, id): what is over the latest first, what waits
    the oldest first. Of one connection only where it is named."""
    latest = all(state in OVER for state in states)
    way, sign = ("DESC", "<") if latest else ("ASC", ">")
    parts = [f"state IN ({', '.join('?' * len(states))})"]
    params: list[Any] = [*states]
    if name is not None:
        parts.append("connection = ?")
        params.append(name)
    if after is not None:
        parts.append(f"(received_at {sign} ? OR (received_at = ? AND id {sign} ?))")
        params += [after[0], after[0], after[1]]
    text = f"{SELECT} WHERE {' AND '.join(parts)} ORDER BY received_at {way}, id {way} LIMIT ?"
    return [_delivery(row) for row in connection.execute(text, (*params, limit))]


def came(connection: Connection, name: str, since: dt.datetime) -> dict[str, int]:
    """How many deliveries of a connection came since then, by state."""
    text = "SELECT state, COUNT(*) FROM fl_inbox WHERE connection = ? AND received_at >= ? GROUP BY state"
    return {state: int(count) for state, count in connection.execute(text, (name, micros(since)))}


def counts(connection: Connection) -> dict[str, dict[str, int]]:
    """connection -> state -> how many."""
    found: dict[str, dict[str, int]] = {}
    for name, state, count in connection.execute(
        "SELECT connection, state, COUNT(*) FROM fl_inbox GROUP BY connection, state"
    ):
        found.setdefault(name, {})[state] = int(count)
    return found


def last(connection: Connection, name: str) -> dt.datetime | None:
    """When the last delivery of a connection came; None for never."""
    found = connection.scalar("SELECT MAX(received_at) FROM fl_inbox WHERE connection = ?", (name,))
    return None if found is None else instant(found)


def newer(connection: Connection, name: str, entity: str, record: int, than: dt.datetime) -> list[Delivery]:
    """What the same connection brought about the same record and happened later."""
    text = f"{SELECT} WHERE record = ? AND entity = ? AND connection = ? AND state = 'done' AND happened_at > ?"
    return [_delivery(row) for row in connection.execute(text, (record, entity, name, micros(than)))]


def done(
    connection: Connection,
    id: int,
    now: dt.datetime,
    entity: str | None = None,
    record: int | None = None,
    answer: Mapping[str, Any] | None = None,
    state: str = "done",
) -> None:
    """Something was made of it: this record, or nothing (``skipped``)."""
    text = "UPDATE fl_inbox SET state = ?, reason = NULL, entity = ?, record = ?, ended_at = ?, answer = ? WHERE id = ?"
    connection.execute(text, (state, entity, record, micros(now), to_text(answer) if answer else None, id))


def quarantine(connection: Connection, id: int, reason: str, now: dt.datetime, state: str = "quarantined") -> None:
    """It cannot be used as it is: it waits for a person (``parked``: for another delivery first), with the reason
    (``engine.said``)."""
    text = "UPDATE fl_inbox SET state = ?, reason = ?, ended_at = ? WHERE id = ?"
    connection.execute(text, (state, reason, micros(now), id))


def mend(connection: Connection, id: int, body: bytes) -> None:
    """Another body in the place of the one that came, which stays beside it."""
    text = "UPDATE fl_inbox SET original = COALESCE(original, body), body = ? WHERE id = ?"
    connection.execute(text, (body, id))


def _delivery(row: tuple[Any, ...]) -> Delivery:
    id, name, key, at, state, headers, body, reason, entity, record, happened, answer, original = row
    return Delivery(
        id,
        name,
        key,
        instant(at),
        state,
        from_text(headers) or {},
        bytes(body),
        reason,
        entity,
        record,
        None if happened is None else instant(happened),
        from_text(answer),
        None if original is None else bytes(original),
    )

"""Due times as rows: they survive a kill, and each fires once. Floor: 3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.facts import Timer
from engine.store.connection import Connection
from engine.store.encode import from_text, instant, micros, to_text

COLUMNS = ("name", "step", "entity", "record", "due", "state", "data", "fired_at")
SELECT = "SELECT id, name, step, entity, record, due, data, state FROM fl_timers"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A timer as it rests, with its id and state (waiting, paused, fired, cancelled)."""

    id: int
    timer: Timer
    state: str


def set(connection: Connection, timer: Timer) -> None:
    """Let it fire at its due time."""
    data = to_text(timer.data) if timer.data else None
    put(connection, timer.name, timer.step, timer.entity, timer.record, micros(timer.due), data)


def put(connection: Connection, name: str, step: str, entity: str, record: int, due: int, data: str | None) -> None:
    """Let a timer fire at ``due`` (as it is kept: microseconds since 1970), with its data as text."""
    connection.append("fl_timers", COLUMNS, (name, step, entity, record, due, "waiting", data, None))


def cancel(connection: Connection, entity: str, record: int, name: str | None = None, step: str | None = None) -> int:
    """Nothing of these timers will fire; how many were still open. ``name`` and ``step`` narrow it down."""
    text = "UPDATE fl_timers SET state = 'cancelled' WHERE record = ? AND entity = ? AND state IN ('waiting', 'paused')"
    return _narrowed(connection, text, [record, entity], name, step)


def _narrowed(connection: Connection, text: str, params: list[Any], name: str | None, step: str | None) -> int:
    if name is not None:
        text += " AND name = ?"
        params.append(name)
    if step is not None:
        text += " AND step = ?"
        params.append(step)
    return connection.change(text, params)


def due(connection: Connection, until: dt.datetime, limit: int = 500) -> list[Waiting]:
    """Timers due at or before ``until``, earliest first."""
    rows = connection.execute(
        f"{SELECT} WHERE state = 'waiting' AND due <= ? ORDER BY due, id LIMIT ?", (micros(until), limit)
    )
    return [_waiting(row) for row in rows]


def next_due(connection: Connection) -> dt.datetime | None:
    """When the next one is due, or None when none waits."""
    found = connection.scalar("SELECT MIN(due) FROM fl_timers WHERE state = 'waiting'")
    return None if found is None else instant(found)


def fire(connection: Connection, id: int, now: dt.datetime) -> bool:
    """True for the one who may act on it: a timer fires once, whoever else saw it due."""
    text = "UPDATE fl_timers SET state = 'fired', fired_at = ? WHERE id = ? AND state = 'waiting'"
    return connection.change(text, (micros(now), id)) == 1


def pause(connection: Connection, entity: str, record: int, now: dt.datetime, name: str | None = None) -> list[Waiting]:
    """Stop the clock of these timers: they keep their due time, and ``paused_at`` in their data. Those it stopped."""
    stopped = [w for w in open_of(connection, entity, record, name) if w.state == "waiting"]
    for one in stopped:
        data = to_text({**one.timer.data, "paused_at": micros(now)})
        connection.execute("UPDATE fl_timers SET state = 'paused', data = ? WHERE id = ?", (data, one.id))
    return stopped


def move(connection: Connection, id: int, due: dt.datetime, data: Mapping[str, Any] | None = None) -> bool:
    """Let an open timer wait for another instant (also: go on after a pause). False when it is not open any more."""
    text = "UPDATE fl_timers SET state = 'waiting', due = ?, data = ? WHERE id = ? AND state IN ('waiting', 'paused')"
    return connection.change(text, (micros(due), to_text(data) if data else None, id)) == 1


def get(connection: Connection, id: int) -> Waiting | None:
    """The timer, or None."""
    row = connection.one(f"{SELECT} WHERE id = ?", (id,))
    return None if row is None else _waiting(row)


def put_back(connection: Connection, id: int, state: str, due: dt.datetime, data: Mapping[str, Any]) -> None:
    """Let a timer be as it was: what happened to it since is taken back."""
    text = "UPDATE fl_timers SET state = ?, due = ?, data = ?, fired_at = NULL WHERE id = ?"
    connection.execute(text, (state, micros(due), to_text(data) if data else None, id))


def go_on(connection: Connection, name: str) -> None:
    """A cancelled timer of that name waits again, for the moment it waited for."""
    connection.execute("UPDATE fl_timers SET state = 'waiting' WHERE name = ? AND state = 'cancelled'", (name,))


def close(connection: Connection, id: int) -> None:
    """What a fired timer was about is over: ``over`` in its data."""
    found = connection.one("SELECT data FROM fl_timers WHERE id = ?", (id,))
    data = (from_text(found[0]) if found else None) or {}
    connection.execute("UPDATE fl_timers SET data = ? WHERE id = ?", (to_text({**data, "over": True}), id))


def open_of(connection: Connection, entity: str, record: int, name: str | None = None) -> list[Waiting]:
    """The open timers of a record (waiting or paused), earliest first."""
    text = f"{SELECT} WHERE record = ? AND entity = ? AND state IN ('waiting', 'paused')"
    params: list[Any] = [record, entity]
    if name is not None:
        text += " AND name = ?"
        params.append(name)
    return [_waiting(row) for row in connection.execute(f"{text} ORDER BY due, id", params)]


def all_of(connection: Connection, entity: str, record: int) -> list[Waiting]:
    """Every timer a record ever had, earliest first."""
    rows = connection.execute(f"{SELECT} WHERE record = ? AND entity = ? ORDER BY due, id", (record, entity))
    return [_waiting(row) for row in rows]


def open_of_many(connection: Connection, entity: str, records: Sequence[int], step: str) -> list[Waiting]:
    """The timers of that step on some records, earliest first, in one query: the open ones, and those that have fired
    while the record still stays in the state they watch over (``sla:<machine>.<state>``)."""
    if not records:
        return []
    marks = ", ".join("?" * len(records))
    text = (
        f"{SELECT} AS t WHERE record IN ({marks}) AND entity = ? AND step = ? AND (state IN ('waiting', 'paused')"
        " OR (state = 'fired' AND EXISTS (SELECT 1 FROM fl_history AS h WHERE h.record = t.record"
        " AND h.entity = t.entity AND h.left_at IS NULL AND t.name = 'sla:' || h.machine || '.' || h.state"
        " AND t.due >= h.entered_at))) ORDER BY due, id"
    )
    return [_waiting(row) for row in connection.execute(text, [*records, entity, step])]


def named(connection: Connection, name: str, step: str | None = None) -> list[Waiting]:
    """The open timers of that name, whatever their record: those a changed deadline moves."""
    text, params = f"{SELECT} WHERE name = ? AND state IN ('waiting', 'paused')", [name]
    if step is not None:
        text += " AND step = ?"
        params.append(step)
    return [_waiting(row) for row in connection.execute(f"{text} ORDER BY due, id", params)]


def _waiting(row: tuple[Any, ...]) -> Waiting:
    id, name, step, entity, record, at, data, state = row
    return Waiting(id, Timer(name, step, entity, record, instant(at), from_text(data) or {}), state)

"""The history of states: who stayed where, from when to when. Floor: 3."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from engine.store.connection import Connection
from engine.store.encode import instant, micros, moment

COLUMNS = ("entity", "record", "machine", "state", "came_from", "entered_at", "left_at", "by_user", "via", "revision")


@dataclass(frozen=True, slots=True)
class Stay:
    """A record's stay in one state; ``left_at`` is None while it lasts. ``via`` names the transition that led here."""

    machine: str
    state: str
    came_from: str | None
    entered_at: dt.datetime
    left_at: dt.datetime | None
    by_user: int | None
    via: str | None
    revision: int | None


def enter(
    connection: Connection,
    entity: str,
    record: int,
    machine: str,
    state: str,
    now: dt.datetime,
    *,
    came_from: str | None = None,
    user: int | None = None,
    via: str | None = None,
    revision: int | None = None,
) -> None:
    """The record is in ``state`` from now on; the stay in ``came_from``, if there was one, ends now."""
    at = micros(now)
    if came_from is not None:
        connection.execute(
            "UPDATE fl_history SET left_at = ? WHERE record = ? AND entity = ? AND machine = ? AND left_at IS NULL",
            (at, record, entity, machine),
        )
    row = (entity, record, machine, state, came_from, at, None, user, via, revision)
    connection.append("fl_history", COLUMNS, row)


def stays(connection: Connection, entity: str, record: int, machine: str | None = None) -> list[Stay]:
    """Every stay of a record, oldest first."""
    text = (
        "SELECT machine, state, came_from, entered_at, left_at, by_user, via, revision FROM fl_history "
        "WHERE record = ? AND entity = ?"
    )
    params: list[object] = [record, entity]
    if machine is not None:
        text += " AND machine = ?"
        params.append(machine)
    rows = connection.execute(f"{text} ORDER BY entered_at, id", params)
    return [Stay(r[0], r[1], r[2], instant(r[3]), moment(r[4]), r[5], r[6], r[7]) for r in rows]


def move(connection: Connection, entity: str, machine: str, old: str, new: str) -> int:
    """Rename a state in every stay; how many stays that touched."""
    return connection.change(
        "UPDATE fl_history SET state = ? WHERE entity = ? AND machine = ? AND state = ?", (new, entity, machine, old)
    )

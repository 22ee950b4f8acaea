"""Approvals as rows: what was asked, of whom, who has said what, and the one result. Floor: 3.

``fl_approvals`` holds what was asked, ``fl_seats`` who may decide (one seat needs one of its people), ``fl_votes`` what
each person said (a person says it once), ``fl_verdicts`` the result: its key is the approval, so there is only one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.store.connection import Connection
from engine.store.encode import from_text, instant, micros, moment, to_text

ADD = (
    "INSERT INTO fl_approvals (kind, entity, record, name, title, mode, state, asked_by, asked_at, due, level, content, "
    "evidence, rule, run, revision) VALUES (?, ?, ?, ?, ?, ?, 'open', ?, ?, ?, 0, ?, ?, ?, ?, ?)"
)
SELECT = (
    "SELECT id, kind, entity, record, name, title, mode, state, asked_by, asked_at, due, level, content, evidence, rule, run, "
    "ended_at, note FROM fl_approvals"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be agreed to.

    ``kind``: transition, create, publish or step; ``name`` the transition (``machine.transition``) or the rule. ``state``:
    open, approved, rejected, withdrawn, expired or void (overtaken by something else). ``content`` is what will be
    written, ``evidence`` the files as they were (field -> id, digest, size). ``rule`` is file and line of what asks for it.
    ``level`` counts how often it was passed on for want of an answer.
    """

    kind: str
    entity: str | None
    record: int | None
    name: str
    title: str
    mode: str
    asked_by: int | None
    asked_at: dt.datetime
    due: dt.datetime | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    rule: str = ""
    run: int | None = None
    level: int = 0
    state: str = "open"
    ended_at: dt.datetime | None = None
    note: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Seat:
    """One person who may fill a seat; ``delegate`` is whom they asked to do it for them."""

    position: int
    user: int
    delegate: int | None = None


@dataclass(frozen=True, slots=True)
class Vote:
    """What a person said, for which seat. ``person`` is the same number for all accounts of one person."""

    person: int
    user: int
    position: int
    decision: str
    note: str
    at: dt.datetime


def add(connection: Connection, request: Request, seats: Iterable[Seat], revision: int | None = None) -> int:
    """The id of a new open request. Raises Violation (unique) when the same is being asked for this record already."""
    row = (
        request.kind,
        request.entity,
        request.record,
        request.name,
        request.title,
        request.mode,
        request.asked_by,
        micros(request.asked_at),
        micros(request.due) if request.due else None,
        to_text(request.content),
        to_text(request.evidence),
        request.rule,
        request.run,
        revision,
    )
    number = connection.insert(ADD, row)
    seat(connection, number, seats)
    return number


def seat(connection: Connection, number: int, seats: Iterable[Seat]) -> None:
    """More people who may decide; one who may already stays as they are."""
    rows = [(number, each.position, each.user, each.delegate) for each in seats]
    text = 'INSERT INTO fl_seats (approval, position, "user", delegate) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    for row in rows:
        connection.execute(text, row)


def get(connection: Connection, number: int, *, lock: bool = False) -> Request | None:
    """The request, or None. ``lock`` holds it until the turn ends, so that two who decide at once come one after another."""
    suffix = " FOR UPDATE" if lock and connection.dialect == "postgresql" else ""
    row = connection.one(f"{SELECT} WHERE id = ?{suffix}", (number,))
    return None if row is None else _request(row)


def of_record(connection: Connection, entity: str, record: int, state: str | None = None) -> list[Request]:
    """What was asked about a record, the latest first; of one state only where it is named."""
    text, params = f"{SELECT} WHERE record = ? AND entity = ?", [record, entity]
    if state is not None:
        text += " AND state = ?"
        params.append(state)
    return [_request(row) for row in connection.execute(f"{text} ORDER BY id DESC LIMIT 200", params)]


def open_kind(connection: Connection, kind: str) -> list[Request]:
    """The open requests of a kind, oldest first."""
    return [
        _request(row) for row in connection.execute(f"{SELECT} WHERE kind = ? AND state = 'open' ORDER BY id", (kind,))
    ]


def open_for(connection: Connection, users: Sequence[int]) -> list[Request]:
    """The open requests any of these people has a seat in, or was asked to decide for somebody, oldest first."""
    if not users:
        return []
    marks = ", ".join("?" * len(users))
    text = (
        f"{SELECT} WHERE state = 'open' AND id IN (SELECT approval FROM fl_seats WHERE \"user\" IN ({marks}) "
        f"OR delegate IN ({marks})) ORDER BY id LIMIT 500"
    )
    return [_request(row) for row in connection.execute(text, (*users, *users))]


def asked_by(connection: Connection, user: int, limit: int = 50) -> list[Request]:
    """What a person asked for: all that is open, then the latest of the rest."""
    text = f"{SELECT} WHERE asked_by = ? ORDER BY CASE state WHEN 'open' THEN 0 ELSE 1 END, id DESC LIMIT ?"
    return [_request(row) for row in connection.execute(text, (user, limit))]


def seats_of(connection: Connection, number: int) -> list[Seat]:
    """Who may decide, seat by seat."""
    text = 'SELECT position, "user", delegate FROM fl_seats WHERE approval = ? ORDER BY position, "user"'
    return [Seat(*row) for row in connection.execute(text, (number,))]


def delegate(connection: Connection, number: int, user: int, to: int) -> int:
    """Let somebody else decide in a person's place; how many seats that concerned."""
    text = 'UPDATE fl_seats SET delegate = ? WHERE approval = ? AND "user" = ?'
    return connection.change(text, (to, number, user))


def votes_of(connection: Connection, number: int) -> list[Vote]:
    """What was said so far, oldest first."""
    text = 'SELECT person, "user", position, decision, note, at FROM fl_votes WHERE approval = ? ORDER BY at, person'
    return [
        Vote(p, u, seat, said, note or "", instant(at))
        for p, u, seat, said, note, at in connection.execute(text, (number,))
    ]


def vote(connection: Connection, number: int, one: Vote) -> bool:
    """True when it counts; False when this person has said something before: then nothing changes."""
    text = (
        'INSERT INTO fl_votes (approval, person, "user", position, decision, note, at) VALUES (?, ?, ?, ?, ?, ?, ?) '
        "ON CONFLICT DO NOTHING"
    )
    row = (number, one.person, one.user, one.position, one.decision, one.note, micros(one.at))
    return connection.change(text, row) == 1


def end(connection: Connection, number: int, result: str, now: dt.datetime, user: int | None, note: str = "") -> bool:
    """True for the one who ends it. There is one result for ever: whoever comes later changes nothing."""
    text = 'INSERT INTO fl_verdicts (approval, result, at, "user") VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    if connection.change(text, (number, result, micros(now), user)) != 1:
        return False
    update = "UPDATE fl_approvals SET state = ?, ended_at = ?, note = ? WHERE id = ?"
    connection.execute(update, (result, micros(now), note or None, number))
    return True


def reopen(connection: Connection, number: int) -> bool:
    """An approval that was overtaken is open again. False when the same is asked for anew by now, or it ended otherwise."""
    found = get(connection, number, lock=True)
    if found is None or found.state != "void":
        return False
    about = of_record(connection, found.entity or "", found.record, "open") if found.record is not None else []
    if any(one.name == found.name for one in about):
        return False
    connection.execute("DELETE FROM fl_verdicts WHERE approval = ?", (number,))
    connection.execute("UPDATE fl_approvals SET state = 'open', ended_at = NULL, note = NULL WHERE id = ?", (number,))
    return True


def of_step(connection: Connection, trigger: str, since: int, entity: str | None, record: int | None) -> list[Request]:
    """The open requests a run of that rule made for that record at that instant (microseconds)."""
    rows = connection.execute(
        f"{SELECT} WHERE kind = 'step' AND asked_at = ? AND COALESCE(record, 0) = ? AND COALESCE(entity, '') = ? "
        "AND state = 'open' ORDER BY id",
        (since, record or 0, entity or ""),
    )
    return [one for one in map(_request, rows) if one.name.startswith(f"{trigger}@")]


def rename(connection: Connection, number: int, name: str) -> None:
    """What asks for it is called otherwise now."""
    connection.execute("UPDATE fl_approvals SET name = ? WHERE id = ?", (name, number))


def open_all(connection: Connection) -> list[Request]:
    """Every open request, oldest first."""
    return [_request(row) for row in connection.execute(f"{SELECT} WHERE state = 'open' ORDER BY id")]


def pass_on(connection: Connection, number: int, due: dt.datetime | None, level: int) -> None:
    """Nobody answered in time: it waits until ``due`` for the next ones."""
    text = "UPDATE fl_approvals SET due = ?, level = ? WHERE id = ?"
    connection.execute(text, (micros(due) if due else None, level, number))


def settle_on(connection: Connection, number: int, record: int) -> None:
    """The record an approved create has made."""
    connection.execute("UPDATE fl_approvals SET record = ? WHERE id = ?", (record, number))


def _request(row: tuple[Any, ...]) -> Request:
    (
        number,
        kind,
        entity,
        record,
        name,
        title,
        mode,
        state,
        by,
        at,
        due,
        level,
        content,
        evidence,
        rule,
        run,
        ended,
        note,
    ) = row
    return Request(
        kind=kind,
        entity=entity,
        record=record,
        name=name,
        title=title,
        mode=mode,
        asked_by=by,
        asked_at=instant(at),
        due=moment(due),
        content=from_text(content) or {},
        evidence=from_text(evidence) or {},
        rule=rule or "",
        run=run,
        level=level,
        state=state,
        ended_at=moment(ended),
        note=note or "",
        id=number,
    )

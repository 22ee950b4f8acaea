"""Runs of rules that outlive their turn: where they stand, what they know, what each of their steps did. Floor: 3.

A rule whose steps only touch records leaves one finished row (written by ``engine.runtime.log``). One that reaches outside
or waits has a row that lives: ``progress`` is rewritten whenever it goes on, in the same transaction as what it did; its
steps are rows of ``fl_traces``, added and never changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.store.connection import Connection
from engine.store.encode import from_text, instant, micros, moment, to_text

#: States of a run that is not over. ``queued`` waits for the one before it.
LIVE = ("waiting", "queued")
SELECT = 'SELECT id, "trigger", entity, record, event, state, started_at, ended_at, revision, by_user, data, progress FROM fl_runs'
STEP = ("run", "kind", "name", "entity", "record", "at", "result", "data")


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it rests. ``state``: waiting, queued, done, failed, stopped, skipped, cancelled or quarantined; ``about`` what
    does not change (``where``, ``hop``, a failure's ``problems``), ``progress`` where it stands (empty for a run that was
    over with its turn)."""

    id: int
    trigger: str
    entity: str | None
    record: int | None
    event: str
    state: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    revision: int | None
    by_user: int | None
    about: Mapping[str, Any]
    progress: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What one step of a run did: ``path`` is its place among the steps (``1.then.0``), ``result`` done, failed, skipped,
    waiting, sent, void …, ``about`` its entry."""

    path: str
    at: dt.datetime
    result: str
    about: Mapping[str, Any]


def start(
    connection: Connection,
    trigger: str,
    entity: str | None,
    record: int | None,
    event: str,
    now: dt.datetime,
    *,
    state: str = "waiting",
    revision: int | None = None,
    user: int | None = None,
    about: Mapping[str, Any] | None = None,
    progress: Mapping[str, Any] | None = None,
) -> int:
    """The id of a new run."""
    return connection.insert(
        'INSERT INTO fl_runs ("trigger", entity, record, event, state, started_at, revision, by_user, data, progress) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            trigger, entity, record, event, state, micros(now), revision, user, to_text(about or {}),
            to_text(progress or {}),
        ),
    )  # fmt: skip


def get(connection: Connection, id: int) -> Run | None:
    """The run, or None."""
    row = connection.one(f"{SELECT} WHERE id = ?", (id,))
    return None if row is None else _run(row)


def keep(connection: Connection, id: int, progress: Mapping[str, Any]) -> None:
    """Where it stands now."""
    connection.execute("UPDATE fl_runs SET progress = ? WHERE id = ?", (to_text(progress), id))


def turn_into(
    connection: Connection, id: int, state: str, ended: dt.datetime | None, about: Mapping[str, Any] | None = None
) -> None:
    """Another state; ``ended`` None for one that goes on."""
    at = None if ended is None else micros(ended)
    if about is None:
        connection.execute("UPDATE fl_runs SET state = ?, ended_at = ? WHERE id = ?", (state, at, id))
    else:
        text = "UPDATE fl_runs SET state = ?, ended_at = ?, data = ? WHERE id = ?"
        connection.execute(text, (state, at, to_text(about), id))


def end(connection: Connection, id: int, state: str, ended: dt.datetime, progress: Mapping[str, Any]) -> None:
    """It is over, there."""
    text = "UPDATE fl_runs SET state = ?, ended_at = ?, progress = ? WHERE id = ?"
    connection.execute(text, (state, micros(ended), to_text(progress), id))


def point(connection: Connection, id: int, revision: int) -> None:
    """Let it go on by the rule as another revision writes it."""
    connection.execute("UPDATE fl_runs SET revision = ? WHERE id = ?", (revision, id))


def alone(connection: Connection, trigger: str, entity: str | None, record: int | None) -> None:
    """Until the transaction ends nobody else starts or ends a run of this rule for this record."""
    if connection.dialect == "postgresql":
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 7))", (f"{trigger}:{entity}:{record}",))


def live(connection: Connection, trigger: str, entity: str | None, record: int | None) -> list[tuple[int, str]]:
    """(id, state) of the runs of a rule for a record that are not over, oldest first."""
    if record is None:
        rows = connection.execute(
            "SELECT id, state FROM fl_runs WHERE state IN ('waiting', 'queued') AND \"trigger\" = ? AND record IS NULL "
            "ORDER BY id",
            (trigger,),
        )
    else:
        rows = connection.execute(
            "SELECT id, state FROM fl_runs WHERE record = ? AND entity = ? AND state IN ('waiting', 'queued') "
            'AND "trigger" = ? ORDER BY id',
            (record, entity, trigger),
        )
    return [(id, state) for id, state in rows]


def in_flight(connection: Connection) -> list[str]:
    """The rules some run of which is not over."""
    rows = connection.execute("SELECT DISTINCT \"trigger\" FROM fl_runs WHERE state IN ('waiting', 'queued')")
    return sorted(name for (name,) in rows)


def flying(connection: Connection, trigger: str) -> list[tuple[Run, str, int]]:
    """The runs of a rule that are not over, oldest first, each with the state of its job and how often that failed."""
    rows = connection.execute(
        'SELECT r.id, r."trigger", r.entity, r.record, r.event, r.state, r.started_at, r.ended_at, r.revision, r.by_user, '
        "r.data, r.progress, j.state, j.attempts FROM fl_runs AS r LEFT JOIN fl_jobs AS j ON j.run = r.id "
        "AND j.kind = 'run' WHERE r.\"trigger\" = ? AND r.state IN ('waiting', 'queued') ORDER BY r.id",
        (trigger,),
    )
    return [(_run(row[:12]), row[12] or "", row[13] or 0) for row in rows]


def put_back(connection: Connection, one: Run) -> None:
    """Let a run be as it was: its state, its revision, and where it stood."""
    connection.execute(
        "UPDATE fl_runs SET state = ?, ended_at = NULL, revision = ?, data = ?, progress = ? WHERE id = ?",
        (one.state, one.revision, to_text(one.about), to_text(one.progress), one.id),
    )


def listed(
    connection: Connection,
    *,
    states: Sequence[str] = (),
    entity: str | None = None,
    record: int | None = None,
    trigger: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Run]:
    """Runs, the latest first, narrowed down; ``before`` is the id a page starts under."""
    parts: list[str] = ["id < ?"]
    params: list[Any] = [before if before is not None else 2**62]
    if states:
        parts.append(f"state IN ({', '.join('?' * len(states))})")
        params += states
    for column, wanted in (("entity", entity), ("record", record), ('"trigger"', trigger)):
        if wanted is not None:
            parts.append(f"{column} = ?")
            params.append(wanted)
    rows = connection.execute(f"{SELECT} WHERE {' AND '.join(parts)} ORDER BY id DESC LIMIT ?", (*params, limit))
    return [_run(row) for row in rows]


def note(
    connection: Connection,
    run: int,
    path: str,
    result: str,
    about: Mapping[str, Any],
    now: dt.datetime,
    *,
    kind: str = "step",
    entity: str | None = None,
    record: int | None = None,
) -> None:
    """Keep what a step did (or another thing that happened to the run: ``kind``)."""
    row = (run, kind, path, entity, record, micros(now), result, to_text(about))
    connection.append("fl_traces", STEP, row)


def steps(connection: Connection, run: int, kind: str = "step") -> list[Done]:
    """What the steps of a run did, in order."""
    rows = connection.execute(
        "SELECT name, at, result, data FROM fl_traces WHERE run = ? AND kind = ? ORDER BY id", (run, kind)
    )
    return [Done(name, instant(at), result or "", from_text(data) or {}) for name, at, result, data in rows]


def many(connection: Connection, run: int, path: str) -> list[int]:
    """The records an ``each`` at that place was unfolded to."""
    text = "SELECT data FROM fl_traces WHERE run = ? AND kind = 'many' AND name = ? ORDER BY id DESC LIMIT 1"
    found = connection.scalar(text, (run, path))
    return list(from_text(found) or ())


def _run(row: tuple[Any, ...]) -> Run:
    id, trigger, entity, record, event, state, started, ended, revision, user, data, progress = row
    return Run(
        id, trigger, entity, record, event or "", state, instant(started or 0), moment(ended), revision, user,
        from_text(data) or {}, from_text(progress) or {},
    )  # fmt: skip

"""What is to be done outside a turn: written in its transaction, done at least once. Floor: 3.

The table is the truth. A worker claims a job with a lease; a worker that comes back after its lease ran out finds
another lease there, and what it brings is void.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from engine.facts import Job
from engine.failpoints import failpoint
from engine.store.connection import Connection
from engine.store.encode import from_text, instant, micros, to_text

ADD = (
    'INSERT INTO fl_jobs (kind, "key", payload, state, due, attempts, entity, record, run, created_at) '
    "VALUES (?, ?, ?, 'waiting', ?, 0, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
SELECT = 'SELECT id, kind, payload, "key", due, entity, record, run, state, attempts, lease, error FROM fl_jobs'


@dataclass(frozen=True, slots=True)
class Kept:
    """A job as it rests. ``state``: waiting, running, done or dead; ``attempts`` counts claims."""

    id: int
    job: Job
    state: str
    attempts: int
    lease: str | None
    error: str | None


def add(connection: Connection, job: Job, now: dt.datetime) -> bool:
    """True when it is new; False when a job with its key was added before (then nothing changes)."""
    row = (
        job.kind,
        job.key,
        to_text(job.payload),
        micros(job.due),
        job.entity,
        job.record,
        job.run,
        micros(now),
    )
    return connection.change(ADD, row) == 1


def get(connection: Connection, id: int) -> Kept | None:
    """The job, or None."""
    row = connection.one(f"{SELECT} WHERE id = ?", (id,))
    return None if row is None else _kept(row)


def by_key(connection: Connection, key: str) -> Kept | None:
    """The job with that idempotency key, or None."""
    row = connection.one(f'{SELECT} WHERE "key" = ?', (key,))
    return None if row is None else _kept(row)


def ready(connection: Connection, now: dt.datetime, limit: int = 100) -> list[Kept]:
    """Jobs that may be claimed: due and waiting, or running under a lease that ran out. Earliest first."""
    at = micros(now)
    rows = connection.execute(
        f"{SELECT} WHERE (state = 'waiting' AND due <= ?) OR (state = 'running' AND lease_until < ?) ORDER BY due, id LIMIT ?",
        (at, at, limit),
    )
    return [_kept(row) for row in rows]


def claim(connection: Connection, id: int, lease: str, until: dt.datetime, now: dt.datetime) -> bool:
    """True for the one worker that may do it now, under ``lease`` until ``until``."""
    at = micros(now)
    claimed = connection.change(
        "UPDATE fl_jobs SET state = 'running', lease = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ? AND "
        "((state = 'waiting' AND due <= ?) OR (state = 'running' AND lease_until < ?))",
        (lease, micros(until), id, at, at),
    )
    failpoint("claim")
    return claimed == 1


def finish(connection: Connection, id: int, lease: str, now: dt.datetime, result: Any = None) -> bool:
    """It is done. False when the lease is another's by now: then nothing changes and the result is void."""
    return (
        connection.change(
            "UPDATE fl_jobs SET state = 'done', result = ?, ended_at = ?, lease = NULL, lease_until = NULL, error = NULL "
            "WHERE id = ? AND lease = ? AND state = 'running'",
            (to_text(result), micros(now), id, lease),
        )
        == 1
    )


def fail(connection: Connection, id: int, lease: str, error: str, again: dt.datetime | None, now: dt.datetime) -> bool:
    """It failed: tried again at ``again``, or, when that is None, laid where a person sees it. False as for ``finish``."""
    state, due = ("dead", micros(now)) if again is None else ("waiting", micros(again))
    return (
        connection.change(
            "UPDATE fl_jobs SET state = ?, due = ?, error = ?, lease = NULL, lease_until = NULL WHERE id = ? AND lease = ? "
            "AND state = 'running'",
            (state, due, error[:4000], id, lease),
        )
        == 1
    )


def revive(connection: Connection, id: int, now: dt.datetime) -> bool:
    """A person tries a dead one again, with its old key. False when it is not dead (any more)."""
    text = "UPDATE fl_jobs SET state = 'waiting', due = ?, attempts = 0 WHERE id = ? AND state = 'dead'"
    return connection.change(text, (micros(now), id)) == 1


def listed(connection: Connection, state: str, limit: int = 100) -> list[Kept]:
    """Jobs in a state, oldest due first."""
    return [
        _kept(row) for row in connection.execute(f"{SELECT} WHERE state = ? ORDER BY due, id LIMIT ?", (state, limit))
    ]


def _kept(row: tuple[Any, ...]) -> Kept:
    id, kind, payload, key, due, entity, record, run, state, attempts, lease, error = row
    job = Job(kind, from_text(payload) or {}, key, instant(due), entity, record, run)
    return Kept(id, job, state, attempts, lease, error)

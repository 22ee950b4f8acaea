"""What is to be done outside a turn: written in its transaction, done at least once. Floor: 3.

The table is the truth. A worker claims a job with a lease; a worker that comes back after its lease ran out finds
another lease there, and what it brings is void. ``attempts`` counts failures; ``claims`` how often it was taken over since
anything came of it, its worker lost: a job that kills its process again and again is found by that and laid aside.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.facts import Job
from engine.failpoints import failpoint
from engine.store.connection import Connection
from engine.store.encode import from_text, instant, micros, to_text

ADD = (
    'INSERT INTO fl_jobs (kind, "key", payload, state, due, attempts, entity, record, run, created_at, claims) '
    "VALUES (?, ?, ?, 'waiting', ?, 0, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING"
)
COLUMNS = (
    'id, kind, payload, "key", due, entity, record, run, state, attempts, lease, error, COALESCE(claims, 0), wakes'
)
SELECT = f"SELECT {COLUMNS} FROM fl_jobs"
#: A lease that lies farther ahead than any can be was given before the clock was set back.
FARTHEST = dt.timedelta(hours=1)
#: How often a job may take its process with it before it is laid aside.
DEATHS = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """A job as it rests. ``state``: waiting, held (for the one before it), running, done, dead or cancelled; ``attempts``
    counts failures, ``claims`` how often it was taken over without an outcome; ``wakes`` says what may wake it before it is due.
    """

    id: int
    job: Job
    state: str
    attempts: int
    lease: str | None
    error: str | None
    claims: int = 0
    wakes: str | None = None


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


def again(
    connection: Connection, key: str, now: dt.datetime, states: Sequence[str] = ("done", "cancelled")
) -> int | None:
    """The id of the job with that key, due now once more; None when it is in none of these states (or there is none)."""
    marks = ", ".join("?" * len(states))
    rows = connection.execute(
        "UPDATE fl_jobs SET state = 'waiting', due = ?, attempts = 0, claims = 0, error = NULL, ended_at = NULL "
        f'WHERE "key" = ? AND state IN ({marks}) RETURNING id',
        (micros(now), key, *states),
    )
    return rows[0][0] if rows else None


def put(connection: Connection, job: Job, now: dt.datetime, *, held: bool = False) -> int:
    """The id of a job whose key nobody else can have."""
    at = micros(now)
    state = "held" if held else "waiting"
    return connection.insert(
        'INSERT INTO fl_jobs (kind, "key", payload, state, due, attempts, entity, record, run, created_at, claims) '
        "VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, 0)",
        (job.kind, job.key, to_text(job.payload), state, micros(job.due), job.entity, job.record, job.run, at),
    )


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
    at, far = micros(now), micros(now + FARTHEST)
    lost = connection.execute(
        f"{SELECT} WHERE state = 'running' AND (lease_until < ? OR lease_until > ?) ORDER BY due, id LIMIT ?",
        (at, far, limit),
    )
    due = connection.execute(f"{SELECT} WHERE state = 'waiting' AND due <= ? ORDER BY due, id LIMIT ?", (at, limit))
    return [_kept(row) for row in [*lost, *due]][:limit]


def next_due(connection: Connection) -> dt.datetime | None:
    """When the next waiting one is due, or None when none waits."""
    found = connection.scalar("SELECT MIN(due) FROM fl_jobs WHERE state = 'waiting'")
    return None if found is None else instant(found)


def claim(connection: Connection, id: int, lease: str, until: dt.datetime, now: dt.datetime) -> bool:
    """True for the one worker that may do it now, under ``lease`` until ``until``: it is due, and nobody has it."""
    claimed = connection.change(
        "UPDATE fl_jobs SET state = 'running', lease = ?, lease_until = ? WHERE id = ? AND state = 'waiting' AND due <= ?",
        (lease, micros(until), id, micros(now)),
    )
    failpoint("claim")
    return claimed == 1


def lost(connection: Connection, id: int, now: dt.datetime) -> bool:
    """True when whoever had it let its lease run out."""
    text = "SELECT 1 FROM fl_jobs WHERE id = ? AND state = 'running' AND (lease_until < ? OR lease_until > ?)"
    return connection.scalar(text, (id, micros(now), micros(now + FARTHEST))) is not None


def claim_lost(connection: Connection, id: int, lease: str, until: dt.datetime, now: dt.datetime) -> bool:
    """The same for a job whose worker was lost; see ``take_lost``."""
    claimed = connection.change(
        "UPDATE fl_jobs SET claims = COALESCE(claims, 0) + 1, lease = ?, lease_until = ? "
        "WHERE id = ? AND state = 'running' AND (lease_until < ? OR lease_until > ?)",
        (lease, micros(until), id, micros(now), micros(now + FARTHEST)),
    )
    return claimed == 1


def take(
    connection: Connection, worker: str, until: dt.datetime, now: dt.datetime, limit: int
) -> list[tuple[int, str]]:
    """(id, lease) of up to ``limit`` due jobs claimed at once. Two workers that take at the same time do not wait for each
    other and get different ones."""
    return _take(connection, worker, until, "state = 'waiting' AND due <= ?", (micros(now),), limit)


def take_lost(connection: Connection, worker: str, until: dt.datetime, now: dt.datetime) -> list[tuple[int, str]]:
    """The same for one job whose worker was lost: it may be what killed it, which is why it is counted, and why whoever
    takes it should have no second one of its kind in hand."""
    which, params = "state = 'running' AND (lease_until < ? OR lease_until > ?)", (micros(now), micros(now + FARTHEST))
    return _take(connection, worker, until, which, params, 1, "claims = COALESCE(claims, 0) + 1, ")


def _take(
    connection: Connection,
    worker: str,
    until: dt.datetime,
    which: str,
    params: Sequence[Any],
    limit: int,
    also: str = "",
) -> list[tuple[int, str]]:
    skip = " FOR UPDATE SKIP LOCKED" if connection.dialect == "postgresql" else ""
    rows = connection.execute(
        f"UPDATE fl_jobs SET {also}state = 'running', lease = ? || CAST(id AS TEXT), lease_until = ? WHERE id IN "
        f"(SELECT id FROM fl_jobs WHERE {which} ORDER BY due, id LIMIT ?{skip}) RETURNING id, lease",
        (f"{worker}.", micros(until), *params, limit),
    )
    if rows:
        failpoint("claim")
    return [(id, lease) for id, lease in rows]


def hold(connection: Connection, id: int, lease: str, progress: bool = False) -> bool:
    """True while the lease is this one's; its job cannot be taken over before the transaction ends. False for a zombie.
    With ``progress`` something came of it, and the count of lost workers begins anew."""
    count = "0" if progress else "claims"
    text = f"UPDATE fl_jobs SET claims = {count} WHERE id = ? AND lease = ? AND state = 'running'"
    return connection.change(text, (id, lease)) == 1


def held(connection: Connection, id: int, lease: str, progress: bool = False) -> Kept | None:
    """The job, held as by ``hold``; None for a zombie."""
    count = "0" if progress else "claims"
    rows = connection.execute(
        f"UPDATE fl_jobs SET claims = {count} WHERE id = ? AND lease = ? AND state = 'running' RETURNING {COLUMNS}",
        (id, lease),
    )
    return _kept(rows[0]) if rows else None


def renew(connection: Connection, leases: Iterable[tuple[int, str]], until: dt.datetime) -> None:
    """Let work that takes long keep its leases."""
    at = micros(until)
    for id, lease in leases:
        connection.execute("UPDATE fl_jobs SET lease_until = ? WHERE id = ? AND lease = ?", (at, id, lease))


def release(connection: Connection, id: int, lease: str, due: dt.datetime, wakes: str | None = None) -> bool:
    """It waits for another moment (or to be woken); nothing failed. False as for ``finish``."""
    return (
        connection.change(
            "UPDATE fl_jobs SET state = 'waiting', due = ?, wakes = ?, lease = NULL, lease_until = NULL, uses = NULL, "
            "claims = 0 WHERE id = ? AND lease = ? AND state = 'running'",
            (micros(due), wakes, id, lease),
        )
        == 1
    )


def wake(connection: Connection, entity: str, record: int, kind: str, now: dt.datetime) -> list[int]:
    """The ids of the jobs about a record that waited for this kind of thing: they are due now."""
    rows = connection.execute(
        "UPDATE fl_jobs SET due = ? WHERE record = ? AND entity = ? AND state = 'waiting' AND wakes = ? AND due > ? "
        "RETURNING id",
        (micros(now), record, entity, kind, micros(now)),
    )
    return [id for (id,) in rows]


def let_go(connection: Connection, run: int, now: dt.datetime) -> int | None:
    """The id of the held job of a run, which is due now; None when it was not held."""
    rows = connection.execute(
        "UPDATE fl_jobs SET state = 'waiting', due = ? WHERE run = ? AND state = 'held' RETURNING id",
        (micros(now), run),
    )
    return rows[0][0] if rows else None


def finish(connection: Connection, id: int, lease: str, now: dt.datetime, result: Any = None) -> bool:
    """It is done. False when the lease is another's by now: then nothing changes and the result is void."""
    return (
        connection.change(
            "UPDATE fl_jobs SET state = 'done', result = ?, ended_at = ?, lease = NULL, lease_until = NULL, error = NULL, "
            "uses = NULL, claims = 0 WHERE id = ? AND lease = ? AND state = 'running'",
            (to_text(result), micros(now), id, lease),
        )
        == 1
    )


def fail(connection: Connection, id: int, lease: str, error: str, again: dt.datetime | None, now: dt.datetime) -> bool:
    """It failed (``engine.said``): tried again at ``again``, or, when that is None, laid where a person sees it. False as for ``finish``."""
    state, due = ("dead", micros(now)) if again is None else ("waiting", micros(again))
    return (
        connection.change(
            "UPDATE fl_jobs SET state = ?, due = ?, error = ?, lease = NULL, lease_until = NULL, uses = NULL, claims = 0, "
            "wakes = NULL, attempts = attempts + 1 WHERE id = ? AND lease = ? AND state = 'running'",
            (state, due, error, id, lease),
        )
        == 1
    )


def fresh(connection: Connection, id: int) -> None:
    """Its next step is another one: failures are counted anew."""
    connection.execute("UPDATE fl_jobs SET attempts = 0, error = NULL WHERE id = ? AND attempts > 0", (id,))


def cancel(connection: Connection, runs: Sequence[int], now: dt.datetime) -> int:
    """Nothing more is done for these runs; how many jobs that ended. A worker in the middle of one finds its lease gone."""
    ended = 0
    for run in runs:
        ended += connection.change(
            "UPDATE fl_jobs SET state = 'cancelled', ended_at = ?, lease = NULL, lease_until = NULL, uses = NULL "
            "WHERE run = ? AND state IN ('waiting', 'held', 'running')",
            (micros(now), run),
        )
    return ended


def revive(connection: Connection, id: int, now: dt.datetime) -> bool:
    """A person tries a dead one again, with its old key. False when it is not dead (any more)."""
    text = "UPDATE fl_jobs SET state = 'waiting', due = ?, attempts = 0, claims = 0 WHERE id = ? AND state = 'dead'"
    return connection.change(text, (micros(now), id)) == 1


def at_rest(connection: Connection, run: int) -> Kept | None:
    """The job of a run that nobody carries just now; it cannot be taken before the transaction ends. None while one does."""
    rows = connection.execute(
        "UPDATE fl_jobs SET due = due WHERE run = ? AND kind = 'run' AND state IN ('waiting', 'held') "
        f"RETURNING {COLUMNS}",
        (run,),
    )
    return _kept(rows[0]) if rows else None


def put_back(connection: Connection, id: int, state: str, due: dt.datetime, attempts: int, error: str | None) -> None:
    """Let a job that waits, or was cancelled, be as it was."""
    connection.execute(
        "UPDATE fl_jobs SET state = ?, due = ?, attempts = ?, error = ?, ended_at = NULL, claims = 0, lease = NULL, "
        "lease_until = NULL WHERE id = ? AND state IN ('waiting', 'held', 'cancelled')",
        (state, micros(due), attempts, error, id),
    )


def of_run(connection: Connection, run: int) -> Kept | None:
    """The job that carries a run, or None."""
    row = connection.one(f"{SELECT} WHERE run = ? AND kind = 'run' ORDER BY id DESC LIMIT 1", (run,))
    return None if row is None else _kept(row)


def counts(connection: Connection, now: dt.datetime) -> dict[str, int]:
    """How many jobs there are by state; ``due`` are those that wait although their time has come."""
    found: dict[str, int] = dict(connection.execute("SELECT state, COUNT(*) FROM fl_jobs GROUP BY state"))
    late = connection.scalar("SELECT COUNT(*) FROM fl_jobs WHERE state = 'waiting' AND due <= ?", (micros(now),))
    return {**found, "due": int(late or 0)}


def listed(connection: Connection, state: str, limit: int = 100) -> list[Kept]:
    """Jobs in a state, oldest due first."""
    return [
        _kept(row) for row in connection.execute(f"{SELECT} WHERE state = ? ORDER BY due, id LIMIT ?", (state, limit))
    ]


def _kept(row: tuple[Any, ...]) -> Kept:
    id, kind, payload, key, due, entity, record, run, state, attempts, lease, error, claims, wakes = row
    job = Job(kind, from_text(payload) or {}, key, instant(due), entity, record, run)
    return Kept(id, job, state, attempts, lease, error, claims, wakes)

"""What a publish did to what was in flight, written down and taken back. Floor: 5.

A thing is put back only while it stands as the publish left it: a record that went on, a run that did its next step, a
clock that rang since are facts, and are counted instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.facts import Actor
from engine.runtime import approval, launch
from engine.runtime.acts import Acting
from engine.store import approvals, audit, carried, history, jobs, runs, timers
from engine.store.carried import Carried
from engine.store.connection import Connection
from engine.store.encode import instant, micros

Seen = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Back:
    """One thing that can be as it was: ``now`` as it stands, ``value`` as it was (None: it was not there)."""

    kind: str
    target: int
    entity: str
    value: Seen | None
    now: Seen


def seen(connection: Connection, kind: str, target: int, entity: str = "", machine: str = "") -> Seen | None:
    """A thing as it stands, in the words ``Carried`` keeps; None when it is not there."""
    if kind == "record":
        row = connection.one(
            "SELECT state, entered_at FROM fl_history WHERE record = ? AND entity = ? AND machine = ? AND left_at IS NULL",
            (target, entity, machine),
        )
        return {"machine": machine, "state": row[0], "since": row[1]} if row is not None else None
    if kind == "timer":
        one = timers.get(connection, target)
        if one is None:
            return None
        return {"state": one.state, "due": micros(one.timer.due), "data": dict(one.timer.data)}
    if kind == "run":
        return _run(connection, target)
    asked = approvals.get(connection, target)
    return {"state": asked.state, "name": asked.name} if asked is not None else None


def _run(connection: Connection, target: int) -> Seen | None:
    run, job = runs.get(connection, target), jobs.of_run(connection, target)
    if run is None or job is None:
        return None
    about: dict[str, Any] = {
        "state": job.state,
        "due": micros(job.job.due),
        "attempts": job.attempts,
        "error": job.error,
    }
    return {
        "state": run.state,
        "revision": run.revision,
        "about": dict(run.about),
        "progress": dict(run.progress),
        "job": about,
    }


def note(
    context: Acting, revision: int, kind: str, target: int, before: Seen | None, entity: str = "", machine: str = ""
) -> None:
    """Keep what became of a thing that was ``before``; nothing when it is still that."""
    after = seen(context.connection, kind, target, entity, machine)
    if after is not None and after != before:
        carried.note(context.connection, Carried(revision, kind, target, entity, before, after))


def targets(backs: Sequence[Back], kind: str) -> frozenset[int]:
    """The ids of the things of a kind that are put back."""
    return frozenset(one.target for one in backs if one.kind == kind)


def net(connection: Connection, entries: Sequence[Carried]) -> tuple[list[Back], int]:
    """What these revisions (the latest first) did that can be taken back, and how many things have gone on since."""
    groups: dict[tuple[str, int, str, str], list[Carried]] = {}
    for one in entries:
        groups.setdefault((one.kind, one.target, one.entity, str(one.after.get("machine", ""))), []).append(one)
    found, gone = [], 0
    for (kind, target, entity, machine), chain in groups.items():
        now = seen(connection, kind, target, entity, machine)
        if now is None or not _same(kind, now, chain[0].after):
            gone += kind != "timer" or _open(now)
            continue
        value: Seen | None = now
        for one in chain:
            if value is None or not _same(kind, value, one.after):
                break
            value = one.before
        if value != now:
            found.append(Back(kind, target, entity, value, now))
    return found, gone


def _open(now: Seen | None) -> bool:
    """Whether a clock runs still: one that was stopped or has rung in the meantime is no surprise to anybody."""
    return now is not None and now["state"] in ("waiting", "paused")


def _same(kind: str, now: Seen, then: Seen) -> bool:
    if kind != "run":
        return now == then
    # That it was looked at since makes no difference; that somebody carries it just now does.
    return now["job"]["state"] != "running" and _stands(now) == _stands(then)


def _stands(run: Seen) -> Seen:
    """Where a run stands, without when it is looked at next."""
    waiting = run["progress"].get("waiting")
    progress = run["progress"] if waiting is None else {**run["progress"], "waiting": {**waiting, "due": None}}
    return {**run, "progress": progress, "job": None}


def undo(context: Acting, backs: Sequence[Back], actor: Actor) -> Counter[str]:
    """Put things as they were, each written down as what this revision did; how many of each kind, and how many have ``gone``
    on in this moment. ``actor`` is who wants it."""
    revision = context.parts.revision
    done: Counter[str] = Counter()
    for one in backs:
        machine = str(one.now.get("machine", ""))
        if _PUT[one.kind](context, one, actor):
            done[one.kind] += 1
            note(context, revision, one.kind, one.target, one.now, one.entity, machine)
        else:
            done["gone"] += 1
    return done


def _record(context: Acting, one: Back, actor: Actor) -> bool:
    if one.value is None:
        return False
    machine = context.manifest.state_machines.get(str(one.value["machine"]))
    if machine is None or one.value["state"] not in machine.states:
        return False
    return relocate(context, one.entity, one.target, machine.name, str(one.value["state"]), "rollback", actor)


def relocate(context: Acting, entity: str, record: int, machine: str, state: str, via: str, actor: Actor) -> bool:
    """Let a record be in another state by the publisher's word: no rule is asked, its history and the audit log say so."""
    connection, field = context.connection, context.manifest.state_machines[machine].field
    found = context.get(entity, record)
    if found is None or field is None:
        return False
    before = found.values[field]
    changed = context.parts.records.update(connection, found, {field: state}, context.now, context.user)
    context.ring.live[(entity, record)] = changed
    history.enter(
        connection, entity, record, machine, state, context.now, came_from=before, user=context.user, via=via,
        revision=context.parts.revision or None,
    )  # fmt: skip
    audit.write(
        connection, context.now, actor, "change", entity=entity, record=record, before={field: before},
        after={field: state},
    )  # fmt: skip
    return True


def _timer(context: Acting, one: Back, _: Actor) -> bool:
    value = one.value if one.value is not None else {**one.now, "state": "cancelled"}
    timers.put_back(context.connection, one.target, value["state"], instant(value["due"]), value["data"])
    return True


def _put_run(context: Acting, one: Back, _: Actor) -> bool:
    """Let a run stand where it stood."""
    connection, value = context.connection, one.value
    run, job = runs.get(connection, one.target), jobs.of_run(connection, one.target)
    if value is None or run is None or job is None:
        return False
    if run.state != "cancelled" and jobs.at_rest(connection, run.id) is None:
        return False  # somebody has taken it in this moment
    runs.put_back(
        connection,
        replace(
            run, state=value["state"], revision=value["revision"], about=value["about"], progress=value["progress"]
        ),
    )
    was = value["job"]
    # Whoever carried it then found its lease gone: it is free, to be done again under its old keys.
    state = "waiting" if was["state"] == "running" else was["state"]
    jobs.put_back(connection, job.id, state, instant(was["due"]), was["attempts"], was["error"])
    runs.note(connection, run.id, "", "put_back", {"revision": context.parts.revision}, context.now, kind="note")
    if state == "waiting":
        launch.tell(context, job.id)
    return True


def _approval(context: Acting, one: Back, _: Actor) -> bool:
    connection, value = context.connection, one.value
    found = approvals.get(connection, one.target)
    if found is None:
        return False
    if value is None or value["state"] == "void":
        approval.overtaken(context, found)
        return True
    if found.state != "open":
        if not approvals.reopen(connection, one.target):
            return False
        timers.go_on(connection, f"{approval.PREFIX}{one.target}")
        approval.noted(context, found, one.target, "approval_reopened", {})
        seats = approvals.seats_of(connection, one.target)
        done = [vote.position for vote in approvals.votes_of(connection, one.target)]
        approval.told(
            context, approval.ASKED, found,
            {"approval": one.target, "users": approval.turn_of(found, seats, done)},
        )  # fmt: skip
    approvals.rename(connection, one.target, str(value["name"]))
    return True


_PUT: Mapping[str, Any] = {"record": _record, "timer": _timer, "run": _put_run, "approval": _approval}

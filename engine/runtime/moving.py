"""What belongs to a record that goes into another one: links, timers, open runs; there, and back again. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.facts import Record
from engine.runtime import idle, log
from engine.runtime.context import Context
from engine.runtime.plans import EntityPlan
from engine.runtime.sla import PREFIX
from engine.store import runs, timers
from engine.store.merges import Merge

#: Links that are moved at most.
MOST = 100_000
#: Of these rules one run at a time is enough for a record: a second one is not taken over.
ALONE = ("single", "restart")


def links(context: Context, entity: str, old: int, new: int) -> list[list[Any]]:
    """Let everything that links to one record link to the other, what lies in the trash as well: it may be restored.
    [entity, field, id, whether it linked to both] of each."""
    found: list[list[Any]] = []
    for name, field, source in context.records.used_by(context.connection, entity, old, MOST, trashed=True):
        # The one that goes keeps its links as they were.
        linked = _linked(context, name, source) if (name, source) != (entity, old) else None
        if linked is None:
            continue
        value = linked.values.get(field)
        changed: Any
        if isinstance(value, tuple):
            both, changed = new in value, tuple(dict.fromkeys(new if each == old else each for each in value))
            changed = tuple(each for each in changed if (name, source) != (entity, each))
        else:
            # The one that stays cannot lead to itself.
            both, changed = False, None if (name, source) == (entity, new) else new
        _lead(context, linked, field, changed)
        # Its own fields are kept with the values the merge changed.
        if (name, source) != (entity, new):
            found.append([name, field, source, both])
    return found


def _linked(context: Context, entity: str, record: int) -> Record | None:
    """The record, held, also one in the trash; None where there is none."""
    if context.get(entity, record) is not None:
        return context.hold(entity, record)
    return context.records.get(context.connection, entity, record, lock=True, trashed=True)


def _lead(context: Context, linked: Record, field: str, value: Any) -> None:
    """Let a link lead elsewhere."""
    from engine.runtime.entity import save

    plan = context.plan(linked.entity)
    if context.get(linked.entity, linked.id) is not None:
        save(context, plan, linked, {field: value})
        return
    # Nothing happens to what is in the trash that a rule could see, but its log says why it comes back otherwise.
    context.records.relink(context.connection, linked, field, value)
    log.changed(context, plan, linked, {field: linked.values.get(field)}, {field: value})


def away(context: Context, plan: EntityPlan, other: Record, record: Record) -> dict[str, Any]:
    """Let open timers, runs and jobs of one record go on with the other, where that makes sense there; what was moved."""
    connection, entity = context.connection, plan.name
    own = [one for one in timers.open_of(connection, entity, record.id) if not one.timer.name.startswith(idle.PREFIX)]
    known = {(one.timer.name, one.timer.step) for one in own}
    moved: list[list[Any]] = []
    closed: list[list[Any]] = []
    for one in timers.open_of(connection, entity, other.id):
        if one.timer.name.startswith(idle.PREFIX):
            continue
        if (one.timer.name, one.timer.step) in known or not _stands(context, plan, record, one.timer.name):
            closed.append([one.id, one.state])
        else:
            moved.append([one.id, one.state])
    _point(context, "fl_timers", [number for number, _ in moved], record.id)
    if moved:
        connection.cache.pop(("running", entity, record.id), None)
    carried = [run for run in _live(context, entity, other.id) if not _alone(context, run, entity, record.id)]
    for run in carried:
        _carry(context, run, record.id)
    text = "SELECT id FROM fl_jobs WHERE record = ? AND entity = ? AND run IS NULL AND state = 'waiting'"
    jobs = [int(number) for (number,) in connection.execute(text, (other.id, entity))]
    _point(context, "fl_jobs", jobs, record.id)
    kept = [[one.id, one.state] for one in own]
    return {"timers": moved, "closed": closed, "own": kept, "runs": carried, "jobs": jobs}


def _stands(context: Context, plan: EntityPlan, record: Record, timer: str) -> bool:
    """Whether a promise about a state means anything for a record: only while it is in that state."""
    if not timer.startswith(PREFIX):
        return True
    machine, _, state = timer[len(PREFIX) :].partition(".")
    return not any(each.name == machine and record.values.get(each.field) != state for each in plan.machines)


def _live(context: Context, entity: str, record: int) -> list[int]:
    text = "SELECT id FROM fl_runs WHERE record = ? AND entity = ? AND state IN ('waiting', 'queued') ORDER BY id"
    return [int(number) for (number,) in context.connection.execute(text, (record, entity))]


def _alone(context: Context, run: int, entity: str, record: int) -> bool:
    kept = runs.get(context.connection, run)
    rule = context.manifest.triggers.get(kept.trigger) if kept is not None else None
    if kept is None or rule is None or rule.mode not in ALONE:
        return False
    return bool(runs.live(context.connection, kept.trigger, entity, record))


def _carry(context: Context, run: int, record: int) -> None:
    """Let a run go on about another record."""
    kept = runs.get(context.connection, run)
    if kept is not None and kept.progress:
        event: Mapping[str, Any] = kept.progress.get("event", {})
        runs.keep(context.connection, run, {**kept.progress, "event": {**event, "record": record}})
    context.connection.execute("UPDATE fl_runs SET record = ? WHERE id = ?", (record, run))
    context.connection.execute("UPDATE fl_jobs SET record = ? WHERE run = ? AND record IS NOT NULL", (record, run))


def _point(context: Context, table: str, rows: list[int], record: int) -> None:
    for row in rows:
        context.connection.execute(f"UPDATE {table} SET record = ? WHERE id = ?", (record, row))


def back(context: Context, plan: EntityPlan, merge: Merge) -> Iterator[tuple[str, int, str, str]]:
    """Give the other record back what was moved; (entity, record, field, why) of all that stays where it is."""
    yield from _links_back(context, merge)
    connection, content = context.connection, merge.content
    # A promise that was kept only by what the merge brought is open again: the next event judges it anew.
    for number, state in content.get("timers", ()):
        text = "UPDATE fl_timers SET record = ?, state = CASE state WHEN 'cancelled' THEN ? ELSE state END WHERE id = ? AND state <> 'fired'"
        if not connection.change(text, (merge.other, state, number)):
            yield merge.entity, merge.record, "", "fired"
    for number, state in (*content.get("closed", ()), *content.get("own", ())):
        text = "UPDATE fl_timers SET state = ? WHERE id = ? AND state = 'cancelled'"
        connection.execute(text, (state, number))
    for number in content.get("runs", ()):
        kept = runs.get(connection, number)
        if kept is not None and kept.state in runs.LIVE and kept.record == merge.record:
            _carry(context, number, merge.other)
        else:
            yield merge.entity, merge.record, "", "over"
    for number in content.get("jobs", ()):
        connection.execute("UPDATE fl_jobs SET record = ? WHERE id = ? AND state = 'waiting'", (merge.other, number))
    for name in (merge.record, merge.other):
        connection.cache.pop(("running", plan.name, name), None)


def _links_back(context: Context, merge: Merge) -> Iterator[tuple[str, int, str, str]]:
    for name, field, source, both in merge.content.get("links", ()):
        if name not in context.manifest.entities or field not in context.plan(name).fields:
            continue
        linked = _linked(context, name, source)
        if linked is None:
            yield name, source, field, "gone"
            continue
        value = linked.values.get(field)
        if isinstance(value, tuple):
            if merge.record not in value:
                yield name, source, field, "changed"
                continue
            kept = value if both else tuple(each for each in value if each != merge.record)
            back: Any = tuple(sorted({*kept, merge.other}))
        elif value == merge.record:
            back = merge.other
        else:
            yield name, source, field, "changed"
            continue
        _lead(context, linked, field, back)
    known = {(name, source) for name, _, source, _ in merge.content.get("links", ())}
    for name, field, source in context.records.used_by(context.connection, merge.entity, merge.record, 1000):
        linked_now = context.get(name, source)
        made = linked_now.values.get("created_at") if linked_now is not None else None
        if (name, source) not in known and made is not None and made > merge.at:
            yield name, source, field, "new"

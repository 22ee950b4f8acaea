"""Promises with a clock: started, warned, kept, broken, paused and moved, as rows that survive a kill. Floor: 5.

A start that comes again while the promise runs starts it anew (a new owner gets the whole time). ``stop`` and ``pause``
are judged after every event of the record. Escalations are set when the target passes, each from the moment it was
due, not from when it was noticed: a late timer shortens nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.expression.evaluate import Environment
from engine.facts import Event, Timer
from engine.model.sla import Sla
from engine.runtime.calendar import WorkTime
from engine.runtime.context import Context
from engine.runtime.plans import EntityPlan, SlaPlan
from engine.store import timers
from engine.store.encode import instant, micros, to_text

PREFIX = "sla:"
#: How a timer's state is told of its promise.
STATES: Mapping[str, str] = {"waiting": "running", "paused": "paused", "cancelled": "kept", "fired": "broken"}
#: Later than this is told with the event.
LATE = dt.timedelta(minutes=1)
MICROSECOND = dt.timedelta(microseconds=1)


def observe(context: Context, plan: EntityPlan, event: Event, scene: Callable[[Event], Environment]) -> None:
    """Let every promise over the event's record see it."""
    if event.record is None or event.name == "deleted":
        return
    heard = plan.heard.get(event.name)
    if heard is None:
        heard = plan.heard[""]
    if event.name == "created":
        context.ring.begun[plan.name, event.record] = {}
    elif not heard:
        return
    running = _running(context, event)
    broken = _broken(context, plan, event) if plan.lasting else {}

    def seen(near: bool) -> Environment:
        record = context.record(event) if near else None
        # What a rule sees of an event is more than this, and takes longer to put together.
        return (
            scene(event)
            if record is None
            else Environment(context.plain(record), timezone=context.parts.zone, extras=context.extras)
        )

    for each in heard:
        name = each.sla.name
        if name in running:
            if each.stop.matches(event, seen):
                timers.cancel(context.connection, plan.name, event.record, each.timer)
                running.discard(name)
                continue
        elif name in broken:
            # A state of things that goes on is not promised anew because the promise about it was broken.
            if not each.start.matches(event, seen) or each.stop.matches(event, seen):
                timers.close(context.connection, broken.pop(name))
            continue
        elif each.start.event is not None and each.start.event != event.name:
            continue
        if _starts(each, event, running, seen):
            if name in running:
                timers.cancel(context.connection, plan.name, event.record, each.timer)
            begin(context, plan, each, event.record, context.now)
            running.add(name)
        if each.pause is not None and name in running:
            _pause(context, each, event.record, bool(each.pause(seen(False))))


def _running(context: Context, event: Event) -> set[str]:
    """The promises that run for this record, read once a turn; a record made in this turn has none."""
    assert event.entity is not None and event.record is not None
    key = ("running", event.entity, event.record)
    known: set[str] | None = context.connection.cache.get(key)
    if known is None:
        known = set()
        if event.name != "created":
            for one in timers.open_of(context.connection, event.entity, event.record):
                if one.timer.name.startswith(PREFIX):
                    known.add(one.timer.name[len(PREFIX) :])
        context.connection.cache[key] = known
    return known


def _broken(context: Context, plan: EntityPlan, event: Event) -> dict[str, int]:
    """The promises over a state of things that were broken while it lasts: name -> the timer that said so."""
    assert event.entity is not None and event.record is not None
    names = plan.lasting
    if not names or event.name == "created":
        return {}
    key = ("broken", event.entity, event.record)
    known: dict[str, int] | None = context.connection.cache.get(key)
    if known is None:
        latest: dict[str, timers.Waiting] = {}
        for one in timers.all_of(context.connection, event.entity, event.record):
            if one.timer.step == "due" and one.timer.name in names:
                earlier = latest.get(one.timer.name)
                latest[one.timer.name] = one if earlier is None or earlier.id < one.id else earlier
        known = {
            name[len(PREFIX) :]: one.id
            for name, one in latest.items()
            if one.state == "fired" and not one.timer.data.get("over")
        }
        context.connection.cache[key] = known
    return known


def _starts(plan: SlaPlan, event: Event, running: set[str], seen: Callable[[bool], Environment]) -> bool:
    # A start without an event is a state of things: it begins once, not again at every save.
    if plan.start.event is None and plan.sla.name in running:
        return False
    if not plan.start.matches(event, seen):
        return False
    if plan.where is not None and not plan.where(seen(False)):
        return False
    # What is already fulfilled needs no clock.
    return not (plan.stop.event is None and plan.stop.condition is not None and plan.stop.holds(seen))


def begin(context: Context, plan: EntityPlan, each: SlaPlan, record: int, start: dt.datetime) -> None:
    """Set the timers of a promise that starts at ``start``; one whose target is empty does not start."""
    target = target_of(context, plan, each, record)
    if target is None:
        return
    work, connection = context.compiled.calendar(each.sla.calendar), context.connection
    at = micros(start)
    data = {"start": at, "target": target.total_seconds()}
    ends = work.after(at, target // MICROSECOND)
    due = instant(ends)
    if work.estimated(due):
        # No holidays are published for that year yet: counted as Monday to Friday, and moved when they are.
        data["estimated"] = True
    begun = context.ring.begun.get((plan.name, record))
    if begun is not None:
        begun[each.sla.name] = (due, "estimated" in data)
    text = to_text(data)
    if each.sla.warn_at:
        warned = work.after(at, target * each.sla.warn_at // MICROSECOND)
        timers.put(connection, each.timer, "warn", plan.name, record, warned, text)
    timers.put(connection, each.timer, "due", plan.name, record, ends, text)


def target_of(context: Context, plan: EntityPlan, each: SlaPlan, record: int) -> dt.timedelta | None:
    """How long the promise gives that record today, in the time of its calendar."""
    if isinstance(each.target, dt.timedelta):
        return each.target
    if each.general:
        seen = context.scene_of({"id": record})
    else:
        seen = context.environment(plan.name, context.plain(context.need(plan.name, record)))
    found = each.target(seen)
    return found if isinstance(found, dt.timedelta) else None


def _pause(context: Context, each: SlaPlan, record: int, wanted: bool) -> None:
    connection, entity = context.connection, each.sla.entity
    open_ones = timers.open_of(connection, entity, record, each.timer)
    paused = [one for one in open_ones if one.state == "paused"]
    if wanted and len(paused) < len(open_ones):
        timers.pause(connection, entity, record, context.now, each.timer)
    elif not wanted and paused:
        work = context.compiled.calendar(each.sla.calendar)
        for one in paused:
            data = dict(one.timer.data)
            since = instant(data.pop("paused_at"))
            due, lost = resumed(work, one.timer.due, since, context.now)
            data["paused"] = data.get("paused", 0) + lost.total_seconds()
            timers.move(connection, one.id, due, data)


def resumed(work: WorkTime, due: dt.datetime, since: dt.datetime, now: dt.datetime) -> tuple[dt.datetime, dt.timedelta]:
    """When a promise that stood still from ``since`` to ``now`` is due, and the working time it stood still."""
    return work.add(now, work.between(since, due)), work.between(since, now)


def fire(context: Context, timer: Timer, emit: Callable[[Event], None]) -> None:
    """A timer of a promise has come: warn, or tell that it is broken and set what follows."""
    name = timer.name[len(PREFIX) :]
    sla = context.manifest.slas.get(name)
    if sla is None or context.get(timer.entity, timer.record) is None:
        return
    for known in ("running", "broken"):
        # Another turn of the same transaction may have looked before this timer fired.
        context.connection.cache.pop((known, timer.entity, timer.record), None)
    late = context.now - timer.due
    data: dict[str, Any] = {"sla": name, "step": timer.step, "due": timer.due}
    if late > LATE:
        data["late"] = late.total_seconds()
    event = "sla_warning" if timer.step == "warn" else "sla_breached"
    emit(Event(event, timer.entity, timer.record, context.now, data=data))
    if timer.step == "due":
        _escalations(context, sla, timer, data, emit)


def _escalations(
    context: Context, sla: Sla, timer: Timer, data: Mapping[str, Any], emit: Callable[[Event], None]
) -> None:
    work = context.compiled.calendar(sla.calendar)
    for index, each in enumerate(sla.escalate):
        step = f"escalate.{index}"
        if each.after.delta <= dt.timedelta(0):
            about = {**data, "step": step}
            emit(Event("sla_breached", timer.entity, timer.record, context.now, data=about))
            continue
        due = work.add(timer.due, each.after.delta)
        timers.set(context.connection, Timer(timer.name, step, timer.entity, timer.record, due, timer.data))


# --- seen and changed from outside


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise on a record, for people: ``state`` is running, paused, kept or broken."""

    name: str
    label: str
    due: dt.datetime
    state: str
    estimated: bool = False


def promises(context: Context, entity: str, record: int) -> list[Promise]:
    """What was promised for a record, the latest start of each."""
    begun = _just_begun(context, entity, record)
    if begun is not None:
        return begun
    latest: dict[str, timers.Waiting] = {}
    for one in timers.all_of(context.connection, entity, record):
        if one.timer.name.startswith(PREFIX) and one.timer.step == "due":
            known = latest.get(one.timer.name)
            if known is None or known.id < one.id:
                latest[one.timer.name] = one
    return [told for one in latest.values() if (told := _told(context, one)) is not None]


def _just_begun(context: Context, entity: str, record: int) -> list[Promise] | None:
    """The promises of a record that was made in this turn, where all of them still run: known without looking."""
    begun = context.ring.begun.get((entity, record))
    running = context.connection.cache.get(("running", entity, record))
    if begun is None or begun.keys() != running or any(each.pause for each in context.plan(entity).slas):
        return None
    slas, language = context.manifest.slas, context.language
    found = [
        Promise(name, slas[name].label.text(language) or name, due, STATES["waiting"], estimated)
        for name, (due, estimated) in begun.items()
    ]
    return sorted(found, key=lambda one: one.due)


def standing(context: Context, entity: str, records: Sequence[int]) -> Mapping[int, list[Promise]]:
    """What is promised for some records and not kept yet, by record, the earliest due first: for a page of them, read in
    one query. What was broken is told while the record stays where it should have left."""
    found: dict[int, list[Promise]] = {}
    if not any(one.entity == entity for one in context.manifest.slas.values()):
        return found
    for one in timers.open_of_many(context.connection, entity, records, "due"):
        told = _told(context, one) if one.timer.name.startswith(PREFIX) else None
        if told is not None:
            found.setdefault(one.timer.record, []).append(told)
    return found


def _told(context: Context, one: timers.Waiting) -> Promise | None:
    sla = context.manifest.slas.get(one.timer.name[len(PREFIX) :])
    if sla is None:
        return None
    label = sla.label.text(context.language) or sla.name
    return Promise(sla.name, label, one.timer.due, STATES[one.state], bool(one.timer.data.get("estimated")))


@dataclass(frozen=True, slots=True)
class Move:
    """A running timer that would be due at another time."""

    timer: int
    sla: str
    step: str
    entity: str
    record: int
    due: dt.datetime
    new_due: dt.datetime


def moves(context: Context, old: Context, names: frozenset[str] | None = None) -> list[Move]:
    """The running timers whose due time differs under ``context``'s rules from what is set, for the plan of a publish.

    ``old`` is a context of the rules that run now, over the same connection; ``names`` limits it to some promises.
    """
    found: list[Move] = []
    for sla in context.manifest.slas.values():
        if (names is not None and sla.name not in names) or sla.name not in old.manifest.slas:
            continue
        plan = context.plan(sla.entity)
        each = next(one for one in plan.slas if one.sla.name == sla.name)
        for one in timers.named(context.connection, each.timer):
            due = _new_due(context, plan, each, one)
            if due is not None and due != one.timer.due:
                found.append(Move(one.id, sla.name, one.timer.step, sla.entity, one.timer.record, one.timer.due, due))
    return found


def _new_due(context: Context, plan: EntityPlan, each: SlaPlan, one: timers.Waiting) -> dt.datetime | None:
    data = one.timer.data
    if one.timer.step not in ("warn", "due") or "start" not in data or one.state != "waiting":
        return None
    if context.get(plan.name, one.timer.record) is None:
        return None
    target = target_of(context, plan, each, one.timer.record)
    if target is None:
        return None
    work: WorkTime = context.compiled.calendar(each.sla.calendar)
    share = (each.sla.warn_at or 1.0) if one.timer.step == "warn" else 1.0
    lost = dt.timedelta(seconds=data.get("paused", 0))
    return work.add(instant(data["start"]), target * share + lost)


def retime(context: Context, changes: list[Move]) -> int:
    """Carry out the moves a publisher chose; how many timers were still open. A new due time in the past fires next."""
    moved = 0
    for change in changes:
        known = timers.open_of(context.connection, change.entity, change.record, PREFIX + change.sla)
        data = next((dict(one.timer.data) for one in known if one.id == change.timer), None)
        if data is not None:
            moved += timers.move(context.connection, change.timer, change.new_due, data)
    return moved

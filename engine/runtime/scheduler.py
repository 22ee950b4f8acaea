"""What happens because time passes: timers that are due, schedules, records that stand still. Floor: 5.

Every due time is a row, so a killed process loses none; whoever finds it due first acts on it, in a turn of its own.
Late ones fire once each, in the order they were due.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

from engine import said
from engine.clock import UTC, VirtualClock
from engine.errors import InvalidDocument, Problem, Unavailable
from engine.facts import SYSTEM, Event, Timer
from engine.failpoints import failpoint
from engine.plugins.slots import EventPlugin
from engine.runtime import approval, budget, course, deciding, idle, log, polling, silence, sla, trigger, turn
from engine.runtime.acts import Acting, every
from engine.runtime.context import Parts
from engine.runtime.outside import Rehearsal
from engine.runtime.plans import TriggerPlan
from engine.runtime.worker import Worker, drain
from engine.store import jobs, timers
from engine.store.connection import Connection
from engine.store.database import Database
from engine.store.encode import instant, micros

CRON = "cron:"
#: The advisory lock's first number, PostgreSQL only.
ARMING = 7211
#: Timers taken in one look; between looks new ones may have come that are due earlier.
LOT = 100


def fire_due(parts: Parts, database: Database, until: dt.datetime | None = None) -> int:
    """How many timers fired: every one due by ``until`` (now), earliest first, each in a turn of its own.

    A turn that fails leaves its timer marked as fired and a failed run behind: one bad rule must not stop the others.
    Raises Unavailable when the database cannot take it: what was not fired yet still waits.
    """
    limit = until if until is not None else parts.clock.now()
    fired = 0
    while True:
        with database.read() as connection:
            found = timers.due(connection, limit, LOT)
        if not found:
            return fired
        for one in found:
            fired += _fire(parts, database, one)


def play(
    parts: Parts, database: Database, clock: VirtualClock, until: dt.datetime, worker: Worker | None = None
) -> int:
    """Let a virtual clock run to ``until``, standing still at every due time on the way; how many timers fired.

    Runs that are due go on, too; without a ``worker`` of its own what they send is only written down.
    """
    carrier = worker or Worker(database, lambda: parts, way=lambda _: Rehearsal())
    fired = 0
    while True:
        with database.read() as connection:
            known = [each for each in (timers.next_due(connection), jobs.next_due(connection)) if each is not None]
        due = min(known, default=None)
        if due is None or due > until:
            clock.move_to(until)
            return fired
        clock.move_to(max(due, clock.now()))
        fired += fire_due(parts, database, clock.now())
        drain(carrier)


def _fire(parts: Parts, database: Database, one: timers.Waiting) -> int:
    def work(context: Acting) -> bool:
        if not timers.fire(context.connection, one.id, context.now):
            return False
        failpoint("timer_fire")
        _act(context, one.timer)
        return True

    via = f"timer:{one.timer.name}"
    try:
        return int(turn.run(parts, database, SYSTEM, work, via=via).value)
    except Unavailable:
        # Not the rule's fault: nothing was written, the timer still waits, and the next look finds it.
        raise
    except Exception as error:
        # Whatever it is, it would come again at every look, and no timer due later would ever fire.
        failure = error

    def give_up(connection: Connection) -> int:
        context = Acting(parts, connection, SYSTEM, via=via)
        if not timers.fire(connection, one.id, context.now):
            return 0
        _go_on(context, one.timer)
        event = Event("timer", one.timer.entity, one.timer.record, context.now, data={"timer": one.timer.name})
        log.failed(
            context, one.timer.name, event, {"problems": [said.kept(each) for each in said.problems_of(failure)]}
        )
        return 1

    return database.write(give_up)


def _go_on(context: Acting, timer: Timer) -> None:
    """A schedule that failed this time has a next time all the same."""
    cron = schedules(context).get(timer.name)
    if cron is not None:
        with contextlib.suppress(InvalidDocument):
            _set_next(context, timer.name, cron)


def _act(context: Acting, timer: Timer) -> None:
    if timer.name.startswith(sla.PREFIX):
        sla.fire(context, timer, context.ring.emit)
    elif timer.name.startswith(idle.PREFIX):
        _stood_still(context, timer)
    elif timer.name.startswith(approval.PREFIX):
        deciding.late(context, timer)
    elif timer.name == budget.DIGEST:
        budget.digest(context, timer.record)
    elif timer.name.startswith(silence.PREFIX):
        silence.fire(context, timer)
    elif timer.name.startswith(polling.PREFIX):
        cron = schedules(context).get(timer.name)
        if cron is not None:
            _set_next(context, timer.name, cron)
            polling.ask(context, timer.name[len(polling.PREFIX) :])
    elif timer.name.startswith(CRON):
        _scheduled(context, timer)


def _plan(context: Acting, name: str, entity: str | None) -> TriggerPlan | None:
    found = context.manifest.triggers.get(name)
    if found is None or not found.enabled:
        return None
    condition = context.compiled.call(found.if_, entity, "rule") if found.if_ else None
    durable = course.is_durable(found.do, context.registry, context.manifest)
    return TriggerPlan(found, context.registry.find(EventPlugin, found.when.event), condition, durable)


def _stood_still(context: Acting, timer: Timer) -> None:
    name = timer.name[len(idle.PREFIX) :]
    plan = _plan(context, name, timer.entity)
    record = context.get(timer.entity, timer.record)
    if plan is None or record is None:
        return
    rule = next((each for each in context.plan(timer.entity).idle if each.trigger == name), None)
    if rule is None:
        return
    since = record.values.get(rule.since)
    # The rule's span may have been tuned since the timer was set: what counts is what it says now.
    if not isinstance(since, dt.datetime):
        return
    if since + rule.span > context.now:
        due = since + rule.span
        timers.set(context.connection, Timer(timer.name, "idle", timer.entity, timer.record, due, timer.data))
        return
    data = {"since": rule.since, "for": rule.span.total_seconds()}
    event = Event("idle", timer.entity, timer.record, context.now, data=data)
    if rule.condition is None or rule.condition(context.scene(event)):
        trigger.start(context, plan, event)


def _scheduled(context: Acting, timer: Timer) -> None:
    name = timer.name[len(CRON) :]
    found = context.manifest.triggers.get(name)
    if found is None or not found.enabled or found.when.event != "schedule":
        return
    missed = str(found.when.params.get("missed", "run_last"))
    cron = str(found.when.params["cron"])
    _set_next(context, timer.name, cron, timer.due if missed == "run_all" else context.now)
    late = context.now - timer.due
    if missed == "skip" and late > sla.LATE:
        return
    data: dict[str, Any] = {"cron": cron, "due": timer.due}
    if late > sla.LATE:
        data["late"] = late.total_seconds()
    each = found.when.params.get("each")
    plan = _plan(context, name, each)
    if plan is None:
        return
    if each is None:
        trigger.start(context, plan, Event("schedule", None, None, context.now, data=data))
        return
    where = found.when.params.get("where")
    condition = context.compiled.call(where, each, "rule") if where is not None else None
    for record in list(every(context, each)):
        event = Event("schedule", each, record.id, context.now, data=data)
        if condition is None or condition(context.scene(event)):
            trigger.start(context, plan, event)


def schedules(context: Acting) -> dict[str, str]:
    """What waits for a time of the clock: the name of its timer -> its cron expression. Triggers, and connections that are polled."""
    triggers = {
        CRON + found.name: str(found.when.params["cron"])
        for found in context.manifest.triggers.values()
        if found.when.event == "schedule" and found.enabled
    }
    return triggers | polling.schedules(context.manifest, context.registry)


def arm(context: Acting) -> int:
    """See to it that every schedule has its next time set and no other has; how many were set. Done at every start and
    after every publish."""
    if context.connection.dialect == "postgresql":
        # Two processes that start together would each set the next time, and every schedule would run twice.
        context.connection.execute("SELECT pg_advisory_xact_lock(?, 0)", (ARMING,))
    silence.arm(context)
    wanted = schedules(context)
    waiting = context.connection.execute(
        "SELECT DISTINCT name FROM fl_timers WHERE (name LIKE 'cron:%' OR name LIKE 'poll:%') AND state = 'waiting'"
    )
    known = {name for (name,) in waiting}
    for name in known - set(wanted):
        context.connection.execute(
            "UPDATE fl_timers SET state = 'cancelled' WHERE name = ? AND state = 'waiting'", (name,)
        )
    for name, cron in wanted.items():
        if name in known:
            context.connection.execute(
                "UPDATE fl_timers SET state = 'cancelled' WHERE name = ? AND state = 'waiting' AND due > ?",
                (name, micros(context.now)),
            )
        if not _late(context, name):
            _set_next(context, name, cron)
    return len(wanted)


def _late(context: Acting, name: str) -> bool:
    """True when a time that passed while nobody ran still waits: it fires first, and sets the next itself."""
    found = context.connection.scalar("SELECT 1 FROM fl_timers WHERE name = ? AND state = 'waiting'", (name,))
    return found is not None


def _set_next(context: Acting, name: str, cron: str, begin: dt.datetime | None = None) -> None:
    last = context.connection.scalar("SELECT MAX(due) FROM fl_timers WHERE name = ? AND state = 'fired'", (name,))
    # A clock that was put back comes to the same wall time again; what ran for it has run.
    begin = context.now if begin is None else begin
    after = begin if last is None else max(begin, instant(last))
    due = next_time(cron, after, context.parts)
    timers.set(context.connection, Timer(name, "cron", "", 0, due))


def next_time(cron: str, after: dt.datetime, parts: Parts) -> dt.datetime:
    """The next instant a cron expression names after ``after``, in the site's time zone.

    A time the clock skips in spring comes at the next valid minute; one that comes twice in autumn comes the first time
    only. Raises InvalidDocument (R094).
    """
    from croniter import CroniterError, croniter

    wall = after.astimezone(parts.zone).replace(tzinfo=None)
    try:
        times = croniter(cron, wall)
        while True:
            naive: dt.datetime = times.get_next(dt.datetime)
            found = naive.replace(tzinfo=parts.zone).astimezone(UTC)
            if found > after:
                return found
    except (CroniterError, ValueError) as error:
        raise InvalidDocument(Problem("R094", parameters={"cron": cron})) from error

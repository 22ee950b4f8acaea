"""Silence: what a connection should have brought and did not. Floor: 5.

``expect: {by: "03:30"}`` wants something every day before that time, ``{every: 2h}`` at least once in so long. One timer per
connection looks; nothing is written when a delivery comes.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from engine.clock import UTC
from engine.errors import Problem
from engine.facts import SYSTEM, Event, Timer
from engine.model.connection import Connection as Definition
from engine.runtime import people, who
from engine.runtime.connection import PARKED as PARKED
from engine.runtime.context import Context, Parts
from engine.store import inbox, timers
from engine.store.connection import Connection

if TYPE_CHECKING:
    from engine.runtime.acts import Acting

PREFIX = "expect:"


def arm(context: Context) -> int:
    """See to it that every connection with a rhythm has its next look set, and no other has; how many were set."""
    text = "UPDATE fl_timers SET state = 'cancelled' WHERE name LIKE 'expect:%' AND state = 'waiting' AND due > ?"
    from engine.store.encode import micros

    context.connection.execute(text, (micros(context.now),))
    late = context.connection.execute("SELECT name FROM fl_timers WHERE name LIKE 'expect:%' AND state = 'waiting'")
    waiting = {name for (name,) in late}
    found = [each for each in context.manifest.connections.values() if each.expect is not None]
    for each in found:
        if PREFIX + each.name not in waiting:
            _set_next(context, each)
    return len(found)


def _set_next(context: Context, each: Definition) -> None:
    timers.set(context.connection, Timer(PREFIX + each.name, "look", "", 0, _next(context, each)))


def _next(context: Context, each: Definition) -> dt.datetime:
    expect = each.expect
    assert expect is not None
    if expect.every is not None:
        last = inbox.last(context.connection, each.name)
        due = (last or context.now) + expect.every.delta
        return due if due > context.now else context.now + expect.every.delta
    return _wall(context, str(expect.by), context.now)


def _wall(context: Context, by: str, after: dt.datetime) -> dt.datetime:
    """The first instant after ``after`` at which the site's clocks show that time."""
    hour, minute = (int(part) for part in by.split(":"))
    day = after.astimezone(context.parts.zone).date()
    for _ in range(3):
        found = dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=context.parts.zone).astimezone(UTC)
        if found > after:
            return found
        day += dt.timedelta(days=1)
    return after + dt.timedelta(days=1)


def fire(context: Acting, timer: Timer) -> None:
    """Look: when nothing came in its time, those who look after the site are told; then the next look is set."""
    each = context.manifest.connections.get(timer.name[len(PREFIX) :])
    if each is None or each.expect is None:
        return
    late = silent_since(context, each, timer.due)
    if late is not None:
        label = each.label.text(context.language) or each.name
        local = late.astimezone(context.parts.zone)
        parameters = {"connection": label, "since": f"{local:%Y-%m-%d %H:%M}"}
        _tell(context, Problem("I024", parameters=parameters))
    _set_next(context, each)


def silent_since(context: Context, each: Definition, at: dt.datetime | None = None) -> dt.datetime | None:
    """Since when something is missing, seen at that instant; None when all came, or nothing is expected."""
    expect, now = each.expect, at or context.now
    if expect is None:
        return None
    last = inbox.last(context.connection, each.name)
    if expect.every is not None:
        if last is None:
            return None if at is None else now - expect.every.delta
        return last if last + expect.every.delta <= now else None
    due = _wall(context, str(expect.by), now - dt.timedelta(days=1))
    due = due if due <= now else due - dt.timedelta(days=1)
    if last is None and at is None:
        return None
    return due if last is None or last <= due - dt.timedelta(days=1) else None


def tell(parts: Parts, connection: Connection, problem: Problem) -> None:
    """Tell those who look after the site, in a turn of their own inside this transaction."""
    from engine.runtime.turn import turn

    turn(parts, connection, SYSTEM, lambda context: _tell(context, problem), via="connection")


def _tell(context: Acting, problem: Problem) -> None:
    event = Event("received", None, None, context.now)
    people.tell(context, who.caretakers(context), problem.what(context.language), problem.fix(context.language), event)

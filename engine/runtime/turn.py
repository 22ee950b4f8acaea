"""The turn: one transaction in which the ring runs until quiet. Floor: 5.

Entity, state machine, assignment, triggers: whatever one brings about, the others see, until nothing more happens.
Everything is in the same commit: records, history, timers, runs, audit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from engine.errors import FlowloomError, Problem
from engine.facts import SYSTEM, Actor, Event
from engine.runtime import launch, letters, log, offering, sla, state_machine, trigger
from engine.runtime.acts import Acting
from engine.runtime.context import Parts
from engine.runtime.ring import HOPS, Ring
from engine.store.connection import Connection
from engine.store.database import Database

T = TypeVar("T")
R = TypeVar("R")
#: After these a record may be ready for a transition that goes by itself.
READY = frozenset({"created", "changed", "entered"})


@dataclass(frozen=True, slots=True)
class Turned(Generic[T]):
    """What a turn gave: the value of its work, what happened in it, what people should know, the score cards.

    ``said`` is what ``answer`` made of it, in the same transaction.
    """

    value: T
    events: tuple[Event, ...] = ()
    warnings: tuple[Problem | Mapping[str, Any], ...] = ()
    cards: tuple[Mapping[str, Any], ...] = ()
    said: Any = None


def run(
    parts: Parts,
    database: Database,
    actor: Actor,
    work: Callable[[Acting], T],
    *,
    via: str = "",
    now: dt.datetime | None = None,
    answer: Callable[[Acting, Turned[T]], Any] | None = None,
) -> Turned[T]:
    """Do ``work`` and all that follows from it, in one transaction; it is on disk when this returns.

    ``answer`` may look at how things stand when the ring is quiet, before the commit: what it needs was mostly read already.
    What ``work`` raises is raised here, after everything was taken back. A refused transition is then kept in the audit
    log and told to the rules that wait for it, in a turn of its own.
    """

    def inside(connection: Connection) -> Turned[T]:
        return turn(parts, connection, actor, work, via=via, now=now, answer=answer)

    return carry(parts, database, inside, via)


def carry(parts: Parts, database: Database, inside: Callable[[Connection], R], via: str = "") -> R:
    """What ``inside`` gives, once it is on disk: a ``Turned``, or what it found done already. Refusals are kept and told."""
    try:
        done = database.write(inside)
    except state_machine.TransitionRefused as refusal:
        _refusals(parts, database, [refusal.event], via)
        raise
    refusals = [event for event in getattr(done, "events", ()) if event.name == "refused"]
    if refusals:
        _refusals(parts, database, refusals, via)
    return done


def turn(
    parts: Parts,
    connection: Connection,
    actor: Actor,
    work: Callable[[Acting], T],
    *,
    via: str = "",
    now: dt.datetime | None = None,
    answer: Callable[[Acting, Turned[T]], Any] | None = None,
) -> Turned[T]:
    """The same inside a transaction that somebody else commits (an import that packs many turns into one)."""
    ring = Ring()
    context = Acting(parts, connection, actor, ring=ring, via=via, now=now)
    value = work(context)
    settle(context)
    done = Turned(value, (*ring.happened, *ring.refusals), tuple(ring.warnings), tuple(ring.cards))
    if answer is None:
        return done
    return Turned(done.value, done.events, done.warnings, done.cards, answer(context, done))


def _refusals(parts: Parts, database: Database, events: list[Event], via: str) -> None:
    def tell(context: Acting) -> None:
        for event in events:
            log.refused(context, event)
            context.ring.emit(event)

    def inside(connection: Connection) -> None:
        turn(parts, connection, events[0].actor, tell, via=via)

    database.write(inside)


def settle(context: Acting) -> None:
    """Run the ring until nothing is left to see. A rule that fails takes only itself back."""
    ring = context.ring
    # Rules look with all rights unless they say otherwise: one context for all of them.
    seeing = context if context.actor.is_system else context.as_system()
    while ring.queue:
        event, chain = ring.queue.popleft()
        ring.chain = chain
        _see(context, seeing, event)
    ring.chain = ()
    launch.wake(context)


def _see(context: Acting, seeing: Acting, event: Event) -> None:
    compiled = context.compiled
    plan = compiled.plan(event.entity) if event.entity is not None else None
    if plan is not None and plan.automatic and event.name in READY and event.record is not None:
        _automatic(context, event)
    for each in compiled.triggers(event.name, event.entity):
        if each.fires(event):
            trigger.start(seeing, each, event)
    if event.name in letters.TOLD:
        letters.tell(seeing, event)
    # Clocks start last: a promise that a rule has kept already needs none.
    if plan is not None and plan.slas:
        sla.observe(seeing, plan, event, seeing.scene)


def _automatic(context: Acting, event: Event) -> None:
    """Take the transition the record is ready for, if there is one; its events lead to the next."""
    ring = context.ring
    record = context.record(event)
    if record is None or event.entity is None:
        return
    name = offering.automatic(context, context.plan(event.entity), record)
    if name is None:
        return
    chain = ring.chain
    if len(chain) >= HOPS:
        shown = " → ".join([*chain, name])
        ring.warnings.append(Problem("R081", parameters={"chain": shown, "hops": HOPS}))
        return
    mark = ring.mark()
    ring.chain = (*chain, name)
    try:
        with context.connection.savepoint():
            acting = context.derive(SYSTEM, f"auto:{name}")
            state_machine.transition(acting, record.entity, record.id, name)
    except FlowloomError as error:
        ring.take_back(mark)
        reason = "; ".join(problem.what(context.language) for problem in error.problems)
        ring.warnings.append(Problem("R082", parameters={"trigger": name, "reason": reason}))
    finally:
        ring.chain = chain

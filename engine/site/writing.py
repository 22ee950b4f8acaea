"""The doors of every write: a turn, its answer, and the same request twice. Floor: 6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from engine.errors import Conflict, FlowloomError, Problem
from engine.facts import Actor, Event, Record
from engine.runtime import entity, state_machine
from engine.runtime.acts import Acting
from engine.runtime.context import Context
from engine.runtime.turn import Turned, carry, turn
from engine.runtime.turn import run as run_turn
from engine.site import reading
from engine.site.reading import Seen
from engine.site.running import Running
from engine.store import idempotency
from engine.store.connection import Connection


class KeyReused(FlowloomError):
    """The Idempotency-Key was used for another request."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write gave: the record as the writer sees it, why this owner, what they should know.

    ``replayed`` tells that nothing was done: the same key had been used before and this is that record.
    """

    record: Seen
    owner_why: Mapping[str, Any] | None = None
    warnings: tuple[Problem | Mapping[str, Any], ...] = ()
    events: tuple[Event, ...] = ()
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Once:
    """An Idempotency-Key and the mark of the request it came with."""

    key: str
    request: str


def create(
    running: Running,
    actor: Actor,
    name: str,
    values: Mapping[str, Any],
    *,
    form: str | None = None,
    once: Once | None = None,
    via: str = "",
) -> Outcome:
    """A new record through its whole pipeline. Raises Refused with every problem, Forbidden, KeyReused, Conflict."""

    def work(context: Acting) -> Record:
        return entity.create(context, name, values, form_name=form)

    if once is None:
        return _outcome(running, actor, work, via)
    return _just_once(running, actor, name, once, work, via)


def _just_once(
    running: Running, actor: Actor, name: str, once: Once, work: Callable[[Acting], Record], via: str
) -> Outcome:
    parts, scope = running.parts, f"{actor.login}:{name}"

    def inside(connection: Connection) -> Turned[Record] | int:
        known = idempotency.begin(connection, scope, once.key, once.request, parts.clock.now())
        if known.state == "other":
            raise KeyReused(Problem("H020"))
        if known.state == "running":
            raise Conflict(Problem("H021"))
        if known.state == "done":
            return int(known.answer["id"])
        done = turn(parts, connection, actor, work, via=via, answer=_answer)
        idempotency.answer(connection, scope, once.key, 201, {"id": done.value.id})
        return done

    found = carry(parts, running.database, inside, via)
    if found == 0:
        nothing = Seen(Record(name, 0, 0, {}), "", {}, {})
        return Outcome(nothing, replayed=True)
    if isinstance(found, int):
        return Outcome(reading.read(running, actor, name, found), replayed=True)
    return cast(Outcome, found.said)


def update(
    running: Running,
    actor: Actor,
    name: str,
    record: int,
    values: Mapping[str, Any],
    *,
    version: int | None = None,
    form: str | None = None,
) -> Outcome:
    """The changed record. Raises Refused, Forbidden, NotFound, Stale (somebody changed the same field since)."""

    def work(context: Acting) -> Record:
        reading.visible(context, name, record)
        return entity.update(context, name, record, values, version=version, form_name=form)

    return _outcome(running, actor, work)


def transition(
    running: Running,
    actor: Actor,
    name: str,
    record: int,
    chosen: str,
    values: Mapping[str, Any],
    *,
    version: int | None = None,
    once: Once | None = None,
) -> Outcome:
    """The record in its new state. Raises Refused with all that is missing, Conflict naming who was first, KeyReused."""

    def work(context: Acting) -> Record:
        reading.visible(context, name, record)
        return state_machine.transition(context, name, record, chosen, values, version=version)

    if once is not None:
        return _just_once(running, actor, name, once, work, "")
    return _outcome(running, actor, work)


def delete(running: Running, actor: Actor, name: str, record: int, *, version: int | None = None) -> None:
    """Put a record into the trash. Raises Refused with what needs it, Forbidden, NotFound, Stale."""

    def work(context: Acting) -> None:
        reading.visible(context, name, record)
        entity.delete(context, name, record, version=version)

    run_turn(running.parts, running.database, actor, work)


def restore(running: Running, actor: Actor, name: str, record: int) -> Outcome:
    """The record, out of the trash again."""

    def work(context: Acting) -> Record:
        return entity.restore(context, name, record)

    return _outcome(running, actor, work)


def act(running: Running, actor: Actor, work: Callable[[Acting], Any], via: str = "") -> None:
    """A turn of which only its effect matters, with the actor's rights. Raises what ``work`` raises."""
    run_turn(running.parts, running.database, actor, work, via=via)


def _outcome(running: Running, actor: Actor, work: Callable[[Acting], Record], via: str = "") -> Outcome:
    """A turn and its answer, with the writer's own rights."""
    return cast(Outcome, run_turn(running.parts, running.database, actor, work, via=via, answer=_answer).said)


def _answer(context: Acting, done: Turned[Record]) -> Outcome:
    """How the record stands when every rule has run, read where the turn has most of it at hand already."""
    record = context.get(done.value.entity, done.value.id) or done.value
    shown = reading.seen(context, [record], promises=True)[0]
    warnings = tuple(_warning(context, warning) for warning in done.warnings)
    card = next((c for c in reversed(done.cards) if c.get("record") == record.id), None)
    return Outcome(shown, card, warnings, done.events)


def _warning(context: Context, warning: Problem | Mapping[str, Any]) -> Problem | Mapping[str, Any]:
    """A problem as it is; a likeness with the other record where the writer may see it."""
    if isinstance(warning, Problem) or warning.get("kind") != "duplicate":
        return warning
    return {
        "record": reading.if_visible(context, warning["entity"], warning["record"]),
        **reading.likeness(warning),
    }

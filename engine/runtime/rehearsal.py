"""Approvals and files while a scenario is played: given, decided, expected. Floor: 5."""

from __future__ import annotations

import datetime as dt
import mimetypes
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.clock import UTC
from engine.errors import FlowloomError, Problem, Where
from engine.facts import Timer
from engine.runtime import approval, deciding, turn
from engine.runtime.acts import Acting
from engine.store import approvals, timers
from engine.store.approvals import Request
from engine.store.connection import Connection
from engine.store.files import Files

if TYPE_CHECKING:
    from engine.model.scenario import ScenarioStep
    from engine.runtime.scenario import Stage


def files(stage: Stage, given: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep the files a scenario is given: handle -> {name, type, text}; an empty ``text`` is a file of 0 bytes. Without a
    ``type`` it is what the name says: a story tells of a contract without having one to look into."""

    def work(connection: Connection) -> None:
        for handle, said in given.items():
            name = str(said.get("name") or handle)
            kind = str(said.get("type") or mimetypes.guess_type(name)[0] or "text/plain")
            content = str(said.get("text") if said.get("text") is not None else handle).encode()
            kept = Files().save(connection, name, kind, content, stage.clock.now(), None)
            stage.files[handle] = kept.id

    if given:
        stage.database.write(work)


def clocks(stage: Stage, given: Sequence[Mapping[str, Any]]) -> None:
    """Set the clocks that run already when the story begins: ``{on, name, step, due, data}``, as the clock slider saves
    them. A record they are given for has no others."""

    def work(connection: Connection) -> None:
        for handle in dict.fromkeys(str(each["on"]) for each in given):
            timers.cancel(connection, *stage.handles[handle])
        for each in given:
            entity, record = stage.handles[str(each["on"])]
            due = dt.datetime.fromisoformat(str(each["due"]))
            due = (due if due.tzinfo else due.replace(tzinfo=stage.parts.zone)).astimezone(UTC)
            step, data = str(each.get("step") or "due"), each.get("data") or {}
            timers.set(connection, Timer(str(each["name"]), step, entity, record, due, data))

    if given:
        stage.database.write(work)


def decide(stage: Stage, step: ScenarioStep, decision: str, said: Mapping[str, Any]) -> None:
    """Let somebody decide what was last asked about the record of a handle. A created record takes over the handle."""
    handle = str(said["on"])
    request = _latest(stage, handle)
    if request is None:
        raise FlowloomError(Problem("R143", step.where, parameters={"id": handle}))
    number, note = request.id, str(said.get("note") or "")

    def work(context: Acting) -> deciding.Decided:
        return deciding.decide(context, number, decision, note)

    done = turn.run(stage.parts, stage.database, stage.actor(said.get("as") or step.as_), work)
    stage.events += done.events
    made = done.value.record
    if made is not None and request.kind == "create":
        stage.handles[handle] = (made.entity, made.id)


def asked(stage: Stage, handle: str, warnings: Any) -> None:
    """Remember which request a handle's record waits for, where it was only asked for."""
    for warning in warnings:
        if isinstance(warning, Problem) and warning.code == "R140":
            stage.asked[handle] = int(warning.parameters["id"])


def _latest(stage: Stage, handle: str) -> Request | None:
    number = stage.asked.get(handle)
    if number is not None:
        return stage.ask(partial(_get, number))  # type: ignore[no-any-return]
    entity, record = stage.handles[handle]
    return stage.ask(partial(_last, entity, record))  # type: ignore[no-any-return]


def _get(number: int, context: Acting) -> Request | None:
    return approvals.get(context.connection, number)


def _last(entity: str, record: int, context: Acting) -> Request | None:
    found = approvals.of_record(context.connection, entity, record)
    return found[0] if found else None


def _waits(request: Request, context: Acting) -> list[int]:
    seats = approvals.seats_of(context.connection, request.id)
    done = [vote.position for vote in approvals.votes_of(context.connection, request.id)]
    return list(approval.turn_of(request, seats, done)) if request.state == "open" else []


def expected(stage: Stage, where: Where, value: Mapping[str, Any]) -> list[Problem]:
    """``{l1: open}`` (approved, rejected, withdrawn, expired, void, none), or ``{l1: [wang]}``: who has to decide now."""
    problems: list[Problem] = []
    for handle, wanted in value.items():
        request = _latest(stage, handle)
        actual: Any = request.state if request is not None else "none"
        if isinstance(wanted, list | tuple):
            waits = stage.ask(partial(_waits, request)) if request is not None else []
            wanted, actual = sorted(map(str, wanted)), sorted(stage.named(user) for user in waits)
        if wanted != actual:
            parameters = {"what": f"{handle}: approval", "expected": wanted, "actual": actual}
            problems.append(Problem("S001", where, parameters=parameters))
    return problems

"""Approvals for people: what waits for me, what I asked for, deciding. Floor: 6."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from engine.facts import Actor
from engine.runtime import access, approval, deciding, evidence, log, who
from engine.runtime.acts import Acting
from engine.runtime.context import Context, values_of
from engine.runtime.deciding import Decided
from engine.runtime.turn import run as run_turn
from engine.site import reading, revising
from engine.site.running import Running
from engine.store import approvals
from engine.store.approvals import Request


class Approvals:
    """The approvals of one running site; everything is seen with the actor's rights."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def mine(self, actor: Actor) -> dict[str, list[dict[str, Any]]]:
        """``to_decide``: what waits for the actor now, oldest first; ``asked``: what the actor asked for, open ones first."""
        if actor.user is None:
            return {"to_decide": [], "asked": []}
        with self._running.reading(actor) as context:
            places = [actor.user, *_stands_in_for(context, actor.user)]
            waiting = [
                shown
                for request in approvals.open_for(context.connection, places)
                if (shown := seen(context, request))["can"]["approve"]
            ]
            asked = [seen(context, request) for request in approvals.asked_by(context.connection, actor.user)]
        return {"to_decide": waiting, "asked": asked}

    def of(self, actor: Actor, entity: str, record: int) -> list[dict[str, Any]]:
        """Every approval about a record the actor may see, the latest first. Raises NotFound."""
        with self._running.reading(actor) as context:
            reading.visible(context, entity, record)
            return [seen(context, request) for request in approvals.of_record(context.connection, entity, record)]

    def decide(
        self, actor: Actor, number: int, decision: str, note: str = "", to: int | str | None = None
    ) -> dict[str, Any]:
        """The approval after ``approve``, ``reject``, ``withdraw`` or ``delegate`` (to a user's id or login), and the record it
        moved or made, if it did. Raises as ``deciding.decide``."""

        def answer(context: Acting, done: Any) -> dict[str, Any]:
            result: Decided = done.value
            shown = seen(context, result.request)
            if result.record is not None:
                found = reading.if_visible(context, result.record.entity, result.record.id)
                shown["moved"] = found
            return shown

        def decide(publish: deciding.Publish | None = None) -> dict[str, Any]:
            def work(context: Acting) -> Decided:
                return deciding.decide(context, number, decision, note, to=_user(context, to), publish=publish)

            done = run_turn(self._running.parts, self._running.database, actor, work, answer=answer)
            found: dict[str, Any] = done.said
            return found

        with self._running.reading(actor) as context:
            request = approvals.get(context.connection, number)
        if decision == "approve" and request is not None and request.kind == "publish" and request.state == "open":
            return revising.granted(self._running, request, decide)
        return decide()


def _user(context: Context, to: int | str | None) -> int | None:
    if to is None or isinstance(to, int):
        return to
    return next((key for key, user in who.everybody(context).items() if user.get("login") == to), None)


def _stands_in_for(context: Context, user: int) -> list[int]:
    """The people this one may act for today."""
    return [one for one in who.everybody(context) if one != user and user in who.deputies(context, one)]


def seen(context: Acting, request: Request) -> dict[str, Any]:
    """One request as its reader sees it: JSON-ready, values as text for people, hidden fields left out."""
    seats = approvals.seats_of(context.connection, request.id)
    votes = approvals.votes_of(context.connection, request.id)
    done = {vote.position: vote for vote in votes}
    turn = approval.turn_of(request, seats, done) if request.state == "open" else ()
    own, may = context.user, False
    kept, what = str(request.content.get("what", "")), _what(context, request)
    if own is not None and request.state == "open":
        wanted = {seat.position for seat in seats if (seat.delegate or seat.user) in turn and seat.position not in done}
        able = any(own in deciding.may_fill(context, seat) for seat in seats if seat.position in wanted)
        asker = who.person(context, request.asked_by) if request.asked_by is not None else None
        mine = who.person(context, own)
        may = able and mine != asker and all(vote.person != mine for vote in votes)
    return {
        "id": request.id,
        "kind": request.kind,
        "entity": request.entity,
        "record": request.record,
        "title": request.title.removesuffix(kept) + what,
        "what": what,
        "state": request.state,
        "mode": request.mode,
        "asked_by": _person(context, request.asked_by),
        "asked_at": request.asked_at.isoformat(),
        "due": _moment(request.due),
        "ended_at": _moment(request.ended_at),
        "note": request.note,
        "passed_on": request.level > 0,
        "where": request.rule,
        "changes": _changes(context, request),
        "evidence": _evidence(context, request),
        "seats": [
            {
                "people": [_person(context, seat.delegate or seat.user) for seat in seats if seat.position == position],
                "decided": _decided(context, done[position]) if position in done else None,
            }
            for position in sorted({seat.position for seat in seats})
        ],
        "waits_for": [_person(context, user) for user in turn],
        "can": {
            "approve": may,
            "reject": may,
            "withdraw": request.state == "open" and own is not None and own == request.asked_by,
            "delegate": request.state == "open" and any(seat.user == own for seat in seats),
        },
    }


def _what(context: Context, request: Request) -> str:
    """What is asked for, in the reader's language where it can be named anew; else as it was written down."""
    kept = str(request.content.get("what", ""))
    entity = context.manifest.entities.get(request.entity or "")
    if request.kind == "create" and entity is not None:
        label = entity.label.text(context.language) or entity.name
        return f"新建{label}" if context.language == "zh" else f"New {label}"
    machine, _, name = request.name.partition(".")
    found = context.manifest.state_machines.get(machine) if request.kind == "transition" else None
    transition = found.transitions.get(name) if found is not None else None
    return (transition.label.text(context.language) if transition is not None else "") or kept


def _moment(value: dt.datetime | None) -> str | None:
    return value.isoformat() if value is not None else None


def _person(context: Context, user: int | None) -> Mapping[str, Any] | None:
    return {"id": user, "name": log.name_of(context, user)} if user is not None else None


def _decided(context: Context, vote: approvals.Vote) -> dict[str, Any]:
    return {
        "by": _person(context, vote.user),
        "decision": vote.decision,
        "note": vote.note,
        "at": vote.at.isoformat(),
    }


def _changes(context: Context, request: Request) -> Sequence[Mapping[str, Any]]:
    """What will be written, as far as the reader may see such fields."""
    if request.entity not in context.manifest.entities:
        return list(request.content.get("sentences") or ())
    assert request.entity is not None
    plan, hidden = context.plan(request.entity), access.access_of(context, request.entity).hidden
    found = []
    for name, value in (request.content.get("values") or {}).items():
        field = plan.fields.get(name)
        if field is None or name in hidden:
            continue
        clean = field.type.clean(field.field, value)
        shown = field.type.show(field.field, clean, context.language)
        if field.links_to is not None and isinstance(clean, int):
            linked = context.get(field.links_to, clean)
            shown = context.title(linked) if linked is not None else shown
        found.append({"field": name, "label": field.field.label.text(context.language) or name, "value": shown})
    return found


def _evidence(context: Context, request: Request) -> list[dict[str, Any]]:
    """Each piece with whether it is still what was submitted."""
    if not request.evidence or request.entity is None:
        return []
    plan = context.plan(request.entity)
    record = context.get(request.entity, request.record) if request.record else None
    values = {**(values_of(record) if record else {}), **(request.content.get("values") or {})}
    broken = {
        problem.field: problem.what(context.language)
        for problem in evidence.changed(context, plan, request.evidence, values)
    }
    return [
        {
            "field": name,
            "label": plan.fields[name].field.label.text(context.language) or name,
            "file": kept.get("id"),
            "name": kept.get("name") or kept.get("value"),
            "size": kept.get("size"),
            "ok": name not in broken,
            "problem": broken.get(name, ""),
        }
        for name, kept in request.evidence.items()
        if name in plan.fields
    ]

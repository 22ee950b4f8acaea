"""Approvals asked for: of whom, on what evidence, until when. Floor: 5.

``by`` fills seats. With ``mode: any`` there is one seat for all who are meant. Else a list gives one seat for each entry,
to be filled by one of the people it means, and anything else gives everybody meant a seat of their own. Whoever asks
never sits: their place goes to their manager. One person counts once, with however many accounts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.errors import Conflict, Problem, Refused, Where
from engine.expression.parse import Condition, Expression
from engine.facts import Event, Timer
from engine.model.approval import Approval
from engine.model.terms import Duration
from engine.runtime import evidence, log, who
from engine.runtime.context import Context, values_of
from engine.runtime.plans import EntityPlan
from engine.store import approvals, audit, timers
from engine.store.approvals import Request, Seat
from engine.store.connection import Violation
from engine.store.encode import micros

PREFIX = "approval:"
#: Said by the engine itself when something is asked, passed on or over; the two results are ``approved``, ``rejected``.
ASKED, LATE, OVER = "approval_asked", "approval_late", "approval_over"


def by_hand(context: Context) -> bool:
    """True for what a person does on a page or by the API, not an import, a rule or the engine itself."""
    return not context.actor.is_system and context.via == ""


def needed(context: Context, rule: Approval | None, entity: str | None, values: Mapping[str, Any]) -> bool:
    """Whether somebody must agree first: there is a rule, and its ``if`` (where it has one) holds."""
    if rule is None:
        return False
    return rule.if_ is None or bool(_value(context, rule.if_, entity, values))


def _value(context: Context, term: Any, entity: str | None, values: Mapping[str, Any]) -> Any:
    if isinstance(term, Expression | Condition):
        return context.compiled.call(term, entity)(context.environment(entity, values))
    return term.delta if isinstance(term, Duration) else term


def ask(
    context: Context,
    rule: Approval,
    kind: str,
    plan: EntityPlan | None,
    record: int | None,
    name: str,
    *,
    what: str,
    title: str,
    content: Mapping[str, Any],
    values: Mapping[str, Any],
    where: Where,
    data: Mapping[str, Any] | None = None,
) -> Request:
    """The open request: its seats are filled, its clock runs, and whoever may decide is told once the ring gets there.

    ``values`` are the record as it will be; ``content`` what is kept until then (see ``Request``). Raises Refused when
    the evidence does not hold (R145) or there is nobody to decide (R141), Conflict (R142) when it is asked already.
    """
    entity = plan.name if plan is not None else None
    problems, proofs = evidence.gather(context, plan, rule.evidence, record, values)
    seats = seated(context, rule, entity, values, context.user)
    _enough(rule, seats, problems, context, what)
    if problems:
        raise Refused(problems)
    span = _value(context, rule.within, entity, values)
    due = context.now + span if isinstance(span, dt.timedelta) else None
    request = Request(
        kind=kind,
        entity=entity,
        record=record,
        name=name,
        title=f"{title} · {what}" if title else what,
        mode=rule.mode,
        asked_by=context.user,
        asked_at=context.now,
        due=due,
        content={**content, "system": context.actor.is_system, "what": what},
        evidence=proofs,
        rule=str(where),
    )
    rows = [Seat(position, user) for position, users in enumerate(seats) for user in users]
    number = _add(context, request, rows, what)
    if due is not None and isinstance(span, dt.timedelta):
        clock(context, number, request, due, span)
    about = {"approval": number, "users": turn_of(request, rows, ()), **(data or {})}
    noted(context, request, number, "approval_asked", {"seats": [sorted(users) for users in seats]})
    told(context, ASKED, request, about)
    parameters = {"what": what, "who": names(context, [user for users in seats for user in users])}
    context.ring.warnings.append(Problem("R140", parameters={**parameters, "id": number}))
    found = approvals.get(context.connection, number)
    assert found is not None
    return found


def of_rule(context: Context, rule: Approval, event: Event, name: str, what: str, since: dt.datetime) -> str:
    """How the approval stands that a run asked for at ``since``; it is asked for the first time."""
    row = context.connection.one(
        "SELECT state FROM fl_approvals WHERE kind = 'step' AND name = ? AND asked_at = ? "
        "AND COALESCE(record, 0) = ? AND COALESCE(entity, '') = ?",
        (name, micros(since), event.record or 0, event.entity or ""),
    )
    if row is not None:
        return str(row[0])
    if context.user is None and event.actor.user is not None:
        # A run is carried by nobody in particular: whoever set it off is the one who asks.
        person, values = event.actor.user, event.actor.values
        context = type(context)(
            context.parts, context.connection, context.actor,
            ring=context.ring, now=context.now, via=context.via, me=values, user=person,
        )  # fmt: skip
    plan = context.plan(event.entity) if event.entity is not None else None
    record = context.get(event.entity, event.record) if event.entity is not None and event.record is not None else None
    ask(
        context,
        rule,
        "step",
        plan,
        record.id if record is not None else None,
        name,
        what=what or ("继续往下走" if context.language == "zh" else "Go on"),
        title=context.title(record) if record is not None else "",
        content={},
        values=values_of(record) if record is not None else {},
        where=rule.where,
    )
    return "open"


def _add(context: Context, request: Request, rows: Sequence[Seat], what: str) -> int:
    if request.record is not None and request.entity is not None:
        for one in approvals.of_record(context.connection, request.entity, request.record, "open"):
            if one.name == request.name:
                raise _already(context, one.id, what)
    try:
        return approvals.add(context.connection, request, rows, context.parts.revision or None)
    except Violation as violation:
        raise Conflict(Problem("R142", parameters={"what": what, "who": ""})) from violation


def _already(context: Context, number: int, what: str) -> Conflict:
    waits = names(context, (seat.user for seat in approvals.seats_of(context.connection, number)))
    return Conflict(Problem("R142", parameters={"what": what, "who": waits, "id": number}))


def clock(context: Context, number: int, request: Request, due: dt.datetime, span: dt.timedelta) -> None:
    """Let it be looked at again at ``due``; ``span`` is the time it has each time."""
    data = {"span": span.total_seconds()}
    timers.set(
        context.connection, Timer(f"{PREFIX}{number}", "due", request.entity or "", request.record or 0, due, data)
    )


def still(context: Context, number: int, request: Request) -> None:
    """Stop the clock."""
    timers.cancel(context.connection, request.entity or "", request.record or 0, f"{PREFIX}{number}")


# --- who


def seated(
    context: Context, rule: Approval, entity: str | None, values: Mapping[str, Any], asker: int | None
) -> list[set[int]]:
    """The people of each seat, without whoever asks; a seat nobody is left for is empty."""
    groups = [[meant(context, one, entity, values)] for one in rule.by] if isinstance(rule.by, tuple) else []
    if not groups:
        groups = [[{user} for user in sorted(meant(context, rule.by, entity, values))]]
        if rule.mode != "any":
            groups[0] = _once(context, groups[0])
    seats = [users for group in groups for users in group]
    if rule.mode == "any":
        seats = [set().union(*seats)]
    return [_without(context, users, asker) for users in seats]


def meant(context: Context, to: Any, entity: str | None, values: Mapping[str, Any]) -> set[int]:
    """The active people an entry of ``by`` means; a bare word is a role. Whoever is gone is replaced by their backup, else
    by their manager."""
    if isinstance(to, str):
        to = {"role": to}
    users = who.everybody(context)
    found: set[int] = set()
    for user in who.meant(context, to, lambda term: _value(context, term, entity, values)):
        one: int | None = user
        if users.get(user, {}).get("active") is False:
            stand_ins = [each for each in who.deputies(context, user) if users[each].get("active") is not False]
            one = stand_ins[0] if stand_ins else who.above(context, user)
        if one is not None and one in users:
            found.add(one)
    return found


def _once(context: Context, seats: Iterable[set[int]]) -> list[set[int]]:
    """One seat for each person, with all of their accounts."""
    found: dict[int, set[int]] = {}
    for users in seats:
        for user in users:
            found.setdefault(who.person(context, user), set()).add(user)
    return list(found.values())


def _without(context: Context, users: set[int], asker: int | None) -> set[int]:
    if asker is None:
        return users
    same = who.person(context, asker)
    left = {user for user in users if who.person(context, user) != same}
    if not left and users:
        up = who.above(context, asker, without=same)
        left = {up} if up is not None else set()
    return left


def _enough(rule: Approval, seats: Sequence[set[int]], problems: list[Problem], context: Context, what: str) -> None:
    """R141 when the seats cannot each be filled by another person."""
    filled: dict[int, int] = {}
    for index in range(len(seats)):
        _fill(context, seats, index, filled, set())
    if len(filled) < max(len(seats), 1):
        parameters = {"what": what, "needed": max(len(seats), 1), "found": len(filled)}
        problems.append(Problem("R141", rule.where, parameters=parameters))


def _fill(context: Context, seats: Sequence[set[int]], index: int, filled: dict[int, int], seen: set[int]) -> bool:
    """Give a seat a person, moving others to another seat of theirs where needed (a matching by augmenting paths)."""
    for one in sorted({who.person(context, user) for user in seats[index]} - seen):
        seen.add(one)
        if one not in filled or _fill(context, seats, filled[one], filled, seen):
            filled[one] = index
            return True
    return False


def turn_of(request: Request, seats: Iterable[Seat], done: Iterable[int]) -> tuple[int, ...]:
    """Whose turn it is: everybody whose seat is open, in a sequence only those of the first open one."""
    taken = set(done)
    open_ = [seat for seat in seats if seat.position not in taken]
    if request.mode == "sequence" and open_:
        first = min(seat.position for seat in open_)
        open_ = [seat for seat in open_ if seat.position == first]
    return tuple(dict.fromkeys(seat.delegate or seat.user for seat in open_))


# --- told


def names(context: Context, users: Iterable[int]) -> str:
    """The names of people, for a sentence."""
    found = [log.name_of(context, user) for user in dict.fromkeys(users)]
    return "、".join(found[:5]) + (" …" if len(found) > 5 else "")


def told(context: Context, name: str, request: Request, data: Mapping[str, Any]) -> None:
    """Let the rules (and whoever must know) see what happened to a request."""
    about = {"kind": request.kind, "what": request.content.get("what", ""), **data}
    machine, dot, transition = request.name.rpartition(".")
    if request.kind == "transition" and dot:
        about |= {"machine": machine, "transition": transition}
    event = Event(
        name, request.entity, request.record, context.now, data=about, actor=context.actor, hop=len(context.ring.chain)
    )
    context.ring.emit(event)


def noted(context: Context, request: Request, number: int, action: str, detail: Mapping[str, Any]) -> None:
    """Keep in the audit log what was done with a request."""
    about = {"approval": number, "kind": request.kind, "name": request.name, "title": request.title, **detail}
    audit.write(
        context.connection,
        context.now,
        context.actor,
        action,
        entity=request.entity,
        record=request.record,
        detail=about,
    )


def void(context: Context, entity: str, record: int, machine: str | None = None) -> None:
    """What is asked about a record (of one machine only, where it is named) is overtaken: nobody need decide any more."""
    for request in approvals.of_record(context.connection, entity, record, "open"):
        if machine is None or request.name.startswith(f"{machine}."):
            overtaken(context, request)


def overtaken(context: Context, request: Request) -> None:
    """Nobody need decide this any more."""
    if approvals.end(context.connection, request.id, "void", context.now, context.user):
        still(context, request.id, request)
        noted(context, request, request.id, "approval_void", {})
        told(context, OVER, request, {"approval": request.id, "result": "void", "asked_by": request.asked_by})

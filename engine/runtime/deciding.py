"""Approvals decided: voted on, withdrawn, passed on, over; and what was asked for carried out. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from engine.errors import Conflict, Forbidden, NotFound, Problem, Refused
from engine.facts import SYSTEM, Actor, Record, Timer
from engine.model.approval import Approval
from engine.runtime import approval, entity, evidence, launch, log, state_machine, who
from engine.runtime.acts import Acting
from engine.runtime.context import values_of
from engine.store import approvals, jobs
from engine.store.approvals import Request, Seat, Vote

RESULTS: Mapping[str, Mapping[str, str]] = {
    "approved": {"zh": "已批准", "en": "approved"},
    "rejected": {"zh": "已驳回", "en": "rejected"},
    "withdrawn": {"zh": "已撤回", "en": "withdrawn"},
    "expired": {"zh": "已过期", "en": "expired"},
    "void": {"zh": "已作废", "en": "void"},
}
#: Carries out what no record is about (a publish); called inside the deciding turn.
Publish = Callable[[Acting, Request], None]


@dataclass(frozen=True, slots=True)
class Decided:
    """The request as it stands afterwards, and the record an approval moved or made."""

    request: Request
    record: Record | None = None


def decide(
    context: Acting,
    number: int,
    decision: str,
    note: str = "",
    *,
    to: int | None = None,
    publish: Publish | None = None,
) -> Decided:
    """What came of a person's word: ``approve``, ``reject``, ``withdraw``, or ``delegate`` to somebody.

    Saying the same again changes nothing. Raises NotFound (R143), Forbidden (R146, R147, R148, R152), Conflict (R144,
    R151), Refused when what was asked for cannot be carried out (any more): then nothing has changed.
    """
    request = approvals.get(context.connection, number, lock=True)
    if request is None or not concerns(context, request):
        raise NotFound(Problem("R143", parameters={"id": number}))
    if decision == "withdraw":
        return _withdraw(context, request, note)
    if decision == "delegate":
        return _delegate(context, request, to)
    if decision not in ("approve", "reject"):
        raise Refused(Problem("R153", parameters={"decision": decision}))
    return _vote(context, request, decision, note, publish)


def concerns(context: Acting, request: Request) -> bool:
    """Whether the actor asked, may decide, has decided, or sees everything."""
    user = context.user
    if user is None or "admin" in context.actor.roles or request.asked_by == user:
        return True
    seats = approvals.seats_of(context.connection, request.id)
    return any(user in may_fill(context, seat) for seat in seats) or any(
        vote.user == user for vote in approvals.votes_of(context.connection, request.id)
    )


def may_fill(context: Acting, seat: Seat) -> tuple[int, ...]:
    """Who may decide for a seat: its person, whoever they asked to, and their backup while they are away."""
    found = [seat.user, *who.deputies(context, seat.user)]
    if seat.delegate is not None:
        found += [seat.delegate, *who.deputies(context, seat.delegate)]
    return tuple(dict.fromkeys(found))


def _vote(context: Acting, request: Request, decision: str, note: str, publish: Publish | None) -> Decided:
    user = context.user
    waits = approval.names(context, _waiting(context, request))
    if user is None:
        raise Forbidden(Problem("R146", parameters={"who": waits}))
    person = who.person(context, user)
    votes = approvals.votes_of(context.connection, request.id)
    mine = next((vote for vote in votes if who.person(context, vote.user) == person), None)
    if mine is not None and mine.decision == decision:
        return Decided(request)
    if request.state != "open":
        raise _over(context, request)
    if request.asked_by is not None and who.person(context, request.asked_by) == person:
        raise Forbidden(Problem("R147"))
    if mine is not None:
        raise Conflict(Problem("R151", parameters={"decision": _said(mine.decision)}))
    position = _position(context, request, user, votes, waits)
    said = Vote(person, user, position, decision, note, context.now)
    if not approvals.vote(context.connection, request.id, said):
        raise Conflict(Problem("R151", parameters={"decision": _said(decision)}))
    approval.noted(context, request, request.id, f"approval_{decision}", {"note": note, "seat": position})
    if decision == "reject":
        return _end(context, request, "rejected", note)
    seats = approvals.seats_of(context.connection, request.id)
    done = {vote.position for vote in votes} | {position}
    left = approval.turn_of(request, seats, done)
    if left:
        if request.mode == "sequence":
            about = {"approval": request.id, "users": left}
            approval.told(context, approval.ASKED, request, about)
        return Decided(request)
    return _end(context, request, "approved", note, publish)


def _said(decision: str) -> Mapping[str, str]:
    return {"zh": "同意" if decision == "approve" else "驳回", "en": decision}


def _waiting(context: Acting, request: Request) -> tuple[int, ...]:
    done = [vote.position for vote in approvals.votes_of(context.connection, request.id)]
    return approval.turn_of(request, approvals.seats_of(context.connection, request.id), done)


def _position(context: Acting, request: Request, user: int, votes: Iterable[Vote], waits: str) -> int:
    """The open seat this person fills: of several the one the fewest others could fill."""
    done = {vote.position for vote in votes}
    seats = approvals.seats_of(context.connection, request.id)
    size: dict[int, int] = {}
    for seat in seats:
        size[seat.position] = size.get(seat.position, 0) + 1
    mine = {seat.position for seat in seats if user in may_fill(context, seat)}
    if not mine:
        raise Forbidden(Problem("R146", parameters={"who": waits}))
    open_ = sorted({seat.position for seat in seats} - done)
    if request.mode == "sequence" and open_ and open_[0] not in mine:
        raise Forbidden(Problem("R148", parameters={"who": waits}))
    able = [open_[0]] if request.mode == "sequence" and open_ else [each for each in open_ if each in mine]
    if not able:
        raise Forbidden(Problem("R146", parameters={"who": waits}))
    return min(able, key=lambda each: (size[each], each))


def _over(context: Acting, request: Request) -> Conflict:
    by = context.connection.one('SELECT "user" FROM fl_verdicts WHERE approval = ?', (request.id,))
    at = request.ended_at or context.now
    name = log.name_of(context, by[0] if by else None)
    parameters = {"result": RESULTS.get(request.state, {}), "who": name, "when": log.clock_time(context, at)}
    return Conflict(Problem("R144", parameters=parameters))


def _end(context: Acting, request: Request, result: str, note: str, publish: Publish | None = None) -> Decided:
    if not approvals.end(context.connection, request.id, result, context.now, context.user, note):
        found = approvals.get(context.connection, request.id)
        raise _over(context, found or request)
    approval.still(context, request.id, request)
    record = None
    if result == "approved":
        record = _carry_out(context, request, publish)
    about = {"approval": request.id, "result": result, "by": context.user, "note": note, "asked_by": request.asked_by}
    if record is not None and request.record is None:
        approvals.settle_on(context.connection, request.id, record.id)
    found = approvals.get(context.connection, request.id)
    assert found is not None
    name = result if result in ("approved", "rejected") else approval.OVER
    approval.told(context, name, found, about)
    if request.kind == "step" and request.entity is not None and request.record is not None:
        # The run that asked goes on at once, not at its next look.
        for job in jobs.wake(context.connection, request.entity, request.record, "change", context.now):
            launch.tell(context, job)
    return Decided(found, record)


def _carry_out(context: Acting, request: Request, publish: Publish | None) -> Record | None:
    """Do what was asked for, as the one who asked, by all the rules as they are now."""
    if request.kind == "publish":
        if publish is not None:
            publish(context, request)
        return None
    acting = as_asker(context, request)
    values = request.content.get("values") or {}
    assert request.entity is not None
    if request.kind == "transition" and request.record is not None:
        return state_machine.transition(
            acting, request.entity, request.record, request.name, values, granted=request.evidence
        )
    if request.kind == "create":
        plan = acting.plan(request.entity)
        stale = evidence.changed(acting, plan, request.evidence, values)
        if stale:
            raise Refused(stale)
        return entity.create(acting, request.entity, values, form_name=request.content.get("form"), granted=True)
    return None


def as_asker(context: Acting, request: Request) -> Acting:
    """The same turn with the rights, and in the name, of whoever asked. Raises Refused (R149) when they are gone."""
    via = f"approval:{request.id}"
    actor, values = SYSTEM, None
    if request.asked_by is not None:
        found = context.get("user", request.asked_by)
        if found is None or found.values.get("active") is False:
            raise Refused(Problem("R149"))
        values = values_of(found)
        actor = Actor(
            user=found.id,
            login=str(values.get("login") or ""),
            roles=tuple(values.get("roles") or ()),
            values=values,
            language="en" if str(values.get("language") or "").startswith("en") else "zh",
        )
    rights = SYSTEM if request.content.get("system") else actor
    return Acting(
        context.parts,
        context.connection,
        rights,
        ring=context.ring,
        now=context.now,
        via=via,
        me=values,
        user=actor.user,
    )


def _withdraw(context: Acting, request: Request, note: str) -> Decided:
    if request.state == "withdrawn":
        return Decided(request)
    if request.state != "open":
        raise _over(context, request)
    if not context.actor.is_system and context.user != request.asked_by:
        raise Forbidden(Problem("R152"))
    done = _end(context, request, "withdrawn", note)
    approval.noted(context, request, request.id, "approval_withdrawn", {"note": note})
    return done


def _delegate(context: Acting, request: Request, to: int | None) -> Decided:
    if request.state != "open":
        raise _over(context, request)
    user = context.user
    seats = [seat for seat in approvals.seats_of(context.connection, request.id) if seat.user == user]
    if user is None or not seats:
        waits = approval.names(context, _waiting(context, request))
        raise Forbidden(Problem("R146", parameters={"who": waits}))
    other = who.everybody(context).get(to) if to is not None else None
    asker = request.asked_by
    if to is None or to == user or other is None or other.get("active") is False:
        raise Refused(Problem("R154"))
    if asker is not None and who.person(context, asker) == who.person(context, to):
        raise Refused(Problem("R154"))
    approvals.delegate(context.connection, request.id, user, to)
    approval.noted(context, request, request.id, "approval_delegated", {"to": to})
    approval.told(context, approval.ASKED, request, {"approval": request.id, "users": (to,), "for": user})
    return Decided(request)


# --- time


def rule_of(context: Acting, request: Request) -> Approval | None:
    """What the running configuration says about a request of that kind; None when it says nothing any more."""
    if request.kind == "transition":
        machine, _, name = request.name.rpartition(".")
        found = context.manifest.state_machines.get(machine)
        way = found.transitions.get(name) if found is not None else None
        return way.approve if way is not None else None
    if request.kind == "publish":
        return context.manifest.site.approve
    if request.kind == "create" and request.entity is not None:
        about = context.manifest.entities.get(request.entity)
        return about.approve_create if about is not None else None
    return None


def late(context: Acting, timer: Timer) -> None:
    """Nobody decided in time: once it is passed on, to ``escalate`` or the managers of those who have not decided; then,
    or where there is nobody, it is over."""
    number = int(timer.name[len(approval.PREFIX) :])
    request = approvals.get(context.connection, number, lock=True)
    if request is None or request.state != "open":
        return
    more = _next_ones(context, request) if request.level == 0 else []
    if not more:
        _end(context, request, "expired", Problem("R150").what(context.language))
        approval.noted(context, request, number, "approval_expired", {})
        return
    approvals.seat(context.connection, number, more)
    span = dt.timedelta(seconds=float(timer.data.get("span") or 0))
    due = max(timer.due, context.now) + span
    approvals.pass_on(context.connection, number, due, request.level + 1)
    approval.clock(context, number, request, due, span)
    users = tuple(dict.fromkeys(seat.user for seat in more))
    approval.noted(context, request, number, "approval_passed_on", {"to": users})
    about = {"approval": number, "users": users, "asked_by": request.asked_by, "due": due}
    approval.told(context, approval.LATE, request, about)


def _next_ones(context: Acting, request: Request) -> list[Seat]:
    rule = rule_of(context, request)
    asker = who.person(context, request.asked_by) if request.asked_by is not None else None
    votes = {vote.position for vote in approvals.votes_of(context.connection, request.id)}
    seats = approvals.seats_of(context.connection, request.id)
    known = {(seat.position, seat.user) for seat in seats}
    found: list[Seat] = []
    for seat in seats:
        if seat.position in votes:
            continue
        if rule is not None and rule.escalate is not None:
            record = context.get(request.entity, request.record) if request.entity and request.record else None
            values = values_of(record) if record is not None else dict(request.content.get("values") or {})
            people = approval.meant(context, rule.escalate, request.entity, values)
        else:
            up = who.above(context, seat.user, without=asker)
            people = {up} if up is not None else set()
        for user in sorted(people):
            if who.person(context, user) != asker and (seat.position, user) not in known:
                known.add((seat.position, user))
                found.append(Seat(seat.position, user))
    return found

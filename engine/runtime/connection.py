"""A connection at work: what arrived becomes a record, by the same rules as everything else. Floor: 5.

A delivery is kept first (``engine.store.inbox``); here it is read by the connection's mapping, found or made, and answered.
What cannot be used stays in the inbox with its reason, until a person mends and replays it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine import said
from engine.errors import Conflict, FlowloomError, NotFound, Problem, Refused, nearest
from engine.expression.evaluate import compile_expression
from engine.expression.parse import Condition, Expression, functions_of, names_of
from engine.expression.types import ANY, Scope
from engine.facts import SYSTEM, Event, Record
from engine.model.manifest import Manifest
from engine.model.terms import Template
from engine.plugins.slots import Enclosed, at_path
from engine.runtime import attachment, clean, entity, intake
from engine.runtime.acts import Acting
from engine.runtime.context import Context, Parts
from engine.runtime.turn import turn
from engine.source.sheet import shortened
from engine.store import inbox
from engine.store.connection import Connection

#: How a public form is called where connections are listed.
FORM = "form:"
#: Refusals that name another record.
TAKEN = ("R065", "R068")
#: How long a delivery waits for the one it follows.
PARKED = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Route:
    """What is made of a source's deliveries. ``connection`` is its name in the inbox; ``form`` the form whose rules hold too."""

    connection: str
    entity: str | None
    mapping: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    match_on: tuple[str, ...] = ()
    on_bad: str = "quarantine"
    form: str | None = None
    condition: Condition | None = None
    fill_only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a delivery: ``action`` created, matched or received (no record), ``fields`` those it filled."""

    action: str
    record: Record | None = None
    fields: tuple[str, ...] = ()


def route_of(manifest: Manifest, name: str) -> Route:
    """The route of a connection, or of a public form as ``form:<name>``. Raises NotFound (I020)."""
    form = manifest.forms.get(name.removeprefix(FORM)) if name.startswith(FORM) else None
    if form is not None and form.public is not None:
        return Route(name, form.entity, constants=form.public.set, form=form.name)
    found = manifest.connections.get(name)
    if found is None:
        near = nearest(name, manifest.connections)
        raise NotFound(Problem("I020", parameters={"name": name}, suggestion=near))
    return Route(
        name, found.into, found.map, found.set, found.match_on, found.on_bad_row, None, found.if_, found.fill_only
    )


def work_off(
    parts: Parts, connection: Connection, kept: inbox.Delivery, content: Any, *, strict: bool = False
) -> inbox.Delivery:
    """Make of a kept delivery what its route says, inside a transaction somebody else commits; the delivery as it stands then.

    What a rule refuses is put aside with the reason; ``strict`` raises it instead, unless the reason tells of another record.
    Its clocks start when it arrived, however late it is worked off.
    """
    route = route_of(parts.manifest, kept.connection)
    now = parts.clock.now()
    facts = kept.headers.get("facts") or {}

    def work(context: Acting) -> Taken:
        return take(context, route, content, facts, kept.happened_at)

    try:
        with connection.savepoint():
            via = f"connection:{route.connection}"
            done = turn(parts, connection, SYSTEM, work, via=via, now=kept.received_at, answer=_cards)
    except FlowloomError as error:
        if connection.broken is not None or (strict and not _tells_of_another(error)):
            raise
        _put_aside(parts, connection, kept, route, error, now)
    else:
        taken = done.value
        record = taken.record
        answer = {"action": taken.action, "fields": list(taken.fields), **done.said}
        name, number = (record.entity, record.id) if record is not None else (None, None)
        inbox.done(connection, kept.id, now, name, number, answer)
    return inbox.find(connection, kept.id) or kept


def _tells_of_another(error: FlowloomError) -> bool:
    """True for a refusal because of a record that is there already: no business of a stranger."""
    return isinstance(error, Conflict) or any(problem.code in TAKEN for problem in error.problems)


def _cards(context: Acting, done: Any) -> dict[str, Any]:
    """Who got the record, and why: a name and a reason, never a value of the record."""
    record = done.value.record
    if record is None:
        return {}
    latest = context.get(record.entity, record.id) or record
    found: dict[str, Any] = {}
    owner = latest.values.get("owner")
    if isinstance(owner, int):
        user = context.get("user", owner)
        found["owner"] = context.title(user) if user is not None else None
    card = next((each for each in reversed(done.cards) if each.get("record") == record.id), None)
    if card is not None:
        found["why"] = {"rule": card.get("rule"), "reason": card.get("reason")}
    return found


def _put_aside(
    parts: Parts, connection: Connection, kept: inbox.Delivery, route: Route, error: FlowloomError, now: dt.datetime
) -> None:
    reason = said.keep(error.problems)
    if route.on_bad == "skip":
        inbox.done(connection, kept.id, now, answer={"action": "skipped", "reason": reason}, state="skipped")
        return
    waits = kept.happened_at is not None and route.match_on and now < kept.received_at + PARKED
    inbox.quarantine(connection, kept.id, reason, now, "parked" if waits else "quarantined")


def take(
    context: Acting, route: Route, content: Any, facts: Mapping[str, Any], happened_at: dt.datetime | None = None
) -> Taken:
    """What is made of one delivery, inside a turn. Raises Refused and what the record's own rules raise.

    A value that happened before one this connection has written already is left out: a later word is never taken back.
    """
    if route.entity is None or not _wanted(context, route, content, facts):
        data = {"connection": route.connection, "content": content, "action": "received"}
        context.ring.emit(Event("received", None, None, context.now, data=data))
        return Taken("received")
    values = values_of(context, route, content, facts)
    found = intake.known(context, route.entity, route.match_on, values)
    if found is None:
        record = entity.create(context, route.entity, values, form_name=route.form)
        action = "created"
    else:
        ours = {name for name in route.fill_only if not clean.empty(found.values.get(name))}
        given = _not_older(context, route, found, values, happened_at)
        given = {name: value for name, value in given.items() if name not in ours}
        record = entity.update(context, route.entity, found.id, given)
        action, values = "matched", given
    data = {"connection": route.connection, "content": content, "action": action}
    context.ring.emit(Event("received", route.entity, record.id, context.now, data=data))
    return Taken(action, record, tuple(sorted(values)))


def _wanted(context: Acting, route: Route, content: Any, facts: Mapping[str, Any]) -> bool:
    """Whether the connection makes a record of this one."""
    if route.condition is None or not isinstance(content, Mapping):
        return True
    return bool(_computed(context, route.condition, {**content, "content": content, **facts}))


def _not_older(
    context: Context, route: Route, record: Record, values: Mapping[str, Any], happened_at: dt.datetime | None
) -> dict[str, Any]:
    if happened_at is None:
        return dict(values)
    later = inbox.newer(context.connection, route.connection, record.entity, record.id, happened_at)
    written = {name for one in later for name in (one.answer or {}).get("fields", ())}
    return {name: value for name, value in values.items() if name not in written or record.values.get(name) is None}


def values_of(context: Context, route: Route, content: Any, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The record's values a delivery brings: ``map`` where it says something, ``set`` always; without a map the content's own
    keys. Raises Refused with every problem: a link that leads nowhere (I013), a number Excel has cut short (I008)."""
    if not isinstance(content, Mapping):
        raise Refused(Problem("I021", parameters={"found": type(content).__name__}))
    plan = context.plan(str(route.entity))
    problems: list[Problem] = []
    named: intake.Named = {}
    names = {**content, "content": content, **facts}
    values: dict[str, Any] = {}
    given = route.mapping or {name: name for name in content}
    read = {name: _value(context, term, names, content) for name, term in given.items()}
    for name, value in (
        read | {name: _value(context, term, names, None) for name, term in route.constants.items()}
    ).items():
        if value is None or value == "":
            continue
        one = plan.fields.get(name)
        if one is not None and isinstance(value, Enclosed):
            value = attachment.enclosed(context, one.field, value, problems)
        elif one is not None and isinstance(value, str) and one.links_to is not None:
            value = intake.linked(context, name, one.links_to, value, problems, named)
        elif isinstance(value, str) and shortened(value):
            problems.append(Problem("I008", field=name, parameters={"value": value}))
            continue
        elif one is not None and isinstance(value, int | float) and not isinstance(value, bool):
            # A phone number sent as a number is still text.
            value = str(value) if one.type.type_of(one.field).name == "text" else value
        values[name] = value
    if problems:
        raise Refused(problems)
    return values


def _value(context: Context, term: Any, names: Mapping[str, Any], content: Any) -> Any:
    if isinstance(term, Template):
        return context.compiled.template(term)(names, now=context.now)
    if isinstance(term, Expression | Condition):
        return _computed(context, term, names)
    # Text of ``map`` is a column or a path in what came; everywhere else it is itself.
    return at_path(content, term) if isinstance(term, str) and content is not None else term


def _computed(context: Context, term: Expression | Condition, names: Mapping[str, Any]) -> Any:
    """An expression over what came: its keys by their bare names, all of it as ``content``."""
    ready, key = context.parts.ready, ("incoming", term)
    found = ready.get(key)
    if found is None:
        free = names_of(term) - functions_of(term)
        scope = Scope(names=dict.fromkeys(free, ANY), entities=context.compiled.scope(None).entities)
        found = ready[key] = compile_expression(term, scope, context.compiled.functions)
    environment = context.scene_of({**dict.fromkeys(names_of(term)), **names})
    value = found(environment)
    return value["id"] if isinstance(value, Mapping) and "id" in value else value

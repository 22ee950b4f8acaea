"""Transitions: the only way a record's state changes, with every reason when it may not. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Conflict, NotFound, Problem, Refused, nearest
from engine.expression.evaluate import Environment
from engine.facts import Event, Record
from engine.runtime import clean, entity, form, log
from engine.runtime.access import access_of
from engine.runtime.context import Context, values_of
from engine.runtime.machine import MachinePlan, TransitionPlan
from engine.runtime.plans import EntityPlan
from engine.store import history


class TransitionRefused(Refused):
    """A transition that may not be carried out now; ``event`` is kept and told after the turn was taken back."""

    def __init__(self, problems: list[Problem], event: Event) -> None:
        super().__init__(problems)
        self.event = event


@dataclass(frozen=True, slots=True)
class Offer:
    """A transition a person may take from here, and what is still missing for it."""

    name: str
    machine: str
    label: str
    to: str
    to_label: str
    form: str | None
    allowed: bool
    missing: tuple[Problem, ...] = ()
    fields: tuple[str, ...] = ()
    reasons: tuple[Problem, ...] = field(default=())


def find(context: Context, plan: EntityPlan, name: str) -> tuple[MachinePlan, TransitionPlan]:
    """The machine and the transition of that name (``machine.transition`` where two machines share it).

    Raises NotFound (R073).
    """
    machine_name, dot, short = name.rpartition(".")
    for machine in plan.machines:
        if short in machine.transitions and (not dot or machine.name == machine_name):
            return machine, machine.transitions[short]
    known = [each for machine in plan.machines for each in machine.transitions]
    raise NotFound(Problem("R073", parameters={"transition": name}, suggestion=nearest(name, known)))


def transition(
    context: Context,
    entity_name: str,
    record_id: int,
    name: str,
    values: Mapping[str, Any] | None = None,
    *,
    version: int | None = None,
) -> Record:
    """The record in its new state.

    ``values`` are what the person filled in with it. ``version`` is the one they saw: when somebody moved the record
    since, Conflict says who, when and where to. Raises TransitionRefused with all that is missing, NotFound, Forbidden.
    """
    plan = context.plan(entity_name)
    machine, chosen = find(context, plan, name)
    record = _latest(context, plan, record_id)
    before = values_of(record)
    given, problems = _given(context, plan, chosen, values or {}, before)
    if not context.actor.is_system:
        access = access_of(context, entity_name)
        access.check("update", before)
        access.check_write(given)
    state = record.values[machine.field]
    if version is not None and version != record.version:
        _overtaken(context, plan, machine, record, version)
    if state not in chosen.sources:
        problems = [_not_from(context, machine, chosen, state), *problems]
        raise _refused(context, machine, chosen, record, problems)
    after = {**before, **given}
    environment = context.environment(plan.name, after, before)
    changed = set(given)
    clean.fill(context, plan, after, environment, problems, changed)

    def guard() -> bool:
        problems.extend(closed(context, plan, chosen, before))
        problems.extend(missing(context, plan, chosen, after, environment, problems))
        clean.verify(context, plan, after, environment, problems, changed)
        return not problems

    target = machine.move(chosen.transition.name, state, guard)
    if target is None:
        raise _refused(context, machine, chosen, record, problems)
    return _move(context, plan, machine, chosen, record, given, target)


def _latest(context: Context, plan: EntityPlan, record_id: int) -> Record:
    """The record as it is in the database now, held until the turn ends: the guard must not judge a memory."""
    if context.connection.dialect == "postgresql":
        found = context.records.get(context.connection, plan.name, record_id, lock=True)
        if found is not None:
            return context.keep(found)
    return context.need(plan.name, record_id)


def _given(
    context: Context, plan: EntityPlan, chosen: TransitionPlan, values: Mapping[str, Any], before: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Problem]]:
    problems: list[Problem] = []
    if chosen.transition.form and values:
        values = form.narrow(context, plan, chosen.transition.form, values, problems)
    given = clean.accept(context, plan, values, problems, before)
    return {name: value for name, value in given.items() if value != before.get(name)}, problems


def _overtaken(context: Context, plan: EntityPlan, machine: MachinePlan, record: Record, version: int) -> None:
    """Raise Conflict when the record's state was changed since ``version``."""
    for who, when, fields in reversed(log.changes_since(context, record, version)):
        if machine.field in fields:
            state = machine.definition.states[record.values[machine.field]]
            parameters = {
                "who": who,
                "when": log.clock_time(context, when),
                "state": state.label.text(context.language) or state.name,
            }
            raise Conflict(Problem("R076", field=machine.field, parameters=parameters))


def _not_from(context: Context, machine: MachinePlan, chosen: TransitionPlan, state: str) -> Problem:
    states = machine.definition.states

    def shown(name: str) -> str:
        return states[name].label.text(context.language) or name if name in states else name

    sources = "、".join(f"“{shown(name)}”" for name in states if name in chosen.sources)
    label = chosen.transition.label.text(context.language) or chosen.transition.name
    parameters = {"transition": label, "state": shown(state), "sources": sources}
    return Problem("R077", chosen.transition.where, field=machine.field, parameters=parameters)


def _refused(
    context: Context, machine: MachinePlan, chosen: TransitionPlan, record: Record, problems: list[Problem]
) -> TransitionRefused:
    told = _once(problems)
    event = Event(
        "refused",
        record.entity,
        record.id,
        context.now,
        data={
            "machine": machine.name,
            "transition": chosen.transition.name,
            "fields": tuple(problem.field for problem in told if problem.field),
            "messages": tuple(problem.what(context.language) for problem in told),
        },
        actor=context.actor,
        hop=len(context.ring.chain),
    )
    return TransitionRefused(told, event)


def _once(problems: list[Problem]) -> list[Problem]:
    """The problems, one for each field: a field that both the form and the transition ask for is asked for once, in
    the words the transition's author chose."""
    found: dict[Any, Problem] = {}
    for problem in problems:
        key = problem.field or (problem.code, problem.what())
        if key not in found or (problem.message and not found[key].message):
            found[key] = problem
    return list(found.values())


def closed(context: Context, plan: EntityPlan, chosen: TransitionPlan, before: Mapping[str, Any]) -> list[Problem]:
    """Why the transition may not even be offered to this person on this record: its ``if``, or an approval it needs."""
    label = chosen.transition.label.text(context.language) or chosen.transition.name
    problems: list[Problem] = []
    if chosen.condition is not None and not chosen.condition(context.environment(plan.name, before)):
        text = condition_text(chosen.transition.if_)
        where = chosen.transition.where
        problems.append(Problem("R078", where, parameters={"transition": label, "condition": text}))
    if chosen.transition.approve is not None:
        problems.append(Problem("R080", chosen.transition.where, parameters={"transition": label}))
    return problems


def condition_text(term: Any) -> str:
    """A condition as it was written."""
    parts = getattr(term, "parts", None)
    if parts is None:
        return str(getattr(term, "text", term))
    return (" or " if term.any else " and ").join(condition_text(part) for part in parts)


def missing(
    context: Context,
    plan: EntityPlan,
    chosen: TransitionPlan,
    after: Mapping[str, Any],
    environment: Environment,
    known: list[Problem],
) -> list[Problem]:
    """Everything the transition requires that is not there, in the words its author chose."""
    told = {problem.field for problem in known if problem.field}
    problems: list[Problem] = []
    for demand in chosen.demands:
        one = demand.requirement
        if one.field is not None and one.field not in told and clean.empty(after.get(one.field)):
            problems.append(_demanded(context, plan, one.field, one))
        if demand.check is not None and not demand.check(environment):
            text = condition_text(one.check)
            problems.append(
                Problem("R079", one.where, parameters={"check": text}, message=words(one.message.zh, one.message.en))
            )
    if chosen.transition.form:
        asked: list[Problem] = []
        form.asked(context, plan, chosen.transition.form, after, after, asked)
        fields = {problem.field for problem in problems} | told
        problems += [problem for problem in asked if problem.field not in fields]
    return problems


def _demanded(context: Context, plan: EntityPlan, name: str, one: Any) -> Problem:
    planned = plan.fields.get(name)
    label = planned.field.label.text(context.language) or name if planned else name
    message = words(one.message.zh, one.message.en)
    return Problem("R053", one.where, field=name, parameters={"label": label, "name": name}, message=message)


def words(zh: str, en: str) -> Mapping[str, str] | None:
    """A label as the message of a problem; None where nothing was written."""
    return {"zh": zh or en, "en": en or zh} if zh or en else None


def _move(
    context: Context,
    plan: EntityPlan,
    machine: MachinePlan,
    chosen: TransitionPlan,
    record: Record,
    given: Mapping[str, Any],
    target: str,
) -> Record:
    state = record.values[machine.field]
    name = chosen.transition.name
    changes = {**given, machine.field: target}
    moved = entity.write(context, plan, record, changes, [], quiet=frozenset({machine.field}), action=name)
    history.enter(
        context.connection,
        plan.name,
        record.id,
        machine.name,
        target,
        context.now,
        came_from=state,
        user=context.user,
        via=name,
        revision=context.parts.revision or None,
    )
    ring, hop = context.ring, len(context.ring.chain)
    about = {"machine": machine.name, "transition": name, "from": state, "to": target}
    for event, detail in (("left", {"state": state}), ("entered", {"state": target}), ("transition", {})):
        ring.emit(
            Event(
                event,
                plan.name,
                record.id,
                context.now,
                old={machine.field: state},
                data={**about, **detail},
                actor=context.actor,
                hop=hop,
            )
        )
    return moved


def offered(context: Context, entity_name: str, record_id: int) -> list[Offer]:
    """The transitions that start from where the record stands, in the file's order, each with what it still needs."""
    plan = context.plan(entity_name)
    record = context.need(entity_name, record_id)
    values = values_of(record)
    environment = context.environment(plan.name, values)
    access = access_of(context, entity_name)
    changeable = context.actor.is_system or access.may("update", values)
    offers: list[Offer] = []
    for machine in plan.machines:
        for chosen in machine.transitions.values():
            if record.values[machine.field] not in chosen.sources or chosen.transition.auto:
                continue
            reasons = closed(context, plan, chosen, values)
            lacking = missing(context, plan, chosen, values, environment, [])
            one = chosen.transition
            target = machine.definition.states.get(one.to)
            offers.append(
                Offer(
                    name=one.name,
                    machine=machine.name,
                    label=one.label.text(context.language) or one.name,
                    to=one.to,
                    to_label=(target.label.text(context.language) if target else "") or one.to,
                    form=one.form,
                    allowed=changeable and not reasons,
                    missing=tuple(_once(lacking)),
                    fields=_to_fill(context, plan, chosen, lacking),
                    reasons=tuple(reasons),
                )
            )
    return offers


def _to_fill(
    context: Context, plan: EntityPlan, chosen: TransitionPlan, lacking: list[Problem]
) -> tuple[str, ...]:
    names = [problem.field for problem in lacking if problem.field in plan.fields]
    if chosen.transition.form:
        names = [*form.fields_of(form.of(context, plan, chosen.transition.form)), *names]
    return tuple(dict.fromkeys(names))


def automatic(context: Context, plan: EntityPlan, record: Record) -> str | None:
    """The first ``auto`` transition the record is ready for, as ``machine.transition``, or None."""
    values = values_of(record)
    environment: Environment | None = None
    for machine in plan.machines:
        for chosen in machine.automatic:
            if record.values[machine.field] not in chosen.sources:
                continue
            environment = environment or context.environment(plan.name, values)
            if not closed(context, plan, chosen, values) and not missing(
                context, plan, chosen, values, environment, []
            ):
                return f"{machine.name}.{chosen.transition.name}"
    return None

"""Transitions: the only way a record's state changes, with every reason when it may not. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Conflict, NotFound, Problem, Refused, nearest
from engine.expression.evaluate import Environment
from engine.facts import Event, Record
from engine.runtime import approval, clean, entity, evidence, form, log
from engine.runtime.access import access_of
from engine.runtime.context import Context
from engine.runtime.machine import MachinePlan, TransitionPlan
from engine.runtime.plans import EntityPlan
from engine.store import history


class TransitionRefused(Refused):
    """A transition that may not be carried out now; ``event`` is kept and told after the turn was taken back."""

    def __init__(self, problems: list[Problem], event: Event) -> None:
        super().__init__(problems)
        self.event = event


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
    granted: Mapping[str, Any] | None = None,
) -> Record:
    """The record in its new state; as it was when somebody has to agree first: then that is asked for.

    ``values`` are what the person filled in with it. ``version`` is the one they saw: when somebody moved the record
    since, Conflict says who, when and where to. ``granted`` is the evidence of an approval that was given. Raises
    TransitionRefused with all that is missing, NotFound, Forbidden.
    """
    plan = context.plan(entity_name)
    machine, chosen = find(context, plan, name)
    record = _latest(context, plan, record_id)
    before = context.plain(record)
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
        problems.extend(_proof(context, plan, chosen, record, after, granted, problems))
        return not problems

    target = machine.move(chosen.transition.name, state, guard)
    if target is None:
        raise _refused(context, machine, chosen, record, problems)
    rule = chosen.transition.approve
    if rule is not None and granted is None and approval.needed(context, rule, plan.name, after):
        return _ask(context, plan, machine, chosen, record, given, after)
    return _move(context, plan, machine, chosen, record, given, target)


def _proof(
    context: Context,
    plan: EntityPlan,
    chosen: TransitionPlan,
    record: Record,
    after: Mapping[str, Any],
    granted: Mapping[str, Any] | None,
    known: list[Problem],
) -> list[Problem]:
    """What is wrong with the evidence: before it is asked all of it, afterwards what is not as it was."""
    if granted is not None:
        return evidence.changed(context, plan, granted, after)
    rule = chosen.transition.approve
    if rule is None or not rule.evidence or not approval.needed(context, rule, plan.name, after):
        return []
    told = {problem.field for problem in known}
    return [one for one in evidence.gather(context, plan, rule.evidence, record.id, after)[0] if one.field not in told]


def _ask(
    context: Context,
    plan: EntityPlan,
    machine: MachinePlan,
    chosen: TransitionPlan,
    record: Record,
    given: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Record:
    """The record as it is: its transition waits for whoever must agree."""
    rule, name = chosen.transition.approve, chosen.transition.name
    assert rule is not None
    approval.ask(
        context,
        rule,
        "transition",
        plan,
        record.id,
        f"{machine.name}.{name}",
        what=chosen.transition.label.text(context.language) or name,
        title=context.title(record),
        content={"values": {key: plan.fields[key].type.to_json(value) for key, value in given.items()}},
        values=after,
        where=chosen.transition.where,
    )
    return record


def _latest(context: Context, plan: EntityPlan, record_id: int) -> Record:
    """The record as it is in the database now, held until the turn ends: the guard must not judge a memory."""
    return context.hold(plan.name, record_id)


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
    told = once(problems)
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


def once(problems: list[Problem]) -> list[Problem]:
    """The problems, one for each field: a field that both the form and the transition ask for is asked for once, in
    the words the transition's author chose."""
    found: dict[Any, Problem] = {}
    for problem in problems:
        key = problem.field or (problem.code, problem.what())
        if key not in found or (problem.message and not found[key].message):
            found[key] = problem
    return list(found.values())


def closed(context: Context, plan: EntityPlan, chosen: TransitionPlan, before: Mapping[str, Any]) -> list[Problem]:
    """Why the transition may not even be offered to this person on this record: its ``if``."""
    label = chosen.transition.label.text(context.language) or chosen.transition.name
    problems: list[Problem] = []
    if chosen.condition is not None and not chosen.condition(context.environment(plan.name, before)):
        text = condition_text(chosen.transition.if_)
        where = chosen.transition.where
        problems.append(Problem("R078", where, parameters={"transition": label, "condition": text}))
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
    if any(each.transition.approve is not None for each in machine.transitions.values()):
        approval.void(context, plan.name, record.id, machine.name)
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

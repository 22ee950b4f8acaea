"""What was entered becomes a record's values: known keys, clean values, defaults, computed values, rules. Floor: 5.

Nothing stops at the first mistake: every function adds to ``problems`` and goes on, so that a person sees all of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.errors import FlowloomError, Problem, Refused, nearest
from engine.expression.evaluate import Environment
from engine.model.entity import SYSTEM_FIELDS
from engine.plugins.slots import Unclean
from engine.runtime import attachment
from engine.runtime.context import Context
from engine.runtime.plans import EntityPlan, FieldPlan, Fill

#: Longest text of any field without a ``max_length`` of its own, in characters.
LONGEST = 200_000


def accept(
    context: Context,
    plan: EntityPlan,
    values: Mapping[str, Any],
    problems: list[Problem],
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The entered values, cleaned. Keys that do not exist or may not be typed in are problems, each with its name.

    ``before`` are the record's values on an update: repeating what a computed field already holds is no offence.
    """
    clean: dict[str, Any] = {}
    for name, value in values.items():
        field = plan.fields.get(name)
        if field is None:
            problems.append(_unknown(plan, name))
            continue
        try:
            cleaned = field.type.clean(field.field, value)
        except Unclean as error:
            problems.append(_unclean(field, error, context.language, value))
            continue
        if isinstance(cleaned, str) and len(cleaned) > LONGEST:
            problems.append(_told("R055", field, context.language, most=LONGEST, length=len(cleaned)))
        elif field.writable:
            clean[name] = cleaned
        else:
            _unwritable(context, plan, field, cleaned, before, problems)
    return clean


def _unwritable(
    context: Context,
    plan: EntityPlan,
    field: FieldPlan,
    value: Any,
    before: Mapping[str, Any] | None,
    problems: list[Problem],
) -> None:
    name = field.field.name
    machine = plan.machine_of.get(name)
    current = before.get(name) if before is not None else machine.definition.initial if machine else None
    if value is None and before is None or value == current:
        return
    problems.append(_told("R060" if machine else "R056", field, context.language))


def _unknown(plan: EntityPlan, name: str) -> Problem:
    if name in SYSTEM_FIELDS or name in ("version", "updated_at", "updated_by", "deleted_at"):
        return Problem("R056", field=name, parameters={"label": name, "name": name})
    parameters = {"name": name, "entity": plan.entity.label.text() or plan.name}
    return Problem("R050", field=name, parameters=parameters, suggestion=nearest(name, plan.fields))


def _unclean(field: FieldPlan, error: Unclean, language: str, value: Any) -> Problem:
    shown = str(value)
    parameters = {
        "label": field.field.label.text(language) or field.field.name,
        "name": field.field.name,
        "value": shown if len(shown) <= 80 else shown[:77] + "...",
        **error.parameters,
    }
    return Problem(error.code, field.field.where, field=field.field.name, parameters=parameters)


def _told(code: str, field: FieldPlan, language: str, **parameters: Any) -> Problem:
    label = field.field.label.text(language) or field.field.name
    return Problem(code, field=field.field.name, parameters={"label": label, "name": field.field.name, **parameters})


def fill(
    context: Context,
    plan: EntityPlan,
    values: dict[str, Any],
    environment: Environment,
    problems: list[Problem],
    changed: set[str] | None = None,
) -> None:
    """Put defaults and computed values into ``values`` (and the environment's names), each after what it reads.

    ``changed`` are the fields an update touches: a default then fills only what is empty when one of its inputs
    changed, and a computed value is computed again when one of its inputs changed or when it reads beyond the record
    (links, backlinks, the clock). What came out different is added to ``changed``.
    """
    names: Any = environment.names
    for each in plan.fills:
        name = each.name
        if changed is None:
            if not each.computed and values[name] is not None:
                continue
        elif each.computed:
            if not each.far and each.inputs.isdisjoint(changed):
                continue
        elif name in changed or not empty(values[name]) or each.inputs.isdisjoint(changed):
            continue
        try:
            value = each.call(environment)
            if value is None:
                value = each.empty
            elif value.__class__ is not each.exact:
                value = each.clean(each.field, value)
        except (Unclean, FlowloomError) as error:
            problems.append(_uncomputed(plan.fields[name], each, error, context.language))
            value = None
        if changed is not None and value != values[name]:
            changed.add(name)
        values[name] = names[name] = value


def _uncomputed(field: FieldPlan, each: Fill, error: Exception, language: str) -> Problem:
    if isinstance(error, Unclean):
        return _unclean(field, error, language, error.parameters.get("value", "")).at(each.where)
    reason = "; ".join(problem.what(language) for problem in getattr(error, "problems", ()))
    return _told("R057", field, language, reason=reason).at(each.where)


def verify(
    context: Context,
    plan: EntityPlan,
    values: Mapping[str, Any],
    environment: Environment,
    problems: list[Problem],
    changed: set[str] | None = None,
    earlier: Callable[[], Environment] | None = None,
) -> None:
    """Required fields, bounds, patterns, links, for a new record or for the ``changed`` fields of one.

    ``earlier`` gives the environment before an update: a condition that already held then does not stop a change of
    something else. A field hidden by ``visible_if`` is not asked for.
    """
    asked: set[str] = set()
    for field in plan.required:
        name = field.field.name
        if empty(values[name]) and (changed is None or name in changed) and _visible(field, environment):
            asked.add(name)
            problems.append(_told("R053", field, context.language))
    for field in plan.conditional:
        name = field.field.name
        if field.required_if is None or not empty(values[name]) or name in asked:
            continue
        if not field.required_if(environment) or not _visible(field, environment):
            continue
        if changed is None or name in changed or earlier is None or not field.required_if(earlier()):
            problems.append(_told("R053", field, context.language))
    for field in plan.checked:
        if values[field.field.name] is not None and (changed is None or field.field.name in changed):
            _bounds(context, field, values[field.field.name], environment, problems)
    for field in plan.linked:
        target = values[field.field.name]
        if target is None or field.links_to is None or (changed is not None and field.field.name not in changed):
            continue
        if context.fetch(field.links_to, target) is None:
            problems.append(_told("R067", field, context.language, id=target))
    for field in plan.filed:
        file = values[field.field.name]
        if file is not None and (changed is None or field.field.name in changed):
            attachment.put(context, field.field, file, problems)


def read_only(
    context: Context, plan: EntityPlan, changed: Iterable[str], environment: Environment, problems: list[Problem]
) -> None:
    """Fields that are closed now (``read_only_if``, judged on the record before the change)."""
    for field in plan.conditional:
        if field.read_only_if is not None and field.field.name in changed and field.read_only_if(environment):
            problems.append(_told("R059", field, context.language))


def _visible(field: FieldPlan, environment: Environment) -> bool:
    return field.visible is None or bool(field.visible(environment))


def _bounds(context: Context, field: FieldPlan, value: Any, environment: Environment, problems: list[Problem]) -> None:
    language = context.language
    size = len(value) if isinstance(value, tuple | list) else value
    if field.low is not None and _before(size, field.low(environment)):
        problems.append(_told("R054", field, language, least=_shown(context, field, field.low(environment))))
    if field.high is not None and _before(field.high(environment), size):
        problems.append(_told("R058", field, language, most=_shown(context, field, field.high(environment))))


def _before(low: Any, high: Any) -> bool:
    if low is None or high is None:
        return False
    if isinstance(low, dt.datetime) != isinstance(high, dt.datetime):
        low, high = (each.date() if isinstance(each, dt.datetime) else each for each in (low, high))
    return bool(low < high)


def _shown(context: Context, field: FieldPlan, value: Any) -> str:
    if isinstance(value, int) and field.field.type in ("list", "choices", "links"):
        return str(value)
    return field.type.show(field.field, value, context.language)


def empty(value: Any) -> bool:
    """True for what counts as not filled in: nothing, or a list without elements."""
    return value is None or value == () or value == []


def stop(problems: list[Problem]) -> None:
    """Raise Refused with every problem found, once."""
    if problems:
        raise Refused(problems)

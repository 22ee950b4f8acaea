"""A form at work: what it lets in, what it asks for, what it fills in itself. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import NotFound, Problem, nearest
from engine.model.form import Form
from engine.runtime.clean import empty
from engine.runtime.context import Context
from engine.runtime.plans import EntityPlan


def of(context: Context, plan: EntityPlan, name: str) -> Form:
    """The form of that name over the plan's entity. Raises NotFound (R069)."""
    found = context.manifest.forms.get(name)
    if found is None or found.entity != plan.name:
        raise NotFound(Problem("R069", parameters={"form": name}, suggestion=nearest(name, context.manifest.forms)))
    return found


def fields_of(form: Form) -> tuple[str, ...]:
    """Every field a person may enter with it, in order, each once."""
    in_sections = (name for section in form.sections.values() for name in section.fields)
    return tuple(dict.fromkeys([*form.fields, *in_sections, *form.ask_one_of]))


def narrow(
    context: Context, plan: EntityPlan, name: str, values: Mapping[str, Any], problems: list[Problem]
) -> dict[str, Any]:
    """The values with what the form fills itself; what it does not ask for is a problem (R070), as is a choice that
    is not among those it offers (R071)."""
    form = of(context, plan, name)
    known = {*fields_of(form), *form.fill, *(form.public.set if form.public is not None else ())}
    kept: dict[str, Any] = {}
    for key, value in values.items():
        if key in known:
            kept[key] = value
        else:
            parameters = {"name": key, "form": form.label.text(context.language) or form.name}
            problems.append(Problem("R070", field=key, parameters=parameters, suggestion=nearest(key, known)))
    for key, offered in form.ask_one_of.items():
        if not empty(kept.get(key)) and kept[key] not in offered:
            label, shown = _words(context, plan, key, offered)
            problems.append(Problem("R071", field=key, parameters={"label": label, "name": key, "choices": shown}))
            del kept[key]
    for key, fill in form.fill.items():
        by = kept.get(fill.by)
        if empty(kept.get(key)) and not empty(by):
            kept[key] = _looked_up(context, fill.lookup, by)
    return kept


def asked(
    context: Context,
    plan: EntityPlan,
    name: str,
    values: Mapping[str, Any],
    given: Mapping[str, Any],
    problems: list[Problem],
) -> None:
    """Add a problem for everything the form requires that is still empty. A state counts as filled in when it was
    ``given``: a form that asks for the present stage wants it said."""
    form = of(context, plan, name)
    told = {problem.field for problem in problems}
    for key in form.required:
        value = given.get(key) if key in plan.machine_of else values.get(key)
        if empty(value) and key not in told:
            label, _ = _words(context, plan, key, ())
            problems.append(Problem("R053", field=key, parameters={"label": label, "name": key}))
    for key, offered in form.ask_one_of.items():
        if empty(values.get(key)) and key not in told and key not in form.required:
            label, shown = _words(context, plan, key, offered)
            problems.append(Problem("R072", field=key, parameters={"label": label, "name": key, "choices": shown}))


def _words(context: Context, plan: EntityPlan, key: str, offered: tuple[str, ...]) -> tuple[str, str]:
    field = plan.fields.get(key)
    if field is None:
        return key, ", ".join(offered)
    shown = "、".join(field.type.show(field.field, choice, context.language) for choice in offered)
    return field.field.label.text(context.language) or key, shown


def _looked_up(context: Context, lookup: str, by: Any) -> Any:
    """What a function of that name says about a value; nothing where there is no such function."""
    function: Any = context.compiled.functions.get(lookup)
    if function is None:
        return None
    needs = {name: context.extras[name] for name in function.needs if name in context.extras}
    return function.call(by, **needs)

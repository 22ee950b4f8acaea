"""Columns, groups and conditions of a question as SQL, checked for the reader first. Floor: 3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy as sa

from engine.errors import InvalidDocument, Problem, WrongUsage
from engine.expression import types
from engine.expression.parse import Condition, Expression, functions_of, parse
from engine.expression.scope import Type
from engine.model.entity import Field
from engine.store.query.ground import Ground, Term
from engine.store.query.question import Column
from engine.store.query.sheet import Sheet

T = TypeVar("T")

#: Field types that have neither an order nor equal values to group by.
SHAPELESS = frozenset({"links", "backlink", "list", "choices", "json", "address", "file", "image"})


def parsed(text: str) -> Expression:
    """What a reader typed as an expression; raises WrongUsage with its problems."""
    try:
        return parse(text)
    except InvalidDocument as error:
        raise WrongUsage(error.problems) from error


def checked(ground: Ground, entity: str, term: Term) -> Type:
    """The type of a term; raises WrongUsage when it names what the reader may not see, or what does not exist."""
    kind, problems = types.check(term, ground.open_scope(entity), ground.functions)
    wrong = [problem for problem in problems if problem.severity == "error"]
    wrong += _told_by_history(ground, entity, term)
    if wrong:
        raise WrongUsage(wrong)
    return kind


def _told_by_history(ground: Ground, entity: str, term: Term) -> list[Problem]:
    """The history of states tells a hidden state as well as its field would."""
    hidden = ground.access(entity).hidden
    machines = [machine for machine in ground.manifest.machines_of(entity) if machine.field in hidden]
    if not machines:
        return []
    asking = [
        name for name in sorted(functions_of(term)) if "history" in getattr(ground.functions.get(name), "needs", ())
    ]
    return [Problem("Q001", parameters={"entity": entity, "field": name}) for name in asking]


def condition_of(sheet: Sheet, term: Condition | Expression | str) -> sa.ColumnElement[bool]:
    """A condition of the question over the entity's own table."""
    if isinstance(term, str):
        term = parsed(term)
    kind = checked(sheet.ground, sheet.entity, term)
    if kind.name not in ("yes_no", "any", "none"):
        text = term.text if isinstance(term, Expression) else ""
        raise WrongUsage(Problem("Q012", parameters={"text": text}))
    return sql_of(lambda: sheet.condition(term))


def value_of(sheet: Sheet, column: Column) -> tuple[Any, Type, Field | None]:
    """A column as SQL, its type, and its field where it is one."""
    ground = sheet.ground
    if isinstance(column, Expression) and column.text.isidentifier() and column.text in ground.fields(sheet.entity):
        column = column.text
    if isinstance(column, str):
        if column.isidentifier():
            field = ground.field(sheet.entity, column)
            if column not in sheet.table.c:
                raise WrongUsage(Problem("Q004", field=column, parameters={"field": column}))
            return sheet.table.c[column], ground.open_scope(sheet.entity).fields(sheet.entity)[column], field
        column = parsed(column.removeprefix("="))
    checked(ground, sheet.entity, column)
    element, kind = sql_of(lambda: sheet.value(column))
    return element, kind, None


def sql_of(make: Callable[[], T]) -> T:
    """What ``make`` gives; raises WrongUsage where it cannot be SQL."""
    try:
        return make()
    except InvalidDocument as error:
        raise WrongUsage(error.problems) from error


def orderable(column: Column, kind: Type, field: Field | None) -> None:
    """Nothing when it can be sorted and grouped by; raises WrongUsage (Q004)."""
    if (field is not None and field.type in SHAPELESS) or kind.name in ("list", "address"):
        text = column if isinstance(column, str) else column.text
        raise WrongUsage(Problem("Q004", field=field.name if field else "", parameters={"field": text}))

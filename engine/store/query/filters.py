"""Simple filters: a field, a comparison, a value as it was typed. Floor: 3.

The value is cleaned by the field's own type, so ``138 0013 8000`` finds the phone and ``2026-01-05`` on an instant means
that whole day in the company's time zone. As in expressions, a comparison with an empty value is never true.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from engine.errors import Problem, WrongUsage
from engine.expression.sql import dates
from engine.model.entity import Field
from engine.store.query import period
from engine.store.query.ground import Ground
from engine.store.query.question import Filter
from engine.store.tables import LINKS

TEXTS = frozenset({"text", "long_text", "phone", "email", "url", "uscc", "sequence"})
WORDS = frozenset({"choice", "state"})
LISTS = frozenset({"choices", "list"})
ORDERED = frozenset({"integer", "number", "money", "score", "date", "time", "datetime", "duration"})

_EQUAL = ("eq", "ne", "in", "empty")
_ORDER = ("lt", "le", "gt", "ge")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
}


def operations(field: Field) -> tuple[str, ...]:
    """What a field can be filtered with."""
    if field.type in TEXTS:
        return (*_EQUAL, *_ORDER, "contains")
    if field.type in ORDERED:
        return (*_EQUAL, *_ORDER)
    if field.type in WORDS or field.type in LINKS or field.type == "yes_no":
        return _EQUAL
    if field.type in LISTS or field.type == "links":
        return ("contains", "in", "empty")
    return ("empty",) if field.type != "backlink" else ()


def condition(ground: Ground, entity: str, table: Any, asked: Filter) -> sa.ColumnElement[bool]:
    """The filter as SQL over ``table``; raises WrongUsage for an unknown field, an operation it has not, a bad value."""
    field = ground.field(entity, asked.field)
    known = operations(field)
    if asked.op not in known:
        parameters = {"field": field.name, "op": asked.op, "known": ", ".join(known)}
        raise WrongUsage(Problem("Q003", field=field.name, parameters=parameters))
    if field.type == "links":
        return _linked(ground, entity, table, field, asked)
    column = table.c[field.name]
    if asked.op == "empty":
        empty = column.is_(None) if field.type not in LISTS else sa.or_(column.is_(None), _length(ground, column) == 0)
        return empty if truth(asked.value) else sa.not_(empty)
    if field.type in LISTS:
        return sa.or_(*(_holds(ground, column, value) for value in listed(asked.value)))
    if asked.op == "contains":
        return sa.func.lower(column).contains(lowered(str(asked.value)), autoescape=True)
    if asked.op == "in":
        values = [stored(ground, field, value) for value in listed(asked.value)]
        found: sa.ColumnElement[bool] = column.in_(values)
        return found
    if field.type == "datetime" and isinstance(asked.value, str) and _DAY.fullmatch(asked.value.strip()):
        return _whole_day(ground, column, field, asked)
    value = stored(ground, field, asked.value)
    if value is None:
        empty = column.is_(None)
        return empty if asked.op == "eq" else sa.not_(empty) if asked.op == "ne" else sa.false()
    compared: sa.ColumnElement[bool] = _COMPARE[asked.op](column, value)
    return compared


def lowered(text: str) -> str:
    """Lower case as both databases do it: the letters A to Z and no others."""
    return "".join(char.lower() if char.isascii() else char for char in text)


def truth(value: Any) -> bool:
    """What was typed as yes or no."""
    return str(value).strip().lower() not in ("", "0", "false", "no", "none", "否")


def listed(value: Any) -> Sequence[Any]:
    """A list as it is, text split at its commas."""
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(value)
    return tuple(part.strip() for part in str(value).split(",") if part.strip())


def stored(ground: Ground, field: Field, value: Any) -> Any:
    """What was typed, as it rests; raises WrongUsage with the field type's own problem."""
    if value is None or value == "":
        return None
    if field.type == "user" and value == "me":
        return (ground.me or {}).get("id", -1)
    kind = ground.field_types[field.type]
    try:
        cleaned = kind.clean(field, value)
    except ValueError as error:
        code, parameters = getattr(error, "code", "Q003"), dict(getattr(error, "parameters", {}))
        raise WrongUsage(Problem(code, field=field.name, parameters={"field": field.name, **parameters})) from error
    return None if cleaned is None else kind.to_store(cleaned)


def _whole_day(ground: Ground, column: Any, field: Field, asked: Filter) -> sa.ColumnElement[bool]:
    try:
        day = dt.date.fromisoformat(asked.value.strip())
    except ValueError as error:
        raise WrongUsage(
            Problem("Q009", field=field.name, parameters={"from": asked.value, "to": asked.value})
        ) from error
    first = dates.microseconds(period.midnight(day, ground.zone))
    after = dates.microseconds(period.midnight(day + dt.timedelta(days=1), ground.zone))
    ways: dict[str, Callable[[], sa.ColumnElement[bool]]] = {
        "eq": lambda: sa.and_(column >= first, column < after),
        "ne": lambda: sa.or_(column < first, column >= after),
        "lt": lambda: column < first,
        "le": lambda: column < after,
        "gt": lambda: column >= after,
        "ge": lambda: column >= first,
    }
    return ways[asked.op]()


def _holds(ground: Ground, column: Any, value: Any) -> sa.ColumnElement[bool]:
    if ground.dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import JSONB

        return sa.cast(column, JSONB).op("@>")(sa.cast(sa.literal(json.dumps([value])), JSONB))
    each = sa.func.json_each(column).table_valued("value")
    return sa.exists(sa.select(1).select_from(each).where(each.c.value == value))


def _length(ground: Ground, column: Any) -> Any:
    return sa.func.jsonb_array_length(column) if ground.dialect == "postgresql" else sa.func.json_array_length(column)


def _linked(ground: Ground, entity: str, table: Any, field: Field, asked: Filter) -> sa.ColumnElement[bool]:
    many = ground.schema.links(entity, field.name).alias()
    rows = sa.select(1).select_from(many).where(many.c.source == table.c.id)
    if asked.op == "empty":
        found = sa.exists(rows)
        return sa.not_(found) if truth(asked.value) else found
    try:
        targets = [int(value) for value in listed(asked.value)]
    except ValueError as error:
        parameters = {"field": field.name, "op": asked.op, "known": ", ".join(operations(field))}
        raise WrongUsage(Problem("Q003", field=field.name, parameters=parameters)) from error
    return sa.exists(rows.where(many.c.target.in_(targets)))

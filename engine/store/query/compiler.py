"""A question and a reader become one SQL statement. Floor: 3.

This is the only place that writes SELECT over an entity's table for a reader. Every statement it makes is limited to rows
the reader may see and to fields the reader may name, whatever it is for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.errors import Problem, WrongUsage
from engine.expression.scope import Type
from engine.expression.sql import dates
from engine.model.entity import Field
from engine.store.query import filters, period
from engine.store.query.ground import Ground
from engine.store.query.question import Aggregate, Column, Query, text_of
from engine.store.query.sheet import Sheet
from engine.store.query.terms import condition_of, orderable, value_of

#: Columns that are never empty, so that a sort by them is one range of an index.
FILLED = frozenset({"id", "created_at", "updated_at", "version"})


@dataclass(frozen=True, slots=True)
class Output:
    """One column of the answer: its key, its type, and its field where it is one."""

    key: str
    type: Type
    field: Field | None


@dataclass(frozen=True, slots=True)
class Key:
    """One term of the order."""

    element: Any
    down: bool
    filled: bool
    first: bool = False


def sheet_of(ground: Ground, query: Query) -> tuple[Sheet, list[Any]]:
    """The tables of a question and everything that limits its rows, the rights first."""
    query.checked()
    ground.entity(query.entity)
    sheet = Sheet(ground, query.entity)
    table = sheet.table
    limits: list[Any] = [table.c.deleted_at.is_(None)]
    permitted = sheet.permitted()
    if permitted is not None:
        limits.append(permitted)
    limits += [filters.condition(ground, query.entity, table, asked) for asked in query.filters]
    limits += [condition_of(sheet, term) for term in query.where]
    for name, start, end in query.during:
        limits += during(ground, query.entity, table, name, start, end)
    for column, value in query.matches:
        element = value_of(sheet, column)[0]
        limits.append(element.is_(None) if value is None else element == value)
    limits += [_stayed(ground, query.entity, table, *stay) for stay in query.stayed]
    if query.ids is not None:
        limits.append(among(ground, table.c.id, query.ids))
    return sheet, limits


def _stayed(ground: Ground, entity: str, table: Any, machine: str, state: str, ended: bool) -> Any:
    ground.field(entity, ground.manifest.state_machines[machine].field)
    stay = ground.schema.history.alias()
    own = [stay.c.record == table.c.id, stay.c.entity == entity, stay.c.machine == machine, stay.c.state == state]
    if ended:
        own.append(stay.c.left_at.is_not(None))
    return sa.exists(sa.select(1).select_from(stay).where(*own))


def during(ground: Ground, entity: str, table: Any, name: str, start: Any, end: Any) -> list[Any]:
    """The field lies in [start, end): instants, or dates of the site's zone; open where None."""
    field = ground.field(entity, name)
    if field.type not in ("date", "datetime"):
        raise WrongUsage(Problem("Q004", field=name, parameters={"field": name}))
    column = table.c[name]
    found = []
    if start is not None:
        found.append(column >= moment(ground, field, start))
    if end is not None:
        found.append(column < moment(ground, field, end))
    return found


def moment(ground: Ground, field: Field, value: dt.date) -> Any:
    """A date, an aware instant or a local time of the site as the field keeps it."""
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=ground.zone)
    if field.type == "date":
        return (value.astimezone(ground.zone).date() if isinstance(value, dt.datetime) else value).isoformat()
    return dates.microseconds(value if isinstance(value, dt.datetime) else period.midnight(value, ground.zone))


def among(ground: Ground, column: Any, ids: Sequence[int]) -> Any:
    """The id is one of many, as one parameter."""
    if ground.dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import ARRAY

        return column == sa.func.any(sa.literal(list(ids), ARRAY(sa.BigInteger)))
    import json

    each = sa.func.json_each(json.dumps(list(ids))).table_valued("value")
    return column.in_(sa.select(each.c.value))


def columns_of(ground: Ground, query: Query) -> tuple[Column, ...]:
    """The columns asked for, or every one the reader may see that has a place in the table."""
    if query.columns:
        return query.columns
    table = ground.schema.table(query.entity)
    return tuple(name for name in ground.fields(query.entity) if name != "id" and name in table.c)


def outputs(sheet: Sheet, columns: Sequence[Column]) -> tuple[list[Any], list[Output]]:
    """The columns as SQL and what each of them is. To-many fields are read afterwards, not joined."""
    elements, found = [], []
    for place, column in enumerate(columns):
        element, kind, field = value_of(sheet, column)
        elements.append(element.label(f"c{place}"))
        found.append(Output(text_of(column), kind, field))
    return elements, found


def order_of(sheet: Sheet, sort: Sequence[str]) -> list[Key]:
    """The order asked for, with the id at its end; newest first where nothing is asked."""
    keys: list[Key] = []
    seen: set[str] = set()
    for term in sort:
        name, down = term.lstrip("-+").strip(), term.strip().startswith("-")
        if name in seen:
            continue
        seen.add(name)
        element, kind, field = value_of(sheet, name)
        orderable(name, kind, field)
        keys.append(Key(element, down, field is not None and field.name in FILLED, first=not keys))
        if name == "id":
            return keys
    down = keys[-1].down if keys else True
    return [*keys, Key(sheet.table.c.id, down, True, first=not keys)]


def ordering(keys: Sequence[Key], dialect: str, first_filled: bool = False) -> list[Any]:
    """ORDER BY: empty values last in the first key, in the others first when going up and last when going down.

    That is how an index of SQLite lies, so that a page is a range of it; the first key's empty ones are read by
    themselves (``first_filled``: the rows at hand have none).
    """
    found = []
    for key in keys:
        term = key.element.desc() if key.down else key.element.asc()
        if not key.filled and not (key.first and first_filled):
            if key.first:
                term = term.nulls_last()
            elif dialect == "postgresql":
                term = term.nulls_last() if key.down else term.nulls_first()
        found.append(term)
    return found


def after(keys: Sequence[Key], position: Sequence[Any]) -> Any:
    """Rows that come after ``position`` in the order of ``keys``."""
    ways: list[Any] = []
    equal: list[Any] = []
    for key, value in zip(keys, position, strict=True):
        beyond = _beyond(key, value)
        if beyond is not None:
            ways.append(sa.and_(*equal, beyond))
        equal.append(key.element.is_(None) if value is None else key.element == value)
    return sa.or_(*ways) if ways else sa.false()


def _beyond(key: Key, value: Any) -> Any:
    last = key.first or key.down
    if value is None:
        return None if last else key.element.is_not(None)
    beyond = key.element < value if key.down else key.element > value
    return sa.or_(beyond, key.element.is_(None)) if last and not key.filled else beyond


def aggregate(sheet: Sheet, asked: Aggregate) -> tuple[Any, Type | None]:
    """One aggregate as SQL and the type of its value (None for a count)."""
    only = condition_of(sheet, asked.only) if asked.only is not None else None
    if asked.of is None:
        element: Any = sa.func.count()
        return (element if only is None else element.filter(only)), None
    value, kind, field = value_of(sheet, asked.of)
    if asked.function in ("min", "max", "distinct"):
        orderable(asked.of, kind, field)
    if asked.function in ("count", "distinct"):
        element = sa.func.count(value.distinct() if asked.function == "distinct" else value)
        kind_of: Type | None = None
    else:
        if asked.function in ("sum", "avg") and kind.name not in ("number", "integer", "money", "duration"):
            text = asked.of if isinstance(asked.of, str) else asked.of.text
            known = "count, min, max"
            raise WrongUsage(Problem("Q003", parameters={"field": text, "op": asked.function, "known": known}))
        element = getattr(sa.func, asked.function)(value)
        kind_of = kind
    return (element if only is None else element.filter(only)), kind_of

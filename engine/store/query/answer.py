"""Answers to questions: pages, counts, groups, streams. Floor: 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from engine.expression.scope import Type
from engine.facts import Record
from engine.store.connection import Connection
from engine.store.query import cursor
from engine.store.query.compiler import (
    Key,
    Output,
    after,
    aggregate,
    columns_of,
    order_of,
    ordering,
    outputs,
    sheet_of,
)
from engine.store.query.finding import found_ids, search_limits
from engine.store.query.ground import Ground
from engine.store.query.question import Query
from engine.store.query.rights import Right
from engine.store.query.sheet import Sheet
from engine.store.query.terms import orderable, value_of


@dataclass(frozen=True, slots=True)
class Page:
    """Some records in order, and the cursor of the next page (None at the end). A record's ``values`` hold the columns
    asked for, by the text they were asked with."""

    records: tuple[Record, ...]
    next: str | None
    columns: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its key (a value per term of ``group``) and its aggregates by name."""

    key: tuple[Any, ...]
    values: Mapping[str, Any]


def prepare(connection: Connection, ground: Ground, query: Query) -> tuple[Sheet, list[Any]]:
    """The tables and limits of a question, its search included."""
    sheet, limits = sheet_of(ground, query)
    if query.search.strip():
        limits += search_limits(connection, sheet, limits, query.search)
    return sheet, limits


def page(connection: Connection, ground: Ground, query: Query) -> Page:
    """One page of records; raises WrongUsage for a name the reader may not use or a cursor of another list."""
    sheet, limits = prepare(connection, ground, query)
    elements, columns = outputs(sheet, columns_of(ground, query))
    keys = order_of(sheet, query.sort)
    question = _fingerprint(ground, query)
    position = cursor.decode(question, query.cursor, len(keys)) if query.cursor else None
    size = query.limit or 0
    rows: list[tuple[Any, ...]] = []
    head = [sheet.table.c.id, sheet.table.c.version]
    marks = [key.element.label(f"s{place}") for place, key in enumerate(keys)]
    for limit, order in _segments(keys, position, ground.dialect):
        wanted = size + 1 - len(rows) if query.limit else None
        if wanted is not None and wanted <= 0:
            break
        select = sa.select(*head, *elements, *marks).select_from(sheet.table)
        rows += connection.execute(select.where(*limits, *limit).order_by(*order).limit(wanted))
    more = bool(size) and len(rows) > size
    rows = rows[:size] if size else rows
    following = cursor.encode(question, tuple(rows[-1][-len(keys) :])) if more else None
    records = _records(connection, ground, query.entity, rows, columns)
    return Page(records, following, tuple(columns))


def statements(connection: Connection, ground: Ground, query: Query) -> list[Any]:
    """The selects a page would run, for EXPLAIN."""
    sheet, limits = prepare(connection, ground, query)
    elements, _ = outputs(sheet, columns_of(ground, query))
    keys = order_of(sheet, query.sort)
    head = [sheet.table.c.id, sheet.table.c.version]
    return [
        sa.select(*head, *elements).select_from(sheet.table).where(*limits, *limit).order_by(*order).limit(query.limit)
        for limit, order in _segments(keys, None, ground.dialect)
    ]


def _segments(
    keys: Sequence[Key], position: tuple[Any, ...] | None, dialect: str
) -> Iterator[tuple[list[Any], list[Any]]]:
    """The order as ranges an index can follow: first the rows whose leading key is filled, then those where it is empty."""
    first, rest = keys[0], keys[1:]
    value = position[0] if position else None
    if position is None:
        yield ([] if first.filled else [first.element.is_not(None)]), ordering(keys, dialect, True)
    elif value is not None:
        bound = first.element <= value if first.down else first.element >= value
        limit = [bound, after([replace(first, filled=True), *rest], position)] if rest else [after(keys, position)]
        yield limit, ordering(keys, dialect, True)
    if first.filled:
        return
    empty = [first.element.is_(None)]
    if position is not None and value is None:
        empty.append(after(rest, position[1:]))
    yield empty, ordering(rest, dialect)


def count(connection: Connection, ground: Ground, query: Query) -> int:
    """How many records the question finds, pages aside."""
    sheet, limits = prepare(connection, ground, query)
    return int(connection.scalar(sa.select(sa.func.count()).select_from(sheet.table).where(*limits)))


def ids(connection: Connection, ground: Ground, query: Query) -> list[int]:
    """The ids of every record the question finds, in its order."""
    sheet, limits = prepare(connection, ground, query)
    order = ordering(order_of(sheet, query.sort), ground.dialect)
    rows = connection.execute(sa.select(sheet.table.c.id).select_from(sheet.table).where(*limits).order_by(*order))
    return [row[0] for row in rows]


def stream(
    connection: Connection, ground: Ground, query: Query, lot: int = 1000, right: Right = True
) -> Iterator[Record]:
    """Every record the question finds, in order, a lot at a time: memory stays flat however many there are. ``right``
    narrows the rows to those an action is allowed on (export)."""
    sheet, limits = prepare(connection, ground, query)
    narrowed = sheet.allowed(right)
    if narrowed is not None:
        limits.append(narrowed)
    elements, columns = outputs(sheet, columns_of(ground, query))
    order = ordering(order_of(sheet, query.sort), ground.dialect)
    head = [sheet.table.c.id, sheet.table.c.version]
    select = sa.select(*head, *elements).select_from(sheet.table).where(*limits).order_by(*order)
    # Refusals come here and now; only reading waits for whoever iterates.
    lots = connection.stream(select, size=lot)
    return (record for rows in lots for record in _records(connection, ground, query.entity, rows, columns))


def groups(connection: Connection, ground: Ground, query: Query) -> list[Group]:
    """One row a group, in the order of the keys; without ``group`` a single one over everything."""
    sheet, limits = prepare(connection, ground, query)
    keys, kinds = [], []
    for place, column in enumerate(query.group):
        element, kind, field = value_of(sheet, column)
        orderable(column, kind, field)
        keys.append(element.label(f"g{place}"))
        kinds.append(converter(ground, kind, field))
    numbers = {name: aggregate(sheet, asked) for name, asked in query.aggregates.items()}
    select = sa.select(*keys, *(element for element, _ in numbers.values())).select_from(sheet.table).where(*limits)
    if keys:
        # By position: PostgreSQL does not take two equal expressions with parameters for the same one.
        places: list[Any] = [sa.literal_column(str(place + 1)) for place in range(len(keys))]
        select = select.group_by(*places).order_by(*(place.asc().nulls_last() for place in places))
    if query.limit:
        select = select.limit(query.limit)
    shape = [converter(ground, kind, None, name) if kind else _same for name, (_, kind) in _typed(query, numbers)]
    found = []
    for row in connection.execute(select):
        key = tuple(convert(cell) for convert, cell in zip(kinds, row, strict=False))
        cells = zip(numbers, shape, row[len(keys) :], strict=True)
        found.append(Group(key, {name: convert(cell) for name, convert, cell in cells}))
    return found


def _typed(
    query: Query, numbers: Mapping[str, tuple[Any, Type | None]]
) -> Iterator[tuple[str, tuple[Any, Type | None]]]:
    for name, number in numbers.items():
        yield query.aggregates[name].function, number


def _same(value: Any) -> Any:
    return value


def converter(ground: Ground, kind: Type, field: Any = None, function: str = "") -> Any:
    """What turns a stored value of that type into the Python value; empty stays empty."""
    plugin = ground.field_types.get(field.type if field is not None else "user" if kind.name == "record" else kind.name)
    if plugin is None:
        return _same
    convert = plugin.from_store
    if function == "avg":
        # The average of whole units is not whole: rounded to the unit the type is kept in.
        return lambda value: None if value is None else convert(round(float(value)) if kind.name != "number" else value)
    if function == "sum":
        return lambda value: None if value is None else convert(float(value) if kind.name == "number" else int(value))
    return lambda value: None if value is None else convert(value)


def _records(
    connection: Connection, ground: Ground, entity: str, rows: Sequence[Sequence[Any]], columns: Sequence[Output]
) -> tuple[Record, ...]:
    converts = [converter(ground, column.type, column.field) for column in columns]
    names = [column.key for column in columns]
    found = []
    for row in rows:
        values = {name: convert(cell) for name, convert, cell in zip(names, converts, row[2:], strict=False)}
        found.append(Record(entity, row[0], row[1], values))
    return tuple(found)


def _fingerprint(ground: Ground, query: Query) -> str:
    """What makes one list another: everything but where the page starts and how long it is."""
    plain = replace(query, cursor=None, limit=None, columns=())
    access = ground.access(query.entity)
    return f"{plain!r}|{access.key}"


__all__ = [
    "Group",
    "Output",
    "Page",
    "converter",
    "count",
    "found_ids",
    "groups",
    "ids",
    "page",
    "prepare",
    "statements",
    "stream",
]

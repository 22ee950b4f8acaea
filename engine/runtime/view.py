"""Lists, boards and calendars: a view's question joined with what its reader adds. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import Forbidden, NotFound, Problem, WrongUsage
from engine.expression.parse import Expression, parse
from engine.expression.scope import Type
from engine.facts import Record
from engine.model.entity import Field
from engine.model.terms import Template
from engine.model.view import View
from engine.runtime.context import Context
from engine.runtime.ground import ground_of, titles
from engine.runtime.metric import refused
from engine.store.query import answer
from engine.store.query.ground import Ground
from engine.store.query.question import Aggregate, Column, Filter, Query, text_of
from engine.store.query.sheet import Sheet
from engine.store.query.terms import value_of
from engine.store.tables import target_of

#: Cards a column of a board shows before "more".
CARDS = 30


@dataclass(frozen=True, slots=True)
class Look:
    """What a reader adds to a view, or to an entity when there is none: filters, a condition, words to search for, another
    order, a page. ``during`` limits a calendar to days [from, to)."""

    filters: tuple[Filter, ...] = ()
    where: str = ""
    search: str = ""
    sort: tuple[str, ...] = ()
    limit: int | None = 50
    cursor: str | None = None
    columns: tuple[str, ...] = ()
    during: tuple[Any, Any] | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A column as people see it. ``key`` is how a record's ``values`` hold it; ``field`` is None for an expression."""

    key: str
    label: str
    type: str
    field: Field | None = None
    to: str | None = None


def view_of(context: Context, name: str) -> View:
    """The view of that name, when the actor may read its entity; raises NotFound (Q007) alike for both."""
    view = context.manifest.views.get(name)
    if view is None or ground_of(context).access(view.entity).read is False:
        raise NotFound(Problem("Q007", parameters={"kind": "view", "name": name}))
    return view


def question(context: Context, entity: str, view: View | None = None, look: Look = Look()) -> Query:
    """The question behind a page of a list."""
    columns: tuple[Column, ...] = tuple(look.columns)
    if not columns and view is not None:
        columns = visible(context, view)
    where: tuple[Any, ...] = (view.where_,) if view is not None and view.where_ else ()
    query = Query(
        entity=entity,
        columns=columns,
        filters=look.filters,
        where=(*where, look.where) if look.where else where,
        search=look.search,
        sort=look.sort or (view.sort if view is not None else ()),
        limit=look.limit,
        cursor=look.cursor,
    )
    if look.during is not None and view is not None and view.time:
        query = replace(query, during=((view.time, *look.during),))
    return query


def visible(context: Context, view: View) -> tuple[Column, ...]:
    """The view's columns (a board's card, then) its reader may see, and what the titles of its records are made of."""
    ground = ground_of(context)
    wanted = [*view.columns, *view.card, *((view.group,) if view.group else ()), *((view.time,) if view.time else ())]
    wanted += list(title_fields(context, view.entity))
    found: dict[str, Column] = {}
    sheet = Sheet(ground, view.entity)
    for column in wanted:
        try:
            value_of(sheet, column)
        except WrongUsage:
            continue
        found.setdefault(text_of(column), column)
    return tuple(found.values())


def title_fields(context: Context, entity: str) -> Iterator[str]:
    """The fields an entity's title is made of."""
    import re

    definition = context.manifest.entities[entity]
    title = definition.title
    text = title.text if isinstance(title, Template) else ""
    for inside in re.findall(r"\{\{(.*?)\}\}", text, re.DOTALL):
        for name in re.findall(r"[A-Za-z_]\w*", inside):
            if name in definition.fields:
                yield name


def page(context: Context, entity: str, view: View | None = None, look: Look = Look()) -> answer.Page:
    """One page of a list. Raises Forbidden (Q008) when the view sorts or filters by what the reader may not see."""
    asked = question(context, entity, view, look)
    found: answer.Page = _answered(context, view, look, lambda ground: answer.page(context.connection, ground, asked))
    return found


def count(context: Context, entity: str, view: View | None = None, look: Look = Look()) -> int:
    """How many records the list has, over all its pages."""
    asked = question(context, entity, view, look)
    return int(_answered(context, view, look, lambda ground: answer.count(context.connection, ground, asked)))


def export(context: Context, entity: str, view: View | None = None, look: Look = Look()) -> Iterator[Record]:
    """Every record of the list that the reader may carry away; raises Forbidden (A005) without the right to export.

    Where the right is a condition, only rows that meet it leave.
    """
    ground = ground_of(context)
    ground.entity(entity)
    right = ground.access(entity).rights.get("export", False)
    if right is False:
        raise Forbidden(Problem("A005", parameters={"entity": entity}))
    asked = question(context, entity, view, replace(look, limit=None, cursor=None))
    rows = _answered(context, view, look, lambda ground: answer.stream(context.connection, ground, asked, right=right))
    return iter(rows)


def _answered(context: Context, view: View | None, look: Look, make: Any) -> Any:
    ground = ground_of(context)
    if view is None or look.where or look.filters or look.sort:
        return make(ground)
    return refused("view", view.name, (), lambda: make(ground))


@dataclass(frozen=True, slots=True)
class Lane:
    """One column of a board: a state (or another group), how many are in it, its first cards and the cursor after them."""

    key: Any
    label: str
    color: str
    count: int
    page: answer.Page


def board(context: Context, view: View, look: Look = Look(), lane: str | None = None) -> tuple[Lane, ...]:
    """A board's columns in the order of its machine; ``lane`` asks for one of them only (its next page)."""
    group = view.group or next((m.field for m in context.manifest.machines_of(view.entity)), None)
    if group is None:
        raise WrongUsage(Problem("Q004", parameters={"field": "group"}))
    asked = replace(question(context, view.entity, view, look), limit=look.limit or CARDS)
    ground = ground_of(context)
    names = _lanes(ground, view.entity, group, context.language)

    def read() -> tuple[Lane, ...]:
        plain = replace(asked, columns=(), cursor=None, limit=None, sort=(), group=(group,))
        counted = answer.groups(context.connection, ground, replace(plain, aggregates={"count": Aggregate("count")}))
        counts = {g.key[0]: g.values["count"] for g in counted}
        keys = list(names) if names else sorted((k for k in counts if k is not None), key=str)
        keys += [key for key in counts if key not in keys]
        lanes = []
        for key in keys if lane is None else [key for key in keys if str(key) == lane]:
            cards = answer.page(context.connection, ground, replace(asked, matches=((group, key),)))
            label, color = names.get(key, (str(key) if key is not None else "", ""))
            lanes.append(Lane(key, label or str(key), color, counts.get(key, 0), cards))
        return tuple(lanes)

    found: tuple[Lane, ...] = refused("view", view.name, () if not look.where else (look.where,), read)
    return found


def _lanes(ground: Ground, entity: str, group: str, language: str) -> dict[Any, tuple[str, str]]:
    for machine in ground.manifest.machines_of(entity):
        if machine.field == group:
            return {name: (state.label.text(language) or name, state.color) for name, state in machine.states.items()}
    field = ground.field(entity, group)
    return {choice.name: (choice.label.text(language) or choice.name, "") for choice in field.choices}


def headings(context: Context, view: View) -> tuple[Heading, ...]:
    """The columns of a view its reader may see, with their words."""
    ground = ground_of(context)
    sheet = Sheet(ground, view.entity)
    found = []
    for column in view.columns or view.card:
        try:
            _, kind, field = value_of(sheet, column)
        except WrongUsage:
            continue
        found.append(heading(context, ground, view.entity, column, kind, field))
    return tuple(found)


def heading(context: Context, ground: Ground, entity: str, column: Column, kind: Type, field: Field | None) -> Heading:
    """One column with its words: a field's label, the last field's of a walk, the function's for an expression."""
    key = text_of(column)
    if field is not None:
        to = target_of(field) if kind.name == "record" else None
        return Heading(key, field.label.text(context.language) or field.name, field.type, field, to)
    term = parse(column.removeprefix("=")) if isinstance(column, str) else column
    return Heading(key, _words(context, ground, entity, term), kind.name, None, kind.entity)


def _words(context: Context, ground: Ground, entity: str, term: Expression) -> str:
    """``距今天数(最近动作时间)`` for ``days_since(last_action_at)``; the text itself where nothing better is known."""
    import ast

    def word(node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            field = ground.fields(entity).get(node.id)
            return field.label.text(context.language) or node.id if field is not None else node.id
        if isinstance(node, ast.Attribute):
            return (
                f"{word(node.value)} · {node.attr}" if context.language == "en" else f"{word(node.value)}的{node.attr}"
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) <= 1 and not node.keywords:
            function = ground.functions.get(node.func.id)
            title = function.title.get(context.language, node.func.id) if function is not None else node.func.id
            inner = word(node.args[0]) if node.args else ""
            return f"{title} ({inner})" if inner else str(title)
        return ast.unparse(node)

    return word(term.tree)


def linked(context: Context, records: Sequence[Record], columns: Sequence[answer.Output]) -> dict[str, dict[int, str]]:
    """The titles behind the links of some records, read once an entity: entity -> id -> title."""
    ground = ground_of(context)
    wanted: dict[str, set[int]] = {}
    for column in columns:
        if column.type.name == "record" and column.type.entity:
            ids = {record.values.get(column.key) for record in records}
            wanted.setdefault(column.type.entity, set()).update(ident for ident in ids if isinstance(ident, int))
    return {entity: titles(context, ground, entity, ids) for entity, ids in wanted.items()}


def shown(context: Context, column: answer.Output, value: Any, names: dict[str, dict[int, str]]) -> str:
    """A value of a column as text for people; ``names`` are the titles from ``linked``."""
    if value is None:
        return ""
    if column.type.name == "record" and column.type.entity:
        return names.get(column.type.entity, {}).get(value, "")
    kinds = ground_of(context).field_types
    field = column.field or Field(name=column.key, type=column.type.name)
    if field.type == "state":
        for machine in context.manifest.state_machines.values():
            if machine.field == field.name and value in machine.states:
                return machine.states[value].label.text(context.language) or str(value)
    plugin = kinds.get(field.type)
    if column.field is None and column.type.name == "number":
        return f"{value:,.1f}".removesuffix(".0")
    return str(plugin.show(field, value, context.language)) if plugin is not None else str(value)

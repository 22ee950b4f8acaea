"""Lists in SQL: backlinks, many-to-many links, JSON lists, and comprehensions over all of them. Floor: 2."""

from __future__ import annotations

import ast
import json
from typing import Any

import sqlalchemy as sa

from engine.expression.scope import ANY, TEXT, Type
from engine.expression.sql.scope import SQL_TYPES, Rows, encode
from engine.expression.sql.walker import Loop, Walker


def rows(walker: Walker, node: ast.expr) -> Rows:
    """The rows behind a list; InvalidDocument where a list is none."""
    kind = walker.type(node).of or ANY
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp) and not walker.fixed(node):
        return _comprehension(walker, node)
    if walker.fixed(node):
        given = [encode(each, kind) for each in (walker.given(node) or ())]
        text = sa.literal(json.dumps(given, ensure_ascii=False), sa.Text())
        return _elements(walker, text if walker.dialect == "sqlite" else _jsonb(text), kind)
    if isinstance(node, ast.Call):
        found = walker.call(node)
        if isinstance(found, Rows):
            return found
    elif isinstance(node, ast.Name | ast.Attribute):
        if isinstance(node, ast.Name) and node.id in walker.loops:
            raise walker.refuse(node, node.id)
        return _related(walker, node, kind) if kind.name == "record" else _elements(walker, walker.value(node), kind)
    raise walker.refuse(node, "列表")


def _jsonb(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    from sqlalchemy.dialects.postgresql import JSONB

    return sa.cast(text, JSONB())


def _related(walker: Walker, node: ast.Name | ast.Attribute, of: Type) -> Rows:
    """The records behind a backlink or a many-to-many field."""
    ground = walker.ground
    if isinstance(node, ast.Name):
        entity, name = ground.scope.entity or "", node.id
        source: sa.ColumnElement[Any] = ground.own().c.id
    else:
        entity, name = walker.type(node.value).entity or "", node.attr
        row = walker.row_of(node.value)
        source = row.c.id if row is not None else walker.value(node.value)
    target = ground.tables.table(of.entity or "").alias()
    via = ground.via.get((entity, name))
    seen = walker.visible(of.entity or "", target)
    if via is not None and via in target.c:
        return Rows(of, target.c.id, (target,), (target.c[via] == source, *seen), target)
    if via is not None:
        between = ground.tables.links(of.entity or "", via).alias()
        tie = (between.c.target == source, target.c.id == between.c.source)
    else:
        between = ground.tables.links(entity, name).alias()
        tie = (between.c.source == source, target.c.id == between.c.target)
    return Rows(of, target.c.id, (between, target), (*tie, *seen), target)


def _elements(walker: Walker, column: sa.ColumnElement[Any], of: Type) -> Rows:
    """The elements of a JSON list."""
    kind = SQL_TYPES.get(of.name, sa.Text())
    if walker.dialect == "sqlite":
        table: Any = sa.func.json_each(column).table_valued(sa.column("value", kind))
        return Rows(of, table.c.value, (table,))
    table = sa.func.jsonb_array_elements_text(column).table_valued(sa.column("value", sa.Text()))
    plain = isinstance(kind, sa.Text)
    return Rows(of, table.c.value if plain else sa.cast(table.c.value, kind), (table,))


def _comprehension(walker: Walker, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Rows:
    before = dict(walker.loops)
    loops: list[sa.FromClause] = []
    where: list[sa.ColumnElement[bool]] = []
    for clause in node.generators:
        source = rows(walker, clause.iter)
        if source.unique:
            raise walker.refuse(clause.iter, "distinct")
        loops += source.loops
        where += source.where
        assert isinstance(clause.target, ast.Name)
        walker.loops[clause.target.id] = Loop(source.element, source.of, source.table)
        where += [walker.truth(test, exact=False) for test in clause.ifs]
    kind = walker.type(node.elt)
    if kind.name in ("list", "any"):
        raise walker.refuse(node.elt, str(kind))
    element = walker.value(node.elt)
    table = walker.row_of(node.elt)
    walker.loops.clear()
    walker.loops.update(before)
    unique = isinstance(node, ast.SetComp)
    if unique:
        where.append(element.isnot(None))
    return Rows(kind, element, tuple(loops), tuple(where), table, unique)


def holds(walker: Walker, node: ast.expr, value: sa.ColumnElement[Any], of: Type) -> sa.ColumnElement[bool]:
    """True when the value is among the list's; NULL or false where it is not."""
    simple = isinstance(node, ast.Name | ast.Attribute) and of.name != "record" and node_is_column(walker, node)
    if simple and walker.dialect == "postgresql":
        return walker.value(node).op("@>", return_type=sa.Boolean())(
            sa.func.to_jsonb(sa.cast(value, SQL_TYPES[of.name]))
        )
    found = rows(walker, node)
    return found.also(found.element == value).exists()


def node_is_column(walker: Walker, node: ast.Name | ast.Attribute) -> bool:
    """True when the list rests in a JSON column, not behind links."""
    kind = walker.type(node).of
    return kind is None or kind.name != "record"


def subscript(walker: Walker, node: ast.Subscript) -> sa.ColumnElement[Any]:
    """``name[:3]`` and ``regions[0]``, with places that are known and not negative."""
    owner = walker.type(node.value)
    if owner == TEXT and isinstance(node.slice, ast.Slice):
        low = _place(walker, node.slice.lower) or 0
        high = _place(walker, node.slice.upper)
        value = walker.value(node.value)
        cut = sa.func.substr(value, low + 1) if high is None else sa.func.substr(value, low + 1, max(high - low, 0))
        return sa.func.nullif(cut, sa.literal_column("''"), type_=sa.Text())
    place = None if isinstance(node.slice, ast.Slice) else _place(walker, node.slice)
    if place is None or isinstance(node.slice, ast.Slice):
        raise walker.refuse(node, "[]")
    value = walker.value(node.value)
    if owner == TEXT:
        return sa.func.nullif(sa.func.substr(value, place + 1, 1), sa.literal_column("''"), type_=sa.Text())
    if owner.name != "list" or owner.of is None or owner.of.name == "record":
        raise walker.refuse(node, "[]")
    kind = SQL_TYPES.get(owner.of.name, sa.Text())
    if walker.dialect == "sqlite":
        return sa.func.json_extract(value, sa.literal_column(f"'$[{place}]'"), type_=kind)
    element = value.op("->>", return_type=sa.Text())(sa.literal_column(str(place), sa.Integer()))
    return element if isinstance(kind, sa.Text) else sa.cast(element, kind)


def _place(walker: Walker, node: ast.expr | None) -> int | None:
    if node is None:
        return None
    found = walker.given(node) if walker.fixed(node) else None
    if not isinstance(found, int) or found < 0:
        raise walker.refuse(node, "[]")
    return found

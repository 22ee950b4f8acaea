"""The walk that turns one checked expression into SQLAlchemy elements. Floor: 2."""

from __future__ import annotations

import ast
from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidDocument, Problem
from engine.expression.check import Notes, annotate
from engine.expression.evaluate import ExpressionError, compile_expression
from engine.expression.parse import Condition, Expression, place_of
from engine.expression.scope import YES_NO, Type
from engine.expression.sql import arithmetic, comparison, lists
from engine.expression.sql.scope import History, Rows, SqlScope, bind, type_of
from engine.expression.sql.walker import Loop, sure


def compile_sql(expression: Expression | Condition, scope: SqlScope) -> sa.ColumnElement[Any]:
    """The expression as a column element: a Condition as for WHERE, an Expression as the value in its stored form."""
    if isinstance(expression, Condition):
        return compile_condition(expression, scope)
    return compile_value(expression, scope)[0]


def compile_condition(expression: Expression | Condition, scope: SqlScope) -> sa.ColumnElement[bool]:
    """The truth of the expression for WHERE, HAVING and FILTER, where NULL counts as false.

    Raises InvalidDocument when the expression does not fit the scope or cannot be SQL (X040, X041).
    """
    if isinstance(expression, Condition):
        parts = [compile_condition(part, scope) for part in expression.parts]
        if not parts:
            return sa.false() if expression.any else sa.true()
        return sa.or_(*parts) if expression.any else sa.and_(*parts)
    return Compiler(expression, scope).condition(expression.tree)


def compile_value(expression: Expression, scope: SqlScope) -> tuple[sa.ColumnElement[Any], Type]:
    """The expression's value in its stored form, and its type (``decode`` makes the Python value of what comes back).

    Raises InvalidDocument when the expression does not fit the scope or cannot be SQL (X040, X041).
    """
    compiler = Compiler(expression, scope)
    return compiler.result(expression.tree)


class Compiler:
    """One expression on its way to SQL. ``loops`` are the comprehension variables in force."""

    def __init__(self, expression: Expression, ground: SqlScope) -> None:
        self.expression, self.ground, self.dialect = expression, ground, ground.dialect
        self.notes: Notes = annotate(expression, ground.scope, ground.functions)
        if self.notes.problems:
            raise InvalidDocument(self.notes.problems)
        self.loops: dict[str, Loop] = {}

    def type(self, node: ast.AST) -> Type:
        """The node's type; of something the environment knows, the type of what it holds."""
        kind = self.notes.types[node]
        if kind.name == "any" and isinstance(node, ast.expr) and self.fixed(node):
            return type_of(self.given(node))
        return kind

    def refuse(self, node: ast.AST, what: str) -> InvalidDocument:
        """The refusal of something SQL cannot say."""
        return InvalidDocument(Problem("X041", place_of(self.expression, node), parameters={"what": what}))

    # --- what is the same for every row is computed once, in Python

    def fixed(self, node: ast.expr) -> bool:
        """True when the node's value is the same for every row."""
        if node in self.notes.literals or isinstance(node, ast.Constant):
            return True
        inside = {t.id for n in ast.walk(node) for t in _targets(n)}
        called = {id(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}
        for each in ast.walk(node):
            if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
                if {"history", "record"} & set(self.ground.functions[each.func.id].needs):
                    return False
            elif isinstance(each, ast.Name) and not (
                id(each) in called or each.id in inside or self._is_given(each.id)
            ):
                return False
        return True

    def _is_given(self, name: str) -> bool:
        return name not in self.loops and name in self.ground.environment.names

    def given(self, node: ast.expr) -> Any:
        """The value of a fixed node; empty where it fails, as a division by zero in a row's own values is."""
        if node in self.notes.literals:
            return self.notes.literals[node]
        if isinstance(node, ast.Constant):
            return None if node.value == "" else node.value
        part = Expression(self.expression.text, self.expression.where, node)
        try:
            return compile_expression(part, self.ground.scope, self.ground.functions)(self.ground.environment)
        except ExpressionError:
            return None

    # --- values

    def result(self, tree: ast.expr) -> tuple[sa.ColumnElement[Any], Type]:
        """The value of the whole expression with its type."""
        kind = self.type(tree)
        if kind.name == "list":
            raise self.refuse(tree, "列表")
        return self.value(tree), kind

    def value(self, node: ast.expr, wanted: Type | None = None) -> sa.ColumnElement[Any]:
        """The node's value in the stored form of its type, or of the type that is wanted."""
        if self.fixed(node):
            kind = wanted if wanted is not None and wanted.name != "any" else self.type(node)
            try:
                return bind(self.given(node), kind)
            except (TypeError, KeyError):  # a mapping that is no record
                raise self.refuse(node, str(kind)) from None
        write = getattr(self, f"_{type(node).__name__.lower()}", None)
        if write is None:
            raise self.refuse(node, type(node).__name__)
        found: sa.ColumnElement[Any] = write(node)
        return found if wanted is None else self.convert(found, self.type(node), wanted)

    def convert(self, value: sa.ColumnElement[Any], kind: Type, wanted: Type) -> sa.ColumnElement[Any]:
        """A stored number in the stored form of another numeric type; anything else as it is."""
        return arithmetic.convert(value, kind, wanted)

    def _name(self, node: ast.Name) -> sa.ColumnElement[Any]:
        if node.id in self.loops:
            return self.loops[node.id].element
        return self.column(self.ground.own(), node.id, node)

    def column(self, row: sa.FromClause, name: str, node: ast.AST) -> sa.ColumnElement[Any]:
        """A column of a row; the row's own id where the name is that of its entity."""
        if row is self.ground.own() and name == self.ground.scope.entity and name not in row.c:
            return row.c.id
        if name not in row.c:
            raise self.refuse(node, name)
        return row.c[name]

    def _attribute(self, node: ast.Attribute) -> sa.ColumnElement[Any]:
        owner = self.type(node.value)
        if owner.name == "address":
            return self._part(node)
        if owner.name != "record":
            raise self.refuse(node, f".{node.attr}")
        row = self.row_of(node.value)
        if row is not None:
            return self.column(row, node.attr, node)
        target = self.ground.tables.table(owner.entity or "").alias()
        chosen = sa.select(self.column(target, node.attr, node)).where(target.c.id == self.value(node.value))
        chosen = chosen.where(*self.visible(owner.entity or "", target))
        return chosen.correlate_except(target).scalar_subquery()

    def _part(self, node: ast.Attribute) -> sa.ColumnElement[Any]:
        whole = self.value(node.value)
        if self.dialect == "sqlite":
            return sa.func.json_extract(whole, sa.literal_column(f"'$.{node.attr}'"), type_=sa.Text())
        return whole.op("->>", return_type=sa.Text())(sa.literal_column(f"'{node.attr}'"))

    def row_of(self, node: ast.expr) -> sa.FromClause | None:
        """The FROM element that already holds the record a node names, where there is one."""
        if not isinstance(node, ast.Name):
            return None
        if node.id in self.loops:
            return self.loops[node.id].table
        scope = self.ground.scope
        itself = node.id == scope.entity and not self._is_given(node.id) and node.id not in scope.fields(scope.entity)
        return self.ground.own() if itself else None

    def visible(self, entity: str, table: sa.FromClause) -> list[sa.ColumnElement[bool]]:
        """What keeps the trash, and what the reader may not see, out of another table."""
        found: list[sa.ColumnElement[bool]] = [table.c.deleted_at.is_(None)] if "deleted_at" in table.c else []
        limit = self.ground.limit(entity, table)
        return found if limit is None else [*found, limit]

    def _boolop(self, node: ast.BoolOp) -> sa.ColumnElement[Any]:
        kind = self.type(node)
        if kind == YES_NO:
            return self.truth(node, exact=True)
        if kind.name in ("any", "list"):
            raise self.refuse(node, "and / or")
        found = self.value(node.values[-1], kind)
        for part in reversed(node.values[:-1]):
            one, holds = self.value(part, kind), self.truth(part, exact=False)
            pair = (one, found) if isinstance(node.op, ast.Or) else (found, one)
            found = sa.case((holds, pair[0]), else_=pair[1])
        return found

    def _unaryop(self, node: ast.UnaryOp) -> sa.ColumnElement[Any]:
        if isinstance(node.op, ast.Not):
            return self.truth(node, exact=True)
        value = self.value(node.operand)
        return -value if isinstance(node.op, ast.USub) else value

    def _binop(self, node: ast.BinOp) -> sa.ColumnElement[Any]:
        return arithmetic.operation(self, node)

    def _compare(self, node: ast.Compare) -> sa.ColumnElement[Any]:
        return self.truth(node, exact=True)

    def _ifexp(self, node: ast.IfExp) -> sa.ColumnElement[Any]:
        kind = self.type(node)
        if kind.name in ("any", "list"):
            raise self.refuse(node, "if … else")
        one, other = self.value(node.body, kind), self.value(node.orelse, kind)
        return sa.case((self.truth(node.test, exact=False), one), else_=other)

    def _subscript(self, node: ast.Subscript) -> sa.ColumnElement[Any]:
        return lists.subscript(self, node)

    def _call(self, node: ast.Call) -> sa.ColumnElement[Any]:
        found = self.call(node)
        if isinstance(found, Rows):
            raise self.refuse(node, "列表")
        result: sa.ColumnElement[Any] = found
        return result

    def call(self, node: ast.Call) -> Any:
        """What a function gives: a column element, or Rows for a list."""
        callee, given, words = self._given(node)
        found: Any = callee.sql(self.dialect, *given, **words)
        if found is NotImplemented:
            name = {"function": callee.name}
            raise InvalidDocument(Problem("X040", place_of(self.expression, node), parameters=name))
        return found

    def measured(self, node: ast.expr) -> Any:
        """(from, to, microseconds in one unit) of a call that measures time, None for anything else."""
        if not isinstance(node, ast.Call) or self.fixed(node):
            return None
        callee, given, words = self._given(node)
        return callee.measured(*given, **words)

    def _given(self, node: ast.Call) -> tuple[Any, list[Any], dict[str, Any]]:
        """The function of a call, its arguments as SQL, and what it is told by name."""
        assert isinstance(node.func, ast.Name)
        callee = self.ground.functions[node.func.id]
        given = [self.argument(argument) for argument in node.args]
        words: dict[str, Any] = {word.arg or "": self.argument(word.value) for word in node.keywords}
        words["types"] = tuple(self.type(argument) for argument in node.args)
        for need in callee.needs:
            words[need] = self._need(need)
        return callee, given, words

    def argument(self, node: ast.expr) -> Any:
        """An argument of a function: a column element, or the Rows of a list."""
        if self.type(node).name == "list":
            return lists.rows(self, node)
        return self.value(node)

    def _need(self, need: str) -> Any:
        environment = self.ground.environment
        if need == "now":
            return bind(environment.now(), Type("datetime"))
        if need == "timezone":
            return environment.timezone
        if need == "history":
            return History(self.ground.tables.history, self.ground.scope.entity or "", self.ground.own())
        return self.ground.own() if need == "record" else environment.extras.get(need)

    # --- truth

    def condition(self, node: ast.expr) -> sa.ColumnElement[bool]:
        """The truth of the node where NULL counts as false."""
        return self.truth(node, exact=False)

    def truth(self, node: ast.expr, exact: bool) -> sa.ColumnElement[bool]:
        """The truth of the node. ``exact``: true or false; otherwise NULL may stand for false."""
        if self.fixed(node):
            return sa.true() if self.given(node) else sa.false()
        if isinstance(node, ast.BoolOp):
            join = sa.and_ if isinstance(node.op, ast.And) else sa.or_
            return join(*(self.truth(value, exact) for value in node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return sa.not_(self.truth(node.operand, exact=True))
        if isinstance(node, ast.Compare):
            return comparison.chain(self, node, exact)
        if isinstance(node, ast.IfExp):
            one, other = self.truth(node.body, exact), self.truth(node.orelse, exact)
            return sa.case((self.truth(node.test, exact=False), one), else_=other)
        kind = self.type(node)
        if kind.name == "list":
            return lists.rows(self, node).exists()
        value = self.value(node)
        if kind == YES_NO:
            return sure(value) if exact else value
        if kind.name in ("integer", "number", "money", "duration"):
            return sure(value != 0) if exact else value != 0
        return value.isnot(None)


def _targets(node: ast.AST) -> list[ast.Name]:
    return [loop.target for loop in getattr(node, "generators", ()) if isinstance(loop.target, ast.Name)]

"""What the parts of the SQL compiler ask of its walk. Floor: 2."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from engine.errors import InvalidDocument
from engine.expression.scope import Type
from engine.expression.sql.scope import SqlScope


@dataclass(frozen=True, slots=True)
class Loop:
    """A comprehension variable: its value (a record's id), its type, and the record's FROM element."""

    element: sa.ColumnElement[Any]
    of: Type
    table: sa.FromClause | None


class Walker(Protocol):
    """The walk over one expression."""

    ground: SqlScope
    dialect: str
    loops: dict[str, Loop]

    def type(self, node: ast.AST) -> Type:
        """The node's type."""
        ...

    def fixed(self, node: ast.expr) -> bool:
        """True when the node's value is the same for every row."""
        ...

    def given(self, node: ast.expr) -> Any:
        """The value of a fixed node."""
        ...

    def value(self, node: ast.expr, wanted: Type | None = None) -> sa.ColumnElement[Any]:
        """The node in its stored form."""
        ...

    def truth(self, node: ast.expr, exact: bool) -> sa.ColumnElement[bool]:
        """The node as a condition."""
        ...

    def call(self, node: ast.Call) -> Any:
        """What a function gives: a column element, or Rows."""
        ...

    def measured(self, node: ast.expr) -> Any:
        """(from, to, microseconds in one unit) of a call that measures time, None for anything else."""
        ...

    def column(self, row: sa.FromClause, name: str, node: ast.AST) -> sa.ColumnElement[Any]:
        """A column of a row."""
        ...

    def row_of(self, node: ast.expr) -> sa.FromClause | None:
        """The FROM element that already holds the record a node names."""
        ...

    def visible(self, entity: str, table: sa.FromClause) -> list[sa.ColumnElement[bool]]:
        """What keeps the trash out of another table."""
        ...

    def refuse(self, node: ast.AST, what: str) -> InvalidDocument:
        """The refusal of something SQL cannot say."""
        ...


def sure(condition: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """The condition with NULL as false."""
    return sa.func.coalesce(condition, sa.false(), type_=sa.Boolean())

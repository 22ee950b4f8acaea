"""What of an expression cannot be SQL, told when it is loaded: no tables, no database. Floor: 2."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidDocument, Problem
from engine.expression.evaluate import Environment, ExpressionError
from engine.expression.parse import Condition, Expression
from engine.expression.scope import Functions, Scope
from engine.expression.sql.compile import compile_condition, compile_value
from engine.expression.sql.scope import SqlScope


class _Tables:
    """Tables as the types say they will be; they live in no database."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.known: dict[str, Any] = {}
        self.history = self._table(
            "fl_history", ("id", "entity", "record", "machine", "state", "entered_at", "left_at")
        )

    def _table(self, name: str, columns: Iterable[str]) -> Any:
        if name not in self.known:
            self.known[name] = sa.table(name, *(sa.column(column) for column in columns))
        return self.known[name]

    def table(self, entity: str) -> Any:
        """A table with a column for every field that rests in one."""
        fields = self.scope.fields(entity)
        return self._table(entity, [n for n, kind in fields.items() if not (kind.of and kind.of.name == "record")])

    def links(self, entity: str, field: str) -> Any:
        """A table of pairs."""
        return self._table(f"{entity}__{field}", ("source", "target"))


def refusals(term: Expression | Condition, scope: Scope, functions: Functions, value: bool = False) -> list[Problem]:
    """Every X040 and X041 of a term that a list, filter or metric computes in the database; empty when it can be SQL.

    ``value`` asks for a value (a column, a group, a sum) instead of a condition. The term has passed the type check.
    """
    if isinstance(term, Condition):
        return [problem for part in term.parts for problem in refusals(part, scope, functions)]
    names: Mapping[str, Any] = {
        "me": {"id": 0, **dict.fromkeys(scope.fields("user"))},
        "param": dict.fromkeys(scope.parameters),
    }
    environment = Environment(names, now=lambda: dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    ground = SqlScope(scope, functions, _Tables(scope), "sqlite", environment)
    try:
        _ = compile_value(term, ground) if value else compile_condition(term, ground)
    except InvalidDocument as refused:
        return list(refused.problems)
    except ExpressionError:
        return []  # a parameter without a value: it will have one when the question is asked
    return []

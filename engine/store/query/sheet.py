"""One select over an entity's table, and what its expressions stand on. Floor: 3.

A walk along a link, or over a backlink, reads another table; there the reader's rights hold too. Where the record at its end is
one the reader may not see, every value of it is empty, so nothing about it shows, sorts or counts. A role's own
condition walks freely: its author chose what it reads.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.expression.parse import Condition, Expression
from engine.expression.scope import Scope, Type
from engine.expression.sql import SqlScope, compile_condition, compile_value
from engine.expression.sql.moments import Moments, moments
from engine.store.query.ground import Ground
from engine.store.query.rights import Right


class Sheet:
    """The tables of one question. ``table`` stands in for the entity's own (an alias of it)."""

    def __init__(self, ground: Ground, entity: str, table: Any = None) -> None:
        self.ground = ground
        self.entity = entity
        self.table = ground.schema.table(entity) if table is None else table
        self._scope = self._standing(ground.open_scope(entity), self.table, ground.dialect, limited=True)

    def condition(self, term: Condition | Expression) -> sa.ColumnElement[bool]:
        """A condition of the reader's question as SQL."""
        return compile_condition(term, self._scope)

    def value(self, expression: Expression) -> tuple[Any, Type]:
        """A value of the reader's question as SQL, and its type."""
        return compile_value(expression, self._scope)

    def moments(self, term: Condition | Expression) -> Moments | None:
        """When the answer to a condition of the question changes by time alone; None where nobody can tell."""
        return moments(term, self._scope)

    def permitted(self) -> Any:
        """SQL that holds for the rows the reader may see; None where those are all."""
        return self._permitted(self.entity, self.table)

    def allowed(self, right: Right) -> Any:
        """SQL that holds for the rows a right allows; None where those are all."""
        return self._allowed(self.entity, self.table, right)

    def _permitted(self, entity: str, table: Any) -> Any:
        return self._allowed(entity, table, self.ground.access(entity).read)

    def _allowed(self, entity: str, table: Any, right: Right) -> Any:
        ground = self.ground
        if isinstance(right, bool):
            return None if right else sa.false()
        return compile_condition(right, self._standing(ground.scope(entity), table, ground.dialect, limited=False))

    def _standing(self, scope: Scope, row: Any, dialect: str, limited: bool) -> SqlScope:
        ground = self.ground
        limit = {"limit": self._permitted} if limited else {}
        return SqlScope(
            scope=scope,
            functions=ground.functions,
            tables=ground.schema,
            dialect=dialect,
            environment=ground.environment,
            row=row,
            via=ground.backlinks,
            **limit,
        )

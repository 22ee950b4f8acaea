"""The function ``count``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import INTEGER, Type
from engine.plugins.slots import Function


class Count(Function):
    """How many elements of a list are not empty: ``count(o for o in customer.orders if o.amount > 0)``."""

    name = "count"
    title = {"zh": "计数", "en": "Count"}
    signature = ("list",)
    example = 'value: "=count(d for d in deals if d.amount > 0)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A whole number."""
        return INTEGER

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """The number; 0 for an empty list."""
        return sum(1 for value in arguments[0] or () if value is not None)

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """A count of the values."""
        import sqlalchemy as sa

        rows = arguments[0]
        return rows.value(sa.func.count(rows.element.distinct() if rows.unique else rows.element))

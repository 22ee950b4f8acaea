"""The function ``sum``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import ANY, Type
from engine.plugins.slots import Function


class Sum(Function):
    """The sum of a list of numbers, amounts or durations without the empty ones; 0 for none."""

    name = "sum"
    title = {"zh": "求和", "en": "Sum"}
    signature = ("list",)
    example = 'value: "=sum([d.amount for d in deals])"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """The type of the elements."""
        return (arguments[0].of if arguments else None) or ANY

    def call(self, values: Any) -> Any:
        """The sum; 0 when there is nothing to add."""
        if not values:
            return 0
        values = [value for value in values if value is not None]
        return sum(values[1:], values[0]) if values else 0

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """A sum with 0 for no rows."""
        import sqlalchemy as sa

        rows = arguments[0]
        if rows.of.name not in ("integer", "number", "money", "duration"):
            return NotImplemented
        return sa.func.coalesce(rows.aggregate("sum"), sa.literal_column("0"), type_=rows.element.type)

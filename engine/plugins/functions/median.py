"""The function ``median``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import DURATION, MONEY, NUMBER, Type
from engine.plugins.slots import Function


class Median(Function):
    """The middle of a list of numbers, amounts or durations without the empty ones (the mean of the two middle ones for an even count); empty for none."""

    name = "median"
    title = {"zh": "中位数", "en": "Median"}
    signature = ("list",)
    example = 'value: "=median([d.amount for d in deals])"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A number, an amount or a duration as the elements are."""
        of = arguments[0].of if arguments else None
        return of if of in (MONEY, DURATION) else NUMBER

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """The middle, or empty when there is nothing."""
        values = sorted(value for value in arguments[0] or () if value is not None)
        if not values:
            return None
        low, high = values[(len(values) - 1) // 2], values[len(values) // 2]
        return live.calculate("/", low + high, 2)

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """The one or two middle rows by their number."""

        from engine.expression.sql.arithmetic import double
        from engine.expression.sql.elements import Middle, Rounded

        rows = arguments[0]
        if rows.of.name not in ("integer", "number", "money", "duration"):
            return NotImplemented
        middle = Middle(rows.values().correlate_except(*rows.loops).scalar_subquery())
        return Rounded(middle) if rows.of in (MONEY, DURATION) else double(middle)

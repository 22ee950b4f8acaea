"""The function ``avg``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import DURATION, MONEY, NUMBER, Type
from engine.plugins.slots import Function


class Avg(Function):
    """The mean of a list of numbers, amounts or durations without the empty ones; empty for none. Amounts are rounded to four places."""

    name = "avg"
    title = {"zh": "平均", "en": "Average"}
    signature = ("list",)
    example = 'value: "=avg([d.amount for d in deals])"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A number, an amount or a duration as the elements are."""
        of = arguments[0].of if arguments else None
        return of if of in (MONEY, DURATION) else NUMBER

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """The mean, or empty when there is nothing to average."""
        values = [value for value in arguments[0] or () if value is not None]
        if not values:
            return None
        return live.calculate("/", sum(values[1:], values[0]), len(values))

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """Sum by count, rounded where the stored form is whole."""
        import sqlalchemy as sa

        from engine.expression.sql.arithmetic import double, real
        from engine.expression.sql.elements import Rounded

        rows = arguments[0]
        if rows.of.name not in ("integer", "number", "money", "duration"):
            return NotImplemented
        element = rows.element.distinct() if rows.unique else rows.element
        mean = double(sa.func.sum(element)) / sa.func.nullif(double(sa.func.count(element)), real(0))
        return rows.value(Rounded(mean) if rows.of in (MONEY, DURATION) else mean)

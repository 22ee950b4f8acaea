"""The function ``days_since``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from engine.expression.types import DATE, NUMBER, Type
from engine.plugins.slots import Function

#: Microseconds, counted as the database does, so that both give the same fraction.
DAY = 86_400_000_000.0


class DaysSince(Function):
    """Days from a moment until now, with their fraction; from a date, whole days until today."""

    name = "days_since"
    title = {"zh": "距今天数", "en": "Days since"}
    signature = ("date|datetime",)
    needs = ("now", "timezone")
    example = 'where: "days_since(last_order_on) > 90"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A number."""
        return NUMBER

    def call(self, value: Any, *, now: dt.datetime, timezone: dt.tzinfo) -> Any:
        """Days until now."""
        if value is None:
            return None
        if not isinstance(value, dt.datetime):
            return float((now.astimezone(timezone).date() - value).days)
        apart = now - value
        return (apart.days * 86_400_000_000 + apart.seconds * 1_000_000 + apart.microseconds) / DAY

    def sql(
        self, dialect: str, *arguments: Any, now: Any, timezone: Any, types: Sequence[Type], **environment: Any
    ) -> Any:
        """The same in stored microseconds or days."""
        import sqlalchemy as sa

        from engine.expression.sql import dates
        from engine.expression.sql.arithmetic import real

        if types[0] == DATE:
            return sa.cast(dates.days(now, timezone) - dates.days_of(arguments[0], dialect), sa.Double())
        return sa.cast(now - arguments[0], sa.Double()) / real(dates.DAY)

    def measured(self, *arguments: Any, now: Any, types: Sequence[Type], **environment: Any) -> Any:
        """From the moment until now."""
        return None if types[0] == DATE else (arguments[0], now, DAY)

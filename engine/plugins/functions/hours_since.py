"""The function ``hours_since``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from engine.expression.types import DATE, NUMBER, Type
from engine.plugins.slots import Function

#: Microseconds, counted as the database does, so that both give the same fraction.
HOUR = 3_600_000_000.0


class HoursSince(Function):
    """Hours from a moment until now, with their fraction; a date begins at its local midnight."""

    name = "hours_since"
    title = {"zh": "距今小时数", "en": "Hours since"}
    signature = ("date|datetime",)
    needs = ("now", "timezone")
    example = 'where: "hours_since(created_at) > 72"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A number."""
        return NUMBER

    def call(self, value: Any, *, now: dt.datetime, timezone: dt.tzinfo) -> Any:
        """Hours until now."""
        if value is None:
            return None
        if not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time(), timezone)
        apart = now - value
        return (apart.days * 86_400_000_000 + apart.seconds * 1_000_000 + apart.microseconds) / HOUR

    def sql(
        self, dialect: str, *arguments: Any, now: Any, timezone: Any, types: Sequence[Type], **environment: Any
    ) -> Any:
        """The same in stored microseconds; a date's midnight is not known to the database."""
        import sqlalchemy as sa

        from engine.expression.sql import dates
        from engine.expression.sql.arithmetic import real

        if types[0] == DATE:
            return NotImplemented
        return sa.cast(now - arguments[0], sa.Double()) / real(dates.HOUR)

    def measured(self, *arguments: Any, now: Any, types: Sequence[Type], **environment: Any) -> Any:
        """From the moment until now."""
        return None if types[0] == DATE else (arguments[0], now, HOUR)

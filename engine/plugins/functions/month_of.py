"""The function ``month_of``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import DATE, INTEGER, Type
from engine.plugins.slots import Function


class MonthOf(Function):
    """The month of a date or a moment in the site's time zone, 1 to 12."""

    name = "month_of"
    title = {"zh": "月份", "en": "Month"}
    signature = ("date|datetime",)
    needs = ("timezone",)
    example = 'by: ["=month_of(created_at)"]'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A whole number."""
        return INTEGER

    def call(self, *arguments: Any, timezone: dt.tzinfo, **environment: Any) -> Any:
        """1 to 12."""
        value = arguments[0]
        return None if value is None else live.as_date(value, timezone).month

    def sql(self, dialect: str, *arguments: Any, timezone: Any, types: Sequence[Type], **environment: Any) -> Any:
        """The same from the stored date."""
        from engine.expression.sql import dates

        value = arguments[0]
        return dates.month(value if types[0] == DATE else dates.date_of(dates.days(value, timezone), dialect))

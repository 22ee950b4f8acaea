"""The function ``weekday``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import DATE, INTEGER, Type
from engine.plugins.slots import Function


class Weekday(Function):
    """The day of the week in the site's time zone: 1 is Monday, 7 is Sunday."""

    name = "weekday"
    title = {"zh": "星期几", "en": "Day of the week"}
    signature = ("date|datetime",)
    needs = ("timezone",)
    example = 'if: "weekday(created_at) in [6, 7]"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A whole number."""
        return INTEGER

    def call(self, *arguments: Any, timezone: dt.tzinfo, **environment: Any) -> Any:
        """1 to 7."""
        value = arguments[0]
        return None if value is None else live.as_date(value, timezone).isoweekday()

    def sql(self, dialect: str, *arguments: Any, timezone: Any, types: Sequence[Type], **environment: Any) -> Any:
        """The same from the number of days."""
        from engine.expression.sql import dates

        value = arguments[0]
        return dates.weekday(dates.days_of(value, dialect) if types[0] == DATE else dates.days(value, timezone))

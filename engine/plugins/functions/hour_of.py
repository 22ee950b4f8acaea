"""The function ``hour_of``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from engine.expression.types import INTEGER, Type
from engine.plugins.slots import Function


class HourOf(Function):
    """The hour of a moment in the site's time zone, 0 to 23."""

    name = "hour_of"
    title = {"zh": "几点", "en": "Hour of the day"}
    signature = ("datetime",)
    needs = ("timezone",)
    example = 'causes: ["=hour_of(created_at)"]'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A whole number."""
        return INTEGER

    def call(self, *arguments: Any, timezone: dt.tzinfo, **environment: Any) -> Any:
        """0 to 23."""
        value = arguments[0]
        return None if value is None else value.astimezone(timezone).hour

    def sql(self, dialect: str, *arguments: Any, timezone: Any, **environment: Any) -> Any:
        """The same in stored microseconds."""
        from engine.expression.sql import dates

        return dates.hour(arguments[0], timezone)

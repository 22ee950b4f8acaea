"""The function ``hours_between``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import NUMBER, Type
from engine.plugins.slots import Function

#: Microseconds, counted as the database does, so that both give the same fraction.
HOUR = 3_600_000_000.0


class HoursBetween(Function):
    """Hours from the first moment to the second, with their fraction; negative when the second is earlier."""

    name = "hours_between"
    title = {"zh": "相隔小时数", "en": "Hours between"}
    signature = ("datetime", "datetime")
    example = 'of: "hours_between(created_at, first_call_at) > 48"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A number."""
        return NUMBER

    def call(self, start: Any, end: Any) -> Any:
        """Hours, or empty when a moment is."""
        if start is None or end is None:
            return None
        apart = end - start
        return (apart.days * 86_400_000_000 + apart.seconds * 1_000_000 + apart.microseconds) / HOUR

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """The same in stored microseconds."""
        import sqlalchemy as sa

        from engine.expression.sql import dates
        from engine.expression.sql.arithmetic import real

        apart: Any = sa.cast(arguments[1] - arguments[0], sa.Double())
        return apart / real(dates.HOUR)

    def measured(self, *arguments: Any, **environment: Any) -> Any:
        """From the first moment to the second."""
        return arguments[0], arguments[1], HOUR

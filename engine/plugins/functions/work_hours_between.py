"""The function ``work_hours_between``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from engine.expression.types import NUMBER, Type
from engine.plugins.slots import Function


class WorkHoursBetween(Function):
    """Hours of work from the first moment to the second, counted in a calendar: ``work_hours_between(a, b, 'work_hours')``.
    Without a name every hour counts. Holidays are not SQL: keep the result in a computed field for lists and metrics."""

    name = "work_hours_between"
    title = {"zh": "相隔工作小时数", "en": "Working hours between"}
    signature = ("datetime", "datetime", "text?")
    refers = {"2": "calendar"}
    needs = ("calendar",)
    example = "value: \"=work_hours_between(created_at, first_call_at, 'work_hours')\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A number."""
        return NUMBER

    def call(self, *arguments: Any, calendar: Any, **environment: Any) -> Any:
        """Hours, negative when the second moment is earlier; empty when a moment is."""
        start, end = arguments[:2]
        if start is None or end is None:
            return None
        name = arguments[2] if len(arguments) > 2 and arguments[2] else "always"
        try:
            counted = calendar(name)
        except KeyError:
            raise ValueError(f"no calendar is called {name}") from None
        if end < start:
            return -(counted.between(end, start) / dt.timedelta(hours=1))
        return counted.between(start, end) / dt.timedelta(hours=1)

"""The function ``date``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from engine.expression.types import DATE, Type
from engine.plugins.slots import Function


class Date(Function):
    """A date written as text: ``date('2026-01-05')``. The only way to write a date, so that text is never taken for one."""

    name = "date"
    title = {"zh": "日期", "en": "Date"}
    signature = ("text",)
    example = "where: \"signed_on >= date('2026-01-05')\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A date."""
        return DATE

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """The date; ValueError for text that is none."""
        return None if arguments[0] is None else dt.date.fromisoformat(arguments[0])

"""The function ``today``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from engine.expression.types import DATE, Type
from engine.plugins.slots import Function


class Today(Function):
    """Today in the site's time zone."""

    name = "today"
    title = {"zh": "今天", "en": "Today"}
    signature = ()
    needs = ("now", "timezone")
    example = 'where: "next_date <= today()"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A date."""
        return DATE

    def call(self, *arguments: Any, now: dt.datetime, timezone: dt.tzinfo, **environment: Any) -> Any:
        """The local day of this turn's instant."""
        return now.astimezone(timezone).date()

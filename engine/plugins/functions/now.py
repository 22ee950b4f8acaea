"""The function ``now``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from engine.expression.types import DATETIME, Type
from engine.plugins.slots import Function


class Now(Function):
    """The current instant."""

    name = "now"
    title = {"zh": "现在", "en": "Now"}
    signature = ()
    needs = ("now",)
    example = 'default: "=now()"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """An instant."""
        return DATETIME

    def call(self, *, now: dt.datetime) -> Any:
        """The instant of this turn."""
        return now

    def sql(self, dialect: str, *arguments: Any, now: Any, **environment: Any) -> Any:
        """The same instant for every row."""
        return now

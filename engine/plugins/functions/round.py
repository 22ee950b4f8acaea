"""The function ``round``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from engine.expression import live
from engine.expression.types import DURATION, INTEGER, MONEY, NUMBER, Type
from engine.plugins.slots import Function


class Round(Function):
    """A number rounded to so many places (none by default), halves away from zero as in Excel: ``round(2.5)`` is 3."""

    name = "round"
    title = {"zh": "四舍五入", "en": "Round"}
    signature = ("number|duration", "integer?")
    example = 'value: "=round(price * 1.13, 2)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A whole number without places, else as the argument."""
        if arguments and arguments[0] in (MONEY, DURATION):
            return arguments[0]
        return INTEGER if len(arguments) < 2 else NUMBER

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """The rounded number, or empty."""
        value, places = arguments[0], arguments[1] if len(arguments) > 1 else 0
        if value is None or places is None:
            return None
        if not 0 <= places <= 9:
            raise ValueError("places are 0 to 9")
        if isinstance(value, dt.timedelta):
            return dt.timedelta(hours=live.half_up(value / dt.timedelta(hours=1)))
        if isinstance(value, Decimal):
            step = 10 ** max(4 - places, 0)
            return Decimal(live.half_up(int(value * 10000) / step) * step).scaleb(-4)
        if len(arguments) < 2:
            return value if isinstance(value, int) else live.half_up(value)
        return live.half_up(value * 10**places) / 10**places

    def sql(self, dialect: str, *arguments: Any, types: Sequence[Type], **environment: Any) -> Any:
        """The same steps on the stored number; places must be a literal."""
        from engine.expression.sql.arithmetic import double, real
        from engine.expression.sql.dates import number
        from engine.expression.sql.elements import Rounded

        value, places = arguments[0], getattr(arguments[1], "value", None) if len(arguments) > 1 else 0
        if not isinstance(places, int) or not 0 <= places <= 9 or types[0] == DURATION:
            return NotImplemented
        if types[0] == MONEY:
            step = number(10 ** max(4 - places, 0))
            return Rounded(double(value) / double(step)) * step
        if len(arguments) < 2:
            return Rounded(double(value))
        scale = real(10**places)
        return double(Rounded(double(value) * double(scale))) / double(scale)

"""number. Floor: 4."""

from __future__ import annotations

import functools
import math
from typing import Any

from engine.expression.types import NUMBER, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean


def _read(value: Any) -> float:
    if type(value) is str and value.strip().endswith(("%", "%")):
        return float(entered.decimal_of(value.strip()[:-1], "R011") / 100)
    number = float(entered.decimal_of(value, "R011"))
    if not math.isfinite(number):
        raise Unclean("R014")
    return number


_bound = functools.lru_cache(maxsize=256, typed=True)(_read)


class Number(FieldType):
    """A number with decimals. ``85%`` is 0.85, ``12.5 万`` is 125000."""

    name = "number"
    title = {"zh": "数字", "en": "Number"}
    params = {
        "type": "object",
        "properties": {"unit": {"type": "string"}, "decimals": {"type": "integer", "minimum": 0, "maximum": 12}},
        "additionalProperties": False,
    }
    example = "heat: {type: number, min: 0, max: 100}"

    def type_of(self, field: Field) -> Type:
        """number"""
        return NUMBER

    def column(self, field: Field) -> Any:
        """DOUBLE"""
        from engine.store import columns

        return columns.number()

    def clean(self, field: Field, value: Any) -> float | None:
        """A finite float. R011 when it is none, R012 and R013 out of bounds, R014 for NaN and infinity."""
        if type(value) is float and math.isfinite(value):
            number = value
        elif entered.is_empty(value):
            return None
        else:
            number = _read(value)
        return entered.bounded(field, number, _bound)  # type: ignore[no-any-return]

    def show(self, field: Field, value: Any, language: str) -> str:
        """``1,234.5 km``: at most as many decimals as asked for."""
        if value is None:
            return ""
        decimals = field.options.get("decimals")
        shown = f"{value:,.{decimals}f}" if decimals is not None else f"{round(value, 6):,.6f}".rstrip("0").rstrip(".")
        unit = field.options.get("unit")
        return f"{shown} {unit}" if unit else shown

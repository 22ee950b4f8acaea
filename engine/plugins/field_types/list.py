"""list. Floor: 4."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

from engine.expression.types import ANY, INTEGER, NUMBER, TEXT, YES_NO, Type, list_of
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

_OF = {"text": TEXT, "number": NUMBER, "integer": INTEGER, "yes_no": YES_NO}
#: Values in one list at most.
MOST = 10_000


def _fits(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise Unclean("R013", most=2**63 - 1)
    return number


class ListField(FieldType):
    """Several plain values in order: words, numbers. ``of`` says which (text, number, integer, yes_no)."""

    name = "list"
    title = {"zh": "列表", "en": "List"}
    params = {
        "type": "object",
        "properties": {"of": {"type": "string", "enum": ["text", "number", "integer", "yes_no"]}},
        "additionalProperties": False,
    }
    example = "keywords: {type: list, of: text}"

    def type_of(self, field: Field) -> Type:
        """list of what ``of`` says"""
        return list_of(_OF.get(str(field.options.get("of", "")), ANY))

    def column(self, field: Field) -> Any:
        """JSON"""
        from engine.store import columns

        return columns.json()

    def clean(self, field: Field, value: Any) -> tuple[Any, ...] | None:
        """The values without empty ones. R040 for what is no plain value, R046 for too many."""
        if entered.is_empty(value):
            return None
        parts = [part for part in entered.listed(value) if not entered.is_empty(part)]
        if len(parts) > MOST:
            raise Unclean("R046", most=MOST)
        return tuple(self._one(field.options.get("of"), part) for part in parts) or None

    def _one(self, of: Any, part: Any) -> Any:
        if of == "text":
            return entered.text_of(part)
        if of in ("number", "integer"):
            number = entered.decimal_of(part, "R011" if of == "number" else "R010")
            if of == "integer" and number != number.to_integral_value():
                raise Unclean("R010", value=part)
            return float(number) if of == "number" else _fits(int(number))
        if isinstance(part, float) and not math.isfinite(part):
            raise Unclean("R014")
        if isinstance(part, (dt.datetime, dt.date, Decimal)):
            return str(part)
        if isinstance(part, str):
            return entered.text_of(part)
        if not isinstance(part, (int, float, bool)):
            raise Unclean("R040")
        return _fits(part) if type(part) is int else part

    def to_store(self, value: Any) -> Any:
        """JSON text."""
        import orjson

        return None if value is None else orjson.dumps(list(value)).decode()

    def from_store(self, value: Any) -> Any:
        """A tuple."""
        import orjson

        return None if value is None else tuple(orjson.loads(value))

    def to_json(self, value: Any) -> Any:
        """A list."""
        return None if value is None else list(value)

    def show(self, field: Field, value: Any, language: str) -> str:
        """The values, joined."""
        return ("、" if language == "zh" else ", ").join(str(part) for part in value or ())

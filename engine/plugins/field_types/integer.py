"""integer. Floor: 4."""

from __future__ import annotations

import functools
from typing import Any

from engine.expression.types import INTEGER, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

LARGEST = 2**63 - 1


def _read(value: Any) -> int:
    number = entered.decimal_of(value, "R010")
    if number != number.to_integral_value():
        raise Unclean("R010", value=value)
    if abs(number) > LARGEST:
        raise Unclean("R013", most=LARGEST)
    return int(number)


_bound = functools.lru_cache(maxsize=256, typed=True)(_read)


class Integer(FieldType):
    """A whole number, between ``min`` and ``max`` where they are given."""

    name = "integer"
    title = {"zh": "整数", "en": "Whole number"}
    example = "capacity: {type: integer, min: 0, max: 500, default: 50}"

    def type_of(self, field: Field) -> Type:
        """integer"""
        return INTEGER

    def column(self, field: Field) -> Any:
        """BIGINT"""
        from engine.store import columns

        return columns.integer()

    def clean(self, field: Field, value: Any) -> int | None:
        """An int of 64 bits. R010 when it is none, R012 and R013 out of bounds."""
        if type(value) is int and -LARGEST <= value <= LARGEST:
            number = value
        elif entered.is_empty(value):
            return None
        else:
            number = _read(value)
        return entered.bounded(field, number, _bound)  # type: ignore[no-any-return]

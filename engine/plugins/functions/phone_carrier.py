"""The function ``phone_carrier``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import TEXT, Type
from engine.plugins.slots import Function


class PhoneCarrier(Function):
    """The carrier a mainland Chinese mobile number was given out by (移动, 联通, 电信, 广电, or one of their resellers); empty for other numbers."""

    name = "phone_carrier"
    title = {"zh": "号码运营商", "en": "Carrier of a phone"}
    signature = ("text",)
    example = 'value: "=phone_carrier(phone)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Text."""
        return TEXT

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """A carrier, or empty."""
        from engine.plugins import segments

        found = segments.of(arguments[0]) if arguments[0] is not None else None
        return found.carrier if found else None

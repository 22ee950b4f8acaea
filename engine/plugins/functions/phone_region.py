"""The function ``phone_region``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import TEXT, Type
from engine.plugins import segments
from engine.plugins.slots import Function


class PhoneRegion(Function):
    """The province a mainland Chinese number was given out in (mobile segments and area codes), or with ``level='city'`` its city; empty for other numbers and unknown segments."""

    name = "phone_region"
    title = {"zh": "号码归属地", "en": "Region of a phone"}
    signature = ("text",)
    keywords = {"level": "text"}
    example = 'default: "=phone_region(phone)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Text."""
        return TEXT

    def call(self, number: Any, level: Any = None) -> Any:
        """A province (北京) or a city, or empty."""
        found = segments.of(number) if number is not None else None
        if found is None:
            return None
        return found.city if level == "city" else found.province

"""The function ``lower``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression import letters
from engine.expression.types import TEXT, Type
from engine.plugins.slots import Function


class Lower(Function):
    """The text in small letters; letters without a small form, 汉字 among them, stay."""

    name = "lower"
    title = {"zh": "小写", "en": "Small letters"}
    signature = ("text",)
    example = "where: \"lower(company) == 'acme'\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Text."""
        return TEXT

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """The text, or empty."""
        return None if arguments[0] is None else letters.lower(arguments[0])

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """The same letters on both databases."""
        from engine.expression.sql.elements import lowered

        return lowered(arguments[0])

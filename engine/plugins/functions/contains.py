"""The function ``contains``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import YES_NO, Type
from engine.plugins.slots import Function


class Contains(Function):
    """True when the text holds the other text, or the list holds the value; large and small letters are different."""

    name = "contains"
    title = {"zh": "包含", "en": "Contains"}
    signature = ("text|list", "any")
    example = "if: \"contains(source_tag, '抖音')\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Yes or no."""
        return YES_NO

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """False when either is empty."""
        return bool(live.member(arguments[1], arguments[0]))

    def sql(self, dialect: str, *arguments: Any, types: Sequence[Type], **environment: Any) -> Any:
        """A search in the text, or in the rows of the list."""
        import sqlalchemy as sa

        from engine.expression.sql.walker import sure

        whole, piece = arguments
        if types[0].name == "list":
            return whole.also(whole.element == piece).exists()
        place = sa.func.instr if dialect == "sqlite" else sa.func.strpos
        return sure(place(whole, piece) > 0)

"""The function ``len``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import INTEGER, Type
from engine.plugins.slots import Function


class Len(Function):
    """How many elements a list has, or characters a text; an empty list has 0."""

    name = "len"
    title = {"zh": "长度", "en": "Length"}
    signature = ("text|list",)
    example = 'check: "len(pain_points) >= 1"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A whole number."""
        return INTEGER

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """The number; 0 for what is empty."""
        return 0 if arguments[0] is None else len(arguments[0])

    def sql(self, dialect: str, *arguments: Any, types: Sequence[Type], **environment: Any) -> Any:
        """A count of rows, or of characters."""
        import sqlalchemy as sa

        if types[0].name == "list":
            return arguments[0].count()
        return sa.func.coalesce(sa.func.length(arguments[0]), sa.literal_column("0"), type_=sa.BigInteger())

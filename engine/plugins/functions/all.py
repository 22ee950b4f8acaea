"""The function ``all``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import YES_NO, Type
from engine.plugins.slots import Function


class All_(Function):
    """True when every element of the list is true; true for an empty list."""

    name = "all"
    title = {"zh": "全部成立", "en": "All"}
    signature = ("list",)
    example = 'check: "all(i.price is not None for i in items)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Yes or no."""
        return YES_NO

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """True for an empty list."""
        return all(arguments[0] or ())

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """No row for which the element does not hold."""
        import sqlalchemy as sa

        from engine.expression.sql.walker import sure

        rows = arguments[0]
        return sa.not_(rows.also(sa.not_(sure(rows.element))).exists()) if rows.of == YES_NO else NotImplemented

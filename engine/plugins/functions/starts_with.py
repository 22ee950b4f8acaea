"""The function ``starts_with``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import YES_NO, Type
from engine.plugins.slots import Function


class StartsWith(Function):
    """True when the text begins with the other text."""

    name = "starts_with"
    title = {"zh": "开头是", "en": "Starts with"}
    signature = ("text", "text")
    example = "where: \"starts_with(product_code, 'AX-')\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Yes or no."""
        return YES_NO

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """False when either is empty."""
        whole, start = arguments
        return whole is not None and start is not None and whole.startswith(start)

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """A comparison of the first characters: no pattern, so that % and _ are plain characters."""
        import sqlalchemy as sa

        from engine.expression.sql.walker import sure

        whole, start = arguments
        return sure(sa.func.substr(whole, 1, sa.func.length(start)) == start)

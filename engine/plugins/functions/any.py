"""The function ``any``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import YES_NO, Type
from engine.plugins.slots import Function


class Any_(Function):
    """True when at least one element of the list is true: ``any(o.amount > 1000 for o in customer.orders)``."""

    name = "any"
    title = {"zh": "任一成立", "en": "Any"}
    signature = ("list",)
    example = 'if: "any(d.amount > 1000 for d in deals)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Yes or no."""
        return YES_NO

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """False for an empty list."""
        return any(arguments[0] or ())

    def sql(self, dialect: str, *arguments: Any, types: Sequence[Type], **environment: Any) -> Any:
        """A row for which the element holds."""
        rows = arguments[0]
        holds = rows.element if rows.of == YES_NO else rows.element.isnot(None)
        return (
            rows.also(holds).exists()
            if rows.of.name in ("yes_no", "record", "text", "date", "datetime")
            else NotImplemented
        )

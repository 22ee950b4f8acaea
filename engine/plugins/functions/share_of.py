"""The function ``share_of``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import NUMBER, Type
from engine.plugins.slots import Function


class ShareOf(Function):
    """The share of a list's filled elements that equal the value, 0 to 1; 0 for an empty list, empty when the value is."""

    name = "share_of"
    title = {"zh": "占比", "en": "Share of"}
    signature = ("list", "any")
    example = 'value: "=share_of(won_industries, lead.industry)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A number, 0 to 1."""
        return NUMBER

    def call(self, values: Any, wanted: Any) -> Any:
        """0 to 1."""
        values = [live.ident(value) for value in values if value is not None] if values else ()
        wanted = live.ident(wanted)
        if wanted is None:
            return None
        return sum(1 for value in values if value == wanted) / len(values) if values else 0.0

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """The mean of ones and zeros over the rows."""
        import sqlalchemy as sa

        from engine.expression.sql.arithmetic import double, real

        rows, wanted = arguments
        counted = rows.also(rows.element.isnot(None))
        if rows.unique:
            return NotImplemented
        zero, one = real(0), real(1)
        equal = double(sa.func.count(sa.case((rows.element == wanted, one))))
        share = counted.value(equal / sa.func.nullif(double(sa.func.count()), zero))
        return sa.case((wanted.isnot(None), sa.func.coalesce(share, zero)), else_=sa.null())

"""What ``min`` and ``max`` have in common: one value out of many, in Python and in SQL. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from engine.expression import live
from engine.expression.types import ANY, Type, join
from engine.plugins.slots import Function

#: Two of these compare as they are, and that is what nearly every call has.
PLAIN = frozenset({int, float})


class Extreme(Function):
    """The least of several values, or the greatest; ``sign`` is how it compares with the others, ``among`` the SQL function
    over columns. A list's empty values are passed over; of several arguments none may be empty."""

    signature = ("any", "any?", "…")
    needs = ("timezone",)
    sign: ClassVar[str]
    among: ClassVar[str]

    def returns(self, arguments: Sequence[Type]) -> Type:
        """The type of the values."""
        if len(arguments) == 1:
            return arguments[0].of or ANY
        found: Type | None = arguments[0] if arguments else ANY
        for kind in arguments[1:]:
            found = join(found, kind) if found else None
        return found or ANY

    def call(self, *arguments: Any, timezone: Any) -> Any:
        """The value; empty when there is none."""
        if len(arguments) == 2:
            first, second = arguments
            if type(first) in PLAIN and type(second) in PLAIN:
                other = second < first if self.sign == "<" else second > first
                return second if other else first
        if len(arguments) == 1:
            values = [value for value in arguments[0] or () if value is not None]
        else:
            values = [] if None in arguments else list(arguments)
        if not values:
            return None
        found = values[0]
        for value in values[1:]:
            found = value if live.compare(self.sign, value, found, timezone) else found
        return live.money(found) if any(isinstance(value, Decimal) for value in values) else found

    def sql(self, dialect: str, *arguments: Any, types: Sequence[Type], **environment: Any) -> Any:
        """An aggregate over rows, or a choice among columns."""
        import sqlalchemy as sa

        from engine.expression.sql.arithmetic import convert

        if len(arguments) == 1:
            return arguments[0].aggregate(self.name)
        wanted = self.returns(types)
        if wanted.name in ("any", "list"):
            return NotImplemented
        values = [convert(value, kind, wanted) for value, kind in zip(arguments, types, strict=True)]
        if dialect == "sqlite":
            return getattr(sa.func, self.name)(*values, type_=values[0].type)
        chosen = getattr(sa.func, self.among)(*values, type_=values[0].type)
        return sa.case((sa.and_(*(value.isnot(None) for value in values)), chosen), else_=sa.null())

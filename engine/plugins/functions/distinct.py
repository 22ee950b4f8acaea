"""The function ``distinct``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import ANY, Type
from engine.plugins.slots import Function


class Distinct(Function):
    """The different values of a list, first seen first, without the empty ones."""

    name = "distinct"
    title = {"zh": "去重", "en": "Distinct"}
    signature = ("list",)
    example = 'value: "=len(distinct([d.industry for d in deals]))"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A list like the argument."""
        return arguments[0] if arguments else ANY

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """A list; empty for an empty list."""
        return tuple(live.distinct(arguments[0] or ()))

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """The same rows, each value once."""
        import dataclasses

        rows = arguments[0].also(arguments[0].element.isnot(None))
        return dataclasses.replace(rows, unique=True)

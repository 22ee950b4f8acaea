"""The function ``lookup``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import ANY, Type
from engine.plugins.slots import Function


class Lookup(Function):
    """The one record of an entity with these values: ``lookup('hospital', name=hospital_name)``; empty when there is none, or more than
    one. Fields follow behind a dot."""

    name = "lookup"
    title = {"zh": "查找记录", "en": "Look up"}
    signature = ("text",)
    keywords = {"…": "any"}
    needs = ("lookup",)
    example = "default: \"=lookup('hospital', name=hospital_name)\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A record, of an entity that is known when it runs."""
        return ANY

    def call(self, *arguments: Any, lookup: Any, **words: Any) -> Any:
        """A record as a mapping, or empty when it, or one of the values, is."""
        if arguments[0] is None or not words or None in words.values():
            return None
        return lookup(arguments[0], **{name: live.ident(value) for name, value in words.items()})

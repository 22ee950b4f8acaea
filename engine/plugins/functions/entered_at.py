"""The function ``entered_at``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import DATETIME, Type
from engine.plugins.slots import Function


class EnteredAt(Function):
    """When the record entered a state, the last time: ``entered_at(stage)`` is since when it has been where it is;
    ``first=True`` asks for the first time. Empty for a state never entered."""

    name = "entered_at"
    title = {"zh": "进入时间", "en": "Entered at"}
    signature = ("text",)
    refers = {"0": "state", "machine": "state_machine"}
    keywords = {"first": "yes_no", "machine": "text"}
    needs = ("history",)
    example = 'columns: ["=days_since(entered_at(stage))"]'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """An instant."""
        return DATETIME

    def call(self, *arguments: Any, history: Any, **words: Any) -> Any:
        """An instant, or empty."""
        entered = [s["entered_at"] for s in live.spells(history, arguments[0], words.get("machine"))]
        if not entered:
            return None
        return min(entered) if words.get("first") else max(entered)

    def sql(self, dialect: str, *arguments: Any, history: Any, **words: Any) -> Any:
        """The latest or earliest entry of the row's spells; ``first`` must be a literal."""
        import sqlalchemy as sa

        first = words["first"].compare(sa.true()) if "first" in words else False
        if "first" in words and not first and not words["first"].compare(sa.false()):
            first = getattr(words["first"], "value", False)
        spell, own = history.spells(arguments[0], words.get("machine"))
        choose = sa.func.min if first else sa.func.max
        return history.scalar(spell, sa.select(choose(spell.c.entered_at, type_=sa.BigInteger())).where(own))

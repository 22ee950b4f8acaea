"""The function ``left_at``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import DATETIME, Type
from engine.plugins.slots import Function


class LeftAt(Function):
    """When the record left a state, the last time it was there; empty while it is still there and for a state never entered."""

    name = "left_at"
    title = {"zh": "离开时间", "en": "Left at"}
    signature = ("text",)
    refers = {"0": "state", "machine": "state_machine"}
    keywords = {"machine": "text"}
    needs = ("history",)
    example = "where: \"left_at('proposed') > ago(days=7)\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """An instant."""
        return DATETIME

    def call(self, *arguments: Any, history: Any, **words: Any) -> Any:
        """An instant, or empty."""
        spells = live.spells(history, arguments[0], words.get("machine"))
        return max(spells, key=lambda s: s["entered_at"])["left_at"] if spells else None

    def sql(self, dialect: str, *arguments: Any, history: Any, **words: Any) -> Any:
        """The end of the row's latest spell."""
        import sqlalchemy as sa

        spell, own = history.spells(arguments[0], words.get("machine"))
        latest = sa.select(spell.c.left_at).where(own).order_by(spell.c.entered_at.desc(), spell.c.id.asc()).limit(1)
        return history.scalar(spell, latest)

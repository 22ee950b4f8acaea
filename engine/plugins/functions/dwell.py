"""The function ``dwell``. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import DURATION, Type
from engine.plugins.slots import Function


class Dwell(Function):
    """How long the record has been in a state, all stays together, the present one until now; empty for a state never entered. Compare it with a duration: ``dwell('new') > '3d'``."""

    name = "dwell"
    title = {"zh": "停留时长", "en": "Dwell time"}
    signature = ("text",)
    refers = {"0": "state", "machine": "state_machine"}
    keywords = {"machine": "text"}
    needs = ("history", "now")
    example = "where: \"dwell('proposed') > '7d'\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A duration."""
        return DURATION

    def call(self, *arguments: Any, history: Any, now: dt.datetime, **words: Any) -> Any:
        """A duration, or empty."""
        spells = live.spells(history, arguments[0], words.get("machine"))
        return sum(((s["left_at"] or now) - s["entered_at"] for s in spells), dt.timedelta()) if spells else None

    def sql(self, dialect: str, *arguments: Any, history: Any, now: Any, **words: Any) -> Any:
        """The sum of the row's spells."""
        import sqlalchemy as sa

        spell, own = history.spells(arguments[0], words.get("machine"))
        stay = sa.func.coalesce(spell.c.left_at, now) - spell.c.entered_at
        return history.scalar(spell, sa.select(sa.cast(sa.func.sum(stay), sa.BigInteger())).where(own))

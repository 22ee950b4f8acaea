"""The function ``reached``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.expression import live
from engine.expression.types import YES_NO, Type
from engine.plugins.slots import Function


class Reached(Function):
    """True when the record has been in a state: ``reached('called')``; with ``within`` only when it first entered it no later than
    that long after it was created; ``machine`` names the state machine where two have a state of that name."""

    name = "reached"
    title = {"zh": "到达过", "en": "Reached"}
    signature = ("text",)
    refers = {"0": "state", "machine": "state_machine"}
    keywords = {"within": "duration", "machine": "text"}
    needs = ("history", "record")
    example = "of: \"reached('called', within='7d')\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Yes or no."""
        return YES_NO

    def call(self, *arguments: Any, history: Any, record: Mapping[str, Any], **words: Any) -> Any:
        """False for a state never entered."""
        entered = [s["entered_at"] for s in live.spells(history, arguments[0], words.get("machine"))]
        if not entered or "within" not in words:
            return bool(entered)
        limit = words["within"]
        return limit is not None and min(entered) - record["created_at"] <= limit

    def sql(self, dialect: str, *arguments: Any, history: Any, record: Any, **words: Any) -> Any:
        """A spell of the row in that state."""
        import sqlalchemy as sa

        spell, own = history.spells(arguments[0], words.get("machine"))
        if "within" in words:
            own = sa.and_(own, spell.c.entered_at <= record.c.created_at + words["within"])
        return sa.select(sa.literal_column("1")).select_from(spell).where(own).correlate_except(spell).exists()

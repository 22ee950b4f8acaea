"""The strategy ``round_robin``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.facts import Record
from engine.plugins.slots import Strategy


class RoundRobin(Strategy):
    """Everybody in turn: the one after whoever was last, whoever joined or left in between."""

    name = "round_robin"
    title: ClassVar[Mapping[str, str]] = {"zh": "轮流", "en": "In turn"}
    example = "strategy: round_robin"

    def pick(
        self, context: Any, assignment: Any, record: Record, candidates: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        """The candidates from the one after the last on."""
        if not candidates:
            return []
        last = context.last()
        ordered = sorted(each["id"] for each in candidates)
        start = next((index for index, user in enumerate(ordered) if last is None or user > last), 0)
        turn = [*ordered[start:], *ordered[:start]]
        context.remember(turn[0])
        return [{"user": user, "points": None, "factors": {}} for user in turn]

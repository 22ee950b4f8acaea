"""The strategy ``least_loaded``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.facts import Record
from engine.plugins.slots import Strategy


class LeastLoaded(Strategy):
    """Whoever holds the fewest open records; among equals whoever got fewest today, then in the order of entry."""

    name = "least_loaded"
    title: ClassVar[Mapping[str, str]] = {"zh": "手上最少的人", "en": "The least loaded"}
    example = "strategy: least_loaded"

    def pick(
        self, context: Any, assignment: Any, record: Record, candidates: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        """The candidates by their load."""
        ordered = sorted(candidates, key=lambda each: (each["open_count"], each["today_count"], each["id"]))
        return [
            {"user": each["id"], "points": None, "factors": {"open": each["open_count"], "today": each["today_count"]}}
            for each in ordered
        ]

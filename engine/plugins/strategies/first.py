"""The strategy ``first``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.facts import Record
from engine.plugins.slots import Strategy


class First(Strategy):
    """The first candidate, in the order they were entered: for a duty officer with stand-ins."""

    name = "first"
    title: ClassVar[Mapping[str, str]] = {"zh": "第一个合适的人", "en": "The first who fits"}
    example = "strategy: first"

    def pick(
        self, context: Any, assignment: Any, record: Record, candidates: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        """The candidates by their number."""
        ordered = sorted(candidates, key=lambda each: each["id"])
        return [{"user": each["id"], "points": None, "factors": {}} for each in ordered]

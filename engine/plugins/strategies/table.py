"""The strategy ``table``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.facts import Record
from engine.plugins.slots import Strategy


class Table(Strategy):
    """Whoever the rule's ``table`` names for the record (the hospital's own manager, a decision table's answer), when
    that person is among the candidates."""

    name = "table"
    title: ClassVar[Mapping[str, str]] = {"zh": "按对应表", "en": "By a table"}
    example = 'strategy: table\ntable: "=hospital.owner"'

    def pick(
        self, context: Any, assignment: Any, record: Record, candidates: Sequence[Mapping[str, Any]]
    ) -> Sequence[Mapping[str, Any]]:
        """The named candidates, in the table's order."""
        known = {each["id"] for each in candidates}
        return [{"user": user, "points": None, "factors": {}} for user in context.table() if user in known]

"""The function ``decide``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import ANY, Type
from engine.plugins.slots import Function


class Decide(Function):
    """What a decision table answers for the record: ``decide('lead_priority')``."""

    name = "decide"
    title = {"zh": "查决策表", "en": "Decide"}
    signature = ("text",)
    refers = {"0": "decision"}
    needs = ("decide", "environment", "record")
    example = "default: \"=decide('lead_priority')\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Anything: the table says."""
        return ANY

    def call(self, table: Any, *, decide: Any, environment: Any, record: Any = None) -> Any:
        """The answer, or empty."""
        return None if table is None else decide(table, environment)

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

    def call(self, *arguments: Any, decide: Any, environment: Any, **words: Any) -> Any:
        """The answer, or empty."""
        return None if arguments[0] is None else decide(arguments[0], environment)

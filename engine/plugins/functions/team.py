"""The function ``team``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import Type, record_of
from engine.plugins.slots import Function


class Team(Function):
    """The team of that name, or empty."""

    name = "team"
    title = {"zh": "团队", "en": "Team"}
    signature = ("text",)
    needs = ("team",)
    example = "where: \"owner.team == team('华东')\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A record of team."""
        return record_of("team")

    def call(self, *arguments: Any, team: Any, **environment: Any) -> Any:
        """The team as a mapping, or empty."""
        return None if arguments[0] is None else team(arguments[0])

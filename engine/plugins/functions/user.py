"""The function ``user``. Floor: 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.expression.types import Type, record_of
from engine.plugins.slots import Function


class User(Function):
    """The user of that login name, or empty."""

    name = "user"
    title = {"zh": "用户", "en": "User"}
    signature = ("text",)
    needs = ("user",)
    example = "where: \"owner == user('li')\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A record of user."""
        return record_of("user")

    def call(self, *arguments: Any, user: Any, **environment: Any) -> Any:
        """The user as a mapping, or empty."""
        return None if arguments[0] is None else user(arguments[0])

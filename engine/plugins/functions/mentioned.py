"""The function ``mentioned``. Floor: 4."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from engine.expression.types import TEXT, Type
from engine.plugins.slots import Function

LONGEST = 10_000


class Mentioned(Function):
    """The first of a list of words that stands in a text, whatever its case and width; empty where none does. Words of interest
    find who wants something, names of products find what."""

    name = "mentioned"
    title = {"zh": "文中提到", "en": "Mentioned"}
    signature = ("text", "list")
    example = "if: \"mentioned(content.Content, ['报价', '怎么合作']) is not None\""

    def returns(self, arguments: Sequence[Type]) -> Type:
        """Text."""
        return TEXT

    def call(self, *arguments: Any, **_: Any) -> Any:
        """The word as the list has it; None without one."""
        if arguments[0] is None or not arguments[1]:
            return None
        text = _plain(str(arguments[0])[:LONGEST])
        return next((word for word in arguments[1] if word and _plain(str(word)) in text), None)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()

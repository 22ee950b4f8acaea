"""The function ``similar``. Floor: 4."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from engine.expression.types import NUMBER, Type
from engine.plugins.slots import Function


def normal(text: str) -> str:
    """The text as it is compared: NFKC, small letters, letters and digits only."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(char for char in folded if char.isalnum())
    return kept or folded


class Similar(Function):
    """How alike two texts are, 0 to 1: the share of letters kept when one is edited into the other, after full-width letters,
    large letters, blanks and punctuation are made equal. Not SQL; duplicates of an entity use it through ``match``."""

    name = "similar"
    title = {"zh": "相似度", "en": "Similarity"}
    signature = ("text", "text")
    example = 'if: "similar(company, customer.name) > 0.85"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A number, 0 to 1."""
        return NUMBER

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """0 to 1, or empty when a text is."""
        from rapidfuzz.fuzz import ratio

        one, other = arguments
        return None if one is None or other is None else ratio(normal(one), normal(other)) / 100

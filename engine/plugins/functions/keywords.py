"""The function ``keywords``. Floor: 4."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from engine.expression.types import TEXT, Type, list_of
from engine.plugins.slots import Function

#: Characters of a text that are looked at.
LONGEST = 10_000


def plain(text: str, most: int) -> tuple[str, ...]:
    """Words without a dictionary: pieces of two to eight characters, the most frequent first."""
    pieces = re.findall(r"[A-Za-z][A-Za-z0-9+-]+|[\u4e00-\u9fff]{2,8}", text)
    return tuple(word for word, _ in Counter(pieces).most_common(max(most, 0)))


class Keywords(Function):
    """The words that matter most in a text, at most five (or ``most``): Chinese by jieba, where it is installed, otherwise the
    pieces between punctuation that are short enough to be words."""

    name = "keywords"
    title = {"zh": "关键词", "en": "Keywords"}
    signature = ("text",)
    keywords = {"most": "integer"}
    example = 'default: "=keywords(call_summary)"'

    def returns(self, arguments: Sequence[Type]) -> Type:
        """A list of text."""
        return list_of(TEXT)

    def call(self, *arguments: Any, **words: Any) -> Any:
        """The words, weightiest first; an empty list for an empty text."""
        most = words.get("most", 5)
        if arguments[0] is None or most is None:
            return ()
        text = arguments[0][:LONGEST]
        try:
            import jieba.analyse
        except ImportError:
            return plain(text, most)
        jieba.setLogLevel(60)
        return tuple(jieba.analyse.extract_tags(text, topK=most))

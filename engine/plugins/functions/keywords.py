"""The function ``keywords``. Floor: 4."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.expression.types import TEXT, Type, list_of
from engine.plugins.slots import Function

#: Characters of a text that are looked at.
LONGEST = 10_000
#: English words that say nothing, as jieba has them.
IGNORED = frozenset(
    {"the", "of", "is", "and", "to", "in", "that", "we", "for", "an", "are", "by", "be", "as", "on", "with", "can",
     "if", "from", "which", "you", "it", "this", "then", "at", "have", "all", "not", "one", "has", "or"}
)  # fmt: skip


def plain(text: str, most: int) -> tuple[str, ...]:
    """Words without a dictionary: pieces of two to eight characters, the most frequent first."""
    pieces = re.findall(r"[A-Za-z][A-Za-z0-9+-]+|[\u4e00-\u9fff]{2,8}", text)
    return tuple(word for word, _ in Counter(pieces).most_common(max(most, 0)))


def weightiest(words: Iterable[str], most: int) -> tuple[str, ...]:
    """What ``jieba.analyse.extract_tags`` gives: words of two characters or more by how often they stand here against how
    rare they are. Importing that also loads a tagger of parts of speech, a second and 40 MB that nobody asked for."""
    rarity, middle = _rarity()
    counted = Counter(word for word in words if len(word.strip()) >= 2 and word.lower() not in IGNORED)
    ranked = sorted(counted, key=lambda word: counted[word] * rarity.get(word, middle), reverse=True)
    return tuple(ranked[: max(most, 0)])


@functools.cache
def _rarity() -> tuple[Mapping[str, float], float]:
    """(word -> how rare it is in jieba's own corpus, the middle of all)."""
    spec = find_spec("jieba")
    assert spec is not None and spec.submodule_search_locations, "jieba was imported before"
    text = (Path(spec.submodule_search_locations[0]) / "analyse" / "idf.txt").read_text("utf-8")
    found = {word: float(number) for word, _, number in (line.partition(" ") for line in text.splitlines())}
    return found, sorted(found.values())[len(found) // 2]


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

    def call(self, text: Any, most: Any = 5) -> Any:
        """The words, weightiest first; an empty list for an empty text."""
        if text is None or most is None:
            return ()
        text = text[:LONGEST]
        try:
            import jieba
        except ImportError:
            return plain(text, most)
        jieba.setLogLevel(60)
        return weightiest(jieba.cut(text), most)

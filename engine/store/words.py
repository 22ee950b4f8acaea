"""The words a record is found by: text, pinyin, initials, last digits. Floor: 3."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

#: Characters of one field that are searched; a long note is found by its beginning.
LONGEST = 400


def search_text(values: Sequence[Any]) -> str:
    """Lower-case words of all values joined by spaces: ``锐视光学 ruishiguangxue rsgx 8000``."""
    parts: list[str] = []
    for value in values:
        if value is None or value == "":
            continue
        text = str(value)[:LONGEST].lower()
        parts.append(text)
        if text.isascii():
            digits = "".join(filter(str.isdigit, text))
            if len(digits) >= 7:
                parts.append(digits)
        else:
            parts.append(_sounds(text))
    return " ".join(parts)


def _letters(rest: str) -> str:
    return "".join(filter(str.isalnum, rest))


@functools.lru_cache(maxsize=4096)
def _sounds(text: str) -> str:
    """``ruishiguangxue rsgx``: how the Chinese characters of a text are read, then their initials."""
    from pypinyin import Style, lazy_pinyin

    syllables: list[str] = lazy_pinyin(text, style=Style.NORMAL, errors=_letters)
    whole = "".join(syllables)
    initials = "".join(syllable[0] for syllable in syllables if syllable)
    return f"{whole} {initials}"

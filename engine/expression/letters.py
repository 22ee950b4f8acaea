"""Small letters, one character for one: the same answer in Python, SQLite and PostgreSQL. Floor: 2.

Neither database lowers every letter the way Python does, so the pairs are Python's and the databases use them. Letters
whose small form is longer than one character (one Turkish capital) stay as they are.
"""

from __future__ import annotations

import functools

#: Stretches in which every capital letter beyond ASCII stands; Chinese characters are in none of them.
RANGES = "À-֏Ⴀ-ᏽᲀ-῿ℂ-ↈⒶ-ⓩⰀ-⳿Ꙁ-ꟿＡ-Ｚ𐐀-𐴿𑢠-𑣟𖹀-𖹿𞤀-𞥃"


@functools.cache
def pairs() -> tuple[str, str]:
    """Capital letters beyond ASCII, and their small letters at the same places."""
    import sys

    found = [
        (chr(code), chr(code).lower())
        for code in range(128, sys.maxunicode + 1)
        if chr(code).isupper() or chr(code).istitle() or 0x2160 <= code <= 0x24CF
    ]
    kept = [(big, small) for big, small in found if len(small) == 1 and small != big]
    return "".join(big for big, _ in kept), "".join(small for _, small in kept)


@functools.cache
def _table() -> dict[int, str]:
    big, small = pairs()
    return {ord(one): other for one, other in zip(big, small, strict=True)}


def lower(text: str) -> str:
    """The text in small letters."""
    return text.lower() if text.isascii() else text.translate(_table()).translate(_ASCII)


_ASCII = {code: chr(code + 32) for code in range(65, 91)}

"""Full-width punctuation and the ASCII signs people meant by it. Floor: 2."""

from __future__ import annotations

import re

from engine.source.found import Found
from engine.source.quote import quoted
from engine.source.splice import Splice

COLON, COMMA = "：", "，"
OPENING, CLOSING = "“”‘’\"'", "“”‘’\"'"
#: Spaces that YAML takes for text: zh, en.
SPACES = {
    "\u3000": ("全角空格", "full-width space"),
    "\u00a0": ("不换行空格", "no-break space"),
    "\u200b": ("零宽空格", "zero-width space"),
    "\ufeff": ("零宽空格", "zero-width space"),
    "\u2003": ("全角空格", "em space"),
    "\u2002": ("半角空格", "en space"),
}
SPACE = "[\u3000\u00a0\u200b\ufeff\u2002\u2003]"
BRACKETS = {"｛": "{", "｝": "}", "［": "[", "］": "]", "【": "[", "】": "]"}

NAME_COLON = re.compile(r"[a-z_][a-z0-9_]*[ \t]*(：)")


def colon(text: str, at: int) -> Found:
    """A full-width colon where a key ends."""
    return Found("Y008", at, {}, (Splice(at, at + 1, ":" + _gap(text, at)),), fix=True)


def comma(text: str, at: int) -> Found:
    """A full-width comma between two entries."""
    return Found("Y009", at, {}, (Splice(at, at + 1, "," + _gap(text, at)),), fix=True)


def _gap(text: str, at: int) -> str:
    return "" if text[at + 1 : at + 2] in ("", " ", "\t", "\r", "\n") else " "


def bracket(at: int, sign: str) -> Found:
    """A full-width bracket."""
    ascii_sign = BRACKETS[sign]
    return Found("Y039", at, {"sign": sign, "ascii": ascii_sign}, (Splice(at, at + 1, ascii_sign),), fix=True)


def quotes(at: int, word: str) -> Found:
    """``word`` stands in full-width quotes that were meant to quote it."""
    return Found("Y010", at, {}, (Splice(at, at + len(word), quoted(word[1:-1])),), fix=True)


def space(at: int, run: str, instead: str) -> Found:
    """A run of spaces that YAML takes for text."""
    zh, en = next(SPACES[sign] for sign in run if sign in SPACES)
    return Found("Y011", at, {"sign": zh, "sign_en": en}, (Splice(at, at + len(run), instead),), fix=True)


def in_quotes(word: str) -> bool:
    """True when full-width quotes hold the whole of ``word`` and stand nowhere inside it."""
    if len(word) < 2 or not (word[0] in "“”‘’" or word[-1] in "“”‘’"):
        return False
    inside = word[1:-1]
    pairs = (word[0] in '“”"' and word[-1] in '“”"') or (word[0] in "‘’'" and word[-1] in "‘’'")
    return pairs and not any(sign in inside for sign in '“”"')

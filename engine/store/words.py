"""The words a record is found by: text, pinyin, initials, last digits. Floor: 3.

Readings come from pypinyin's own tables (phrases first, so that 重庆 is chongqing and 重量 zhongliang), read directly: its
general machinery costs twenty times as much, and an import pays it for every record.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

#: Characters of one field that are found by their sound too, and those that are found as they are written: the text of a contract
#: is searched, but nobody types its pinyin.
LONGEST, WHOLE = 400, 20_000
#: Characters in the longest phrase that is looked up.
PHRASE = 5

#: Neither a reading nor a phrase has a character of ASCII in it.
_STRETCH = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_DIAERESIS = "\u0308"
#: ``"重庆": [["chóng"], ["qìng"]]``, the first of each inner list, and ``"37325": "zhòng,chóng"``.
_READINGS = re.compile(r'"([^"]+)":\s*\[(.*?\])\s*\]', re.DOTALL)
_FIRST = re.compile(r'\[\s*"([^"]+)"')
_READING = re.compile(r'"(\d+)":\s*"([^",]+)')


def search_text(values: Sequence[Any]) -> str:
    """Lower-case words of all values joined by spaces: ``锐视光学 ruishiguangxue rsgx``; digits also without separators."""
    parts: list[str] = []
    for value in values:
        if value is None or value == "":
            continue
        whole = str(value)[:WHOLE].lower()
        parts.append(whole)
        text = whole[:LONGEST]
        if not text.isascii():
            parts.append(sounds(text))
        elif not text.isalpha():
            # A phone number is kept with nothing but its digits behind the first sign.
            digits = text[1:]
            if not digits.isdigit() or text[0].isdigit():
                digits = "".join(filter(str.isdigit, text))
            if len(digits) >= 7 and digits != text:
                parts.append(digits)
    return " ".join(parts)


def sounds(text: str) -> str:
    """``ruishiguangxue rsgx``: how the Chinese characters of a text are read, then their initials."""
    whole, initials = "", ""
    # Names differ by their digits and share their words: each stretch of characters is put together once.
    for stretch in _STRETCH.findall(text):
        if stretch.isascii():
            said = stretch if stretch.isalnum() else "".join(filter(str.isalnum, stretch))
            start = said[:1]
        else:
            heard = _heard(stretch)
            if heard is None:
                found = syllables(text)
                return f"{''.join(found)} {''.join([syllable[0] for syllable in found])}"
            said, start = heard
        whole += said
        initials += start
    return f"{whole} {initials}"


@functools.lru_cache(maxsize=4096)
def _heard(stretch: str) -> tuple[str, str] | None:
    """How characters outside ASCII are read, and their initials; None where one of them has no reading: it stays together
    with what is around it."""
    pieces = _read(stretch)
    if not pieces or not all(read for read, _ in pieces):
        return None
    return "".join([piece for _, piece in pieces]), "".join([piece[0] for _, piece in pieces])


@functools.lru_cache(maxsize=4096)
def syllables(text: str) -> tuple[str, ...]:
    """``("rui", "shi", "guang", "xue")``: how each Chinese character is read; what is none stays together as it is."""
    found: list[str] = []
    rest = ""
    # Names differ by their digits and share their words: each stretch of characters is read once.
    for stretch in _STRETCH.findall(text):
        if stretch.isascii():
            rest += stretch if stretch.isalnum() else "".join(filter(str.isalnum, stretch))
            continue
        for read, piece in _read(stretch):
            if not read:
                rest += piece
                continue
            if rest:
                found.append(rest)
                rest = ""
            found.append(piece)
    if rest:
        found.append(rest)
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def _read(stretch: str) -> tuple[tuple[bool, str], ...]:
    """The syllables of characters outside ASCII, in order; with False what has no reading and is kept as it is."""
    phrases, characters, longer = _tables()
    pieces: list[tuple[bool, str]] = []
    position = 0
    while position < len(stretch):
        reading = characters.get(ord(stretch[position]))
        if reading is None:
            if stretch[position].isalnum():
                pieces.append((False, stretch[position]))
            position += 1
            continue
        start = stretch[position : position + 2]
        if start in phrases or start in longer:
            found, length = _phrase(stretch, position, phrases)
            pieces += [(True, syllable) for syllable in found or [reading]]
            position += length
        else:
            pieces.append((True, reading))
            position += 1
    return tuple(pieces)


def _phrase(text: str, position: int, phrases: Mapping[str, str]) -> tuple[list[str], int]:
    for length in range(min(PHRASE, len(text) - position), 1, -1):
        readings = phrases.get(text[position : position + length])
        if readings is not None:
            return readings.split(), length
    return [], 1


@functools.cache
def _tables() -> tuple[Mapping[str, str], Mapping[int, str], frozenset[str]]:
    """(phrase -> its syllables, character -> its first reading), as they are typed, and how phrases begin whose first two
    characters are none.

    Found in the text of pypinyin's files: importing it trains a segmenter that is not needed here, and the tables as
    parsed lists take 45 MB of a small server's memory.
    """
    spec = find_spec("pypinyin")
    folder = Path(next(iter(spec.submodule_search_locations or [""] if spec else [""])))
    phrases = {
        found[1]: " ".join([_plain(reading) for reading in _FIRST.findall(found[2])])
        for found in _READINGS.finditer((folder / "phrases_dict.json").read_text("utf-8"))
        if len(found[1]) <= PHRASE
    }
    characters = _READING.finditer((folder / "pinyin_dict.json").read_text("utf-8"))
    longer = frozenset(phrase[:2] for phrase in phrases if phrase[:2] not in phrases)
    return phrases, {int(found[1]): _plain(found[2]) for found in characters}, longer


@functools.lru_cache(maxsize=2048)
def _plain(syllable: str) -> str:
    """``lǜ`` -> ``lv``, as it is typed."""
    letters = ""
    for character in unicodedata.normalize("NFD", syllable):
        if character == _DIAERESIS:
            letters = f"{letters[:-1]}v"
        elif not unicodedata.combining(character):
            letters += character
    return letters

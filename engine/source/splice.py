"""Splices: replacements in a text, and where a place of the new text stood in the old one. Floor: 2."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.errors import Where

_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, order=True)
class Splice:
    """``text`` instead of what stands from ``start`` to ``end`` (exclusive, character offsets)."""

    start: int
    end: int
    text: str


def apply(text: str, splices: Iterable[Splice]) -> str:
    """The text with all splices done; of two that overlap the later one is left out."""
    parts: list[str] = []
    here = 0
    for splice in sorted(splices):
        if splice.start < here:
            continue
        parts += (text[here : splice.start], splice.text)
        here = splice.end
    return "".join((*parts, text[here:]))


class Layer:
    """One round of splices over a text: ``text`` is the result, ``back`` leads an offset to where it came from."""

    def __init__(self, before: str, splices: Sequence[Splice]) -> None:
        self.splices: list[Splice] = []
        for splice in sorted(splices):
            if not self.splices or splice.start >= self.splices[-1].end:
                self.splices.append(splice)
        self.text = apply(before, self.splices)
        self._starts: list[int] = []
        shift = 0
        for splice in self.splices:
            self._starts.append(splice.start + shift)
            shift += len(splice.text) - (splice.end - splice.start)

    def back(self, offset: int) -> int:
        """The offset in the text before; inside a replacement, the nearest place of what was replaced."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return offset
        splice, into = self.splices[index], offset - self._starts[index]
        if into < len(splice.text):
            return min(splice.start + into, splice.end)
        return splice.end + into - len(splice.text)


class Lines:
    """The lines of a text: from an offset to line and column (both from 1) and to the line's words."""

    def __init__(self, text: str) -> None:
        self.text = text
        #: A byte order mark is no column.
        self.starts = [1 if text[:1] == "\ufeff" else 0]
        self.starts += [found.end() for found in _BREAK.finditer(text)]

    def number(self, offset: int) -> int:
        """The line, from 0, that holds the offset."""
        return max(bisect_right(self.starts, offset) - 1, 0)

    def where(self, path: str, offset: int) -> Where:
        """The place of the offset in the file."""
        line = self.number(offset)
        return Where(path, line + 1, max(offset - self.starts[line], 0) + 1)

    def span(self, line: int) -> tuple[int, int]:
        """Start and end (without its break) of a line counted from 0."""
        start = self.starts[line]
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return start, end

    def words(self, line: int) -> str:
        """The text of a line counted from 0, without its break."""
        start, end = self.span(line)
        return self.text[start:end]

"""Which characters the fonts can draw, so that no document shows an empty box. Floor: 2."""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

#: Shown by no font, and missed by nobody: joiners, variation selectors, marks of direction.
SILENT = frozenset({"Cf", "Cc", "Mn", "Zl", "Zp"})


class Glyphs:
    """The characters of some fonts. Source: OpenType, table cmap, formats 4 and 12."""

    def __init__(self, fonts: Iterable[Path]) -> None:
        self._ranges: list[tuple[int, int]] = []
        for path in fonts:
            self._ranges += ranges(path.read_bytes())
        self._seen: dict[str, bool] = {}

    def has(self, character: str) -> bool:
        """Whether one of the fonts draws it, or nothing has to be drawn."""
        known = self._seen.get(character)
        if known is None:
            code = ord(character)
            silent = character in "\n\t" or unicodedata.category(character) in SILENT
            known = self._seen[character] = silent or any(low <= code <= high for low, high in self._ranges)
        return known

    def fit(self, text: str, missed: set[str]) -> str:
        """The text with a name in place of each character nobody draws (``〔grinning face〕``); those go to ``missed``."""
        if all(" " <= each <= "~" for each in text):
            return text
        parts = []
        for each in text:
            if unicodedata.category(each) in ("Cf", "Mn") and not self._drawn(each):
                continue
            if self.has(each):
                parts.append(each)
            else:
                missed.add(each)
                parts.append(f"〔{unicodedata.name(each, f'U+{ord(each):04X}').lower()}〕")
        return "".join(parts)

    def _drawn(self, character: str) -> bool:
        return any(low <= ord(character) <= high for low, high in self._ranges)

    def fitted(self, value: Any, missed: set[str]) -> Any:
        """The same for every text in JSON."""
        if isinstance(value, str):
            return self.fit(value, missed)
        if isinstance(value, Mapping):
            return {key: self.fitted(each, missed) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.fitted(each, missed) for each in value]
        return value


def ranges(font: bytes) -> Iterator[tuple[int, int]]:
    """(first, last) of each run of characters an OpenType font maps to glyphs."""
    count = struct.unpack_from(">H", font, 4)[0]
    start = next(
        offset for tag, _, offset, _ in struct.iter_unpack(">4sIII", font[12 : 12 + 16 * count]) if tag == b"cmap"
    )
    tables = struct.unpack_from(">H", font, start + 2)[0]
    for number in range(tables):
        at = start + struct.unpack_from(">I", font, start + 4 + 8 * number + 4)[0]
        kind = struct.unpack_from(">H", font, at)[0]
        if kind == 12:
            groups = struct.unpack_from(">I", font, at + 12)[0]
            for first, last, _ in struct.iter_unpack(">III", font[at + 16 : at + 16 + 12 * groups]):
                yield first, last
            return

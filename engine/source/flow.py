"""Lists and maps in brackets that do not parse: full-width signs, templates and expressions without quotes. Floor: 2."""

from __future__ import annotations

import re

from engine.source import signs
from engine.source.found import Found
from engine.source.quote import quoted
from engine.source.splice import Splice

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'')
_TEMPLATE = re.compile(r"\{\{[^{}]{0,500}\}\}")
_KEY = re.compile(r"[ \t]*(?:[^\s:：,，{}\[\]\"'#]+|\"[^\"]*\"|'[^']*')[ \t]*(?::(?=[ \t]|\Z)|(：))")
_NEXT_ENTRY = re.compile(r"，[ \t]*[a-z_][a-z0-9_]*[ \t]*(?:：|:[ \t])")
_OPENERS, _CLOSERS = "([{", ")]}"
#: Deeper than this nobody writes on one line.
_MAX_LEVEL = 64


class FlowScan:
    """One pass over a line's bracketed part, from ``start``; ``found`` fills, ``end`` is where the brackets close
    (or ``stop``), ``open`` how many are still open there."""

    def __init__(self, text: str, start: int, stop: int, levels: str = "") -> None:
        self.text = text
        self.stop = stop
        self.here = start
        self.levels = levels
        self.found: list[Found] = []
        self._run()

    def _run(self) -> None:
        if not self.levels:
            self._open(self.text[self.here])
        while self.levels and self.here < self.stop:
            sign = self.text[self.here]
            if sign in " \t":
                self.here += 1
            elif sign == "#" and self.text[self.here - 1 : self.here] in (" ", "\t", ""):
                self.here = self.stop
            elif sign in "]}］｝":
                self._close(sign)
            elif sign == ",":
                self.here += 1
            elif sign == "，":
                self.found.append(signs.comma(self.text, self.here))
                self.here += 1
            else:
                self._entry()

    def _open(self, sign: str) -> None:
        if sign in signs.BRACKETS:
            self.found.append(signs.bracket(self.here, sign))
            sign = signs.BRACKETS[sign]
        if len(self.levels) >= _MAX_LEVEL:
            self.here = self.stop
            return
        self.levels += sign
        self.here += 1

    def _close(self, sign: str) -> None:
        if sign in signs.BRACKETS:
            self.found.append(signs.bracket(self.here, sign))
        self.levels = self.levels[:-1]
        self.here += 1

    def _entry(self) -> None:
        """A key and its value, or a value of a list."""
        match = _KEY.match(self.text, self.here, self.stop)
        if match and not self.text.startswith("{{", self.here):
            if match.group(1):
                self.found.append(signs.colon(self.text, match.start(1)))
            self.here = match.end()
            while self.here < self.stop and self.text[self.here] in " \t":
                self.here += 1
        if self.here < self.stop:
            self._value()

    def _value(self) -> None:
        text, start = self.text, self.here
        sign = text[start]
        if sign in "\"'":
            match = _QUOTED.match(text, start, self.stop)
            end = match.end() if match else self.stop
            rest = self._plain_end(end)
            if match and text[end:rest].strip() and text[end] not in ",]}":
                self._quote("Y017", start, rest)
            self.here = max(rest, end) if match else self.stop
        elif sign in "[［" or (sign in "{｛" and not text.startswith("{{", start)):
            self._open(sign)
        elif sign in ",]}］｝":
            return
        else:
            self._word(start)

    def _word(self, start: int) -> None:
        end = self._plain_end(start)
        word = self.text[start:end].rstrip()
        if "{{" in word:
            self._quote("Y012", start, end)
        elif word.startswith("=") and re.search(r"[,\[\]{}]|: | #", word):
            self._quote("Y043", start, end)
        elif signs.in_quotes(word):
            self.found.append(signs.quotes(start, word))
        elif ": " in word or word.endswith(":"):
            self._quote("Y014", start, end)
        elif word[:1] in "*&!|>%@`" and not re.match(r"[*&!][A-Za-z_]\w*\Z", word):
            self._quote("Y016", start, end)
        self.here = max(end, start + 1)

    def _plain_end(self, at: int) -> int:
        """Where an unquoted value ends: at a comma or bracket of this level, minding brackets of its own."""
        text, level = self.text, 0
        expression = text[at : at + 1] == "="
        while at < self.stop:
            sign = text[at]
            template = _TEMPLATE.match(text, at, self.stop) if sign == "{" else None
            if template:
                at = template.end()
                continue
            if expression and sign in _OPENERS:
                level += 1
            elif expression and sign in _CLOSERS and level:
                level -= 1
            elif (
                level == 0
                and (sign in ",]}］｝" or (sign == "#" and text[at - 1] in " \t"))
                or sign == "，"
                and (self.levels[-1:] == "[" or _NEXT_ENTRY.match(text, at, self.stop))
            ):
                return at
            at += 1
        return at

    def _quote(self, code: str, start: int, end: int) -> None:
        word = self.text[start:end].rstrip()
        fixed = quoted(word)
        sign = word[:1]
        splice = Splice(start, start + len(word), fixed)
        self.found.append(Found(code, start, {"fixed": fixed, "sign": sign}, (splice,), fix=True))

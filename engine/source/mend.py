"""Lines of a text that does not parse: the slips people make, each with its cure, all of them at once. Floor: 2."""

from __future__ import annotations

import re

from engine.source import signs
from engine.source.flow import FlowScan
from engine.source.found import Found
from engine.source.quote import quoted
from engine.source.splice import Lines, Splice

_INDENT = re.compile(f"(?:[ \t]|{signs.SPACE})*")
_DASHES = re.compile(r"(?:-(?:[ \t]+|\Z))*")
_KEY = re.compile(
    r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|(?:[^\s\"'#\[\]{},&*!|>%@`:：-]|[-:：](?=\S))[^#\r\n]*?)"
    r"[ \t]*:(?=[ \t]|\Z)[ \t]*"
)
_ODD_SPACE_AFTER_COLON = re.compile(f"[a-z_][a-z0-9_]*:({signs.SPACE}+)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'')
_BLOCK = re.compile(r"(?:[&!]\S*[ \t]+)*[|>][-+0-9]{0,2}[ \t]*(?:#.*)?\Z")
_COMMENT = re.compile(r"(?:\A|[ \t]+)#.*\Z")
_NAME = re.compile(r"[*&][^\s,\[\]{}]+[ \t]*(?:\Z|#|[^\s])")
_PAIR_LINE = re.compile(r"[ \t]*(?:- +)*[A-Za-z_][\w.]*:(?:[ \t]|\Z)")


class LineScan:
    """Walks the lines, knowing which are text of a block or of a quote and which give structure; ``found`` fills."""

    def __init__(self, text: str, limit: int) -> None:
        self.text = text
        self.lines = Lines(text)
        self.found: list[Found] = []
        self._block = -1
        self._levels = ""
        self._quote_until = -1
        for number in range(len(self.lines.starts)):
            self._line(number)
            if len(self.found) >= limit:
                break

    def _line(self, number: int) -> None:
        start, stop = self.lines.span(number)
        words = self.text[start:stop]
        indent = _INDENT.match(words)
        assert indent is not None
        width = indent.end()
        if number <= self._quote_until:
            return
        if width == len(words):
            if "\t" in words and self._block < 0 and not self._levels:
                at = start + words.index("\t")
                self.found.append(Found("Y007", at, {}, (Splice(start, stop, ""),), fix=True))
            return
        if self._block >= 0:
            if len(words) - len(words.lstrip(" ")) > self._block:
                return
            self._block = -1
        if self._levels:
            if not _PAIR_LINE.match(words):
                self._flow(start + width, stop)
                return
            self._levels = ""
        if indent.group().strip(" "):
            self._indent(start, indent.group())
        if words[width] == "#" or (width == 0 and words.startswith(("---", "...", "%"))):
            return
        self._structure(number, start + width, stop)

    def _indent(self, start: int, indent: str) -> None:
        for run in re.finditer(f"\t+|{signs.SPACE}+", indent):
            at = start + run.start()
            if run.group()[0] == "\t":
                instead = "  " * len(run.group())
                self.found.append(Found("Y007", at, {}, (Splice(at, at + len(run.group()), instead),), fix=True))
            else:
                instead = run.group().replace("\u3000", "  ").replace("\u200b", "").replace("\u00a0", " ")
                self.found.append(signs.space(at, run.group(), instead))

    def _structure(self, number: int, start: int, stop: int) -> None:
        text = self.text
        dashes = _DASHES.match(text, start, stop)
        at = dashes.end() if dashes else start
        if dashes and "\t" in dashes.group():
            tab = start + dashes.group().index("\t")
            length = len(dashes.group()) - len(dashes.group().rstrip("\t"))
            self.found.append(Found("Y007", tab, {}, (Splice(tab, tab + max(length, 1), " "),), fix=True))
        key = _KEY.match(text, at, stop)
        if key is None:
            self._no_key(number, at, stop)
            return
        name = signs.NAME_COLON.match(text, at, key.end())
        if name:
            self.found.append(signs.colon(self.text, name.start(1)))
        column = at - self.lines.starts[number]
        if _BLOCK.match(text[key.end() : stop]):
            self._block = column
            return
        self._value(number, key.end(), stop)

    def _no_key(self, number: int, at: int, stop: int) -> None:
        colon = signs.NAME_COLON.match(self.text, at, stop)
        space = _ODD_SPACE_AFTER_COLON.match(self.text, at, stop)
        if colon:
            self.found.append(signs.colon(self.text, colon.start(1)))
            self._value(number, colon.end(), stop)
        elif space:
            self.found.append(signs.space(space.start(1), space.group(1), " "))
            self._value(number, space.end(), stop)
        elif at < stop and _BLOCK.match(self.text[at:stop]):
            self._block = at - self.lines.starts[number] - 1
        elif at < stop:
            self._value(number, at, stop)

    def _value(self, number: int, at: int, stop: int) -> None:
        """The value on the rest of a line; what it opens is remembered for the next lines."""
        odd = re.compile(f"(?:[ \t]|{signs.SPACE})*").match(self.text, at, stop)
        if odd and odd.group().strip(" \t"):
            self.found.append(signs.space(at, odd.group(), " " if self.text[at - 1] == ":" else ""))
        at = odd.end() if odd else at
        if at >= stop or self.text[at] == "#":
            return
        sign, words = self.text[at], _COMMENT.sub("", self.text[at:stop])
        if "{{" in words and (sign == "{" and words.startswith("{{")):
            self._quote("Y012", at, words)
        elif sign in "\"'":
            self._quoted(number, at, stop, words)
        elif sign in "[{［｛":
            self._flow(at, stop)
        else:
            self._plain(at, words)

    def _plain(self, at: int, words: str) -> None:
        sign = words[:1]
        if signs.in_quotes(words):
            self.found.append(signs.quotes(at, words))
        elif re.match(r"-[ \t]", words):
            self.found.append(Found("Y041", at, {}, (Splice(at, at + len(words), quoted(words)),)))
        elif sign in "%@`,]}|>" or (sign in "*&" and not self._is_name(words)) or re.match(r"!(?:[=\s]|\Z)", words):
            self._quote("Y016", at, words)
        elif re.search(r":(?:[ \t]|\Z)", words):
            self._quote("Y014", at, words)

    def _is_name(self, words: str) -> bool:
        if words[0] == "&":
            return re.match(r"&\w[^\s]*(?:[ \t]|\Z)", words) is not None
        name = re.match(r"\*(\w[^\s,\[\]{}]*)[ \t]*\Z", words)
        return name is not None and f"&{name.group(1)}" in self.text

    def _quoted(self, number: int, at: int, stop: int, words: str) -> None:
        match = _QUOTED.match(self.text, at, stop)
        if match:
            rest = self.text[match.end() : stop]
            if rest.strip() and not _COMMENT.match(rest):
                self._quote("Y017", at, words)
            return
        if words[-1] in "“”" and words[0] == '"' and len(words) > 1:
            self.found.append(signs.quotes(at, words))
            return
        match = _QUOTED.match(self.text, at)
        last = self.lines.number(match.end()) if match else -1
        inside = range(number + 1, last + 1)
        if last < 0 or any(_PAIR_LINE.match(self.lines.words(line)) for line in inside):
            end = at + len(words)
            self.found.append(Found("Y033", at, {"sign": words[0]}, (Splice(end, end, words[0]),)))
        else:
            self._quote_until = last

    def _flow(self, at: int, stop: int) -> None:
        scan = FlowScan(self.text, at, stop, self._levels)
        self.found += scan.found
        self._levels = scan.levels
        rest = self.text[scan.here : stop]
        if not scan.levels and rest.strip() and not _COMMENT.match(rest) and not re.match(r"[ \t]*:", rest):
            self.found = [one for one in self.found if one.at < at]
            # A bracket that was opened lines above and closes behind a comment sign leaves no words here to quote.
            words = _COMMENT.sub("", self.text[at:stop])
            if words.strip():
                self._quote("Y012" if "{{" in words else "Y017", at, words)

    def _quote(self, code: str, at: int, words: str) -> None:
        words = words.rstrip()
        sign = words[0]
        # 'it's' means it's; 'a' in b means all of it.
        wrapped = sign in "\"'" and words[-1] == sign and words.count(sign) % 2
        fixed = quoted(words[1:-1] if wrapped else words)
        splice = Splice(at, at + len(words), fixed)
        self.found.append(Found(code, at, {"fixed": fixed, "sign": words[:1]}, (splice,), fix=True))

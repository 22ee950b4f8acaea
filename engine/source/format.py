"""``fmt``: one way to lay a file out. Only spaces and blank lines change, never words, comments or order. Floor: 2."""

from __future__ import annotations

import re
from bisect import bisect_left

from engine.source.entries import Collection, Entry, collection, comments
from engine.source.node import Node, SourceFile
from engine.source.reader import read
from engine.source.splice import Lines, Splice, apply

INDENT = 2

_COLON = re.compile(r"[ \t]*:([ \t]+|(?=[\r\n]|\Z))")
_BLANKS = re.compile(r"(?:[ \t]*(?:\r?\n|\r(?!\n))){2,}")


def format_text(text: str | bytes, path: str = "") -> str:
    """The text with 2 spaces a level, one space after colons, dashes and commas (columns that people aligned stay
    aligned), no spaces at line ends, no two blank lines in a row, one line break at the end.

    Formatting twice changes nothing more. A file it could not lay out without changing what it says stays as it
    is. InvalidDocument when it cannot be read.
    """
    source = read(text, path)
    text = source.text
    laid = _Layout(source).run()
    again = read(laid, path)
    kept = [source.text[start:end].rstrip() for start, end in comments(source)]
    unchanged = [laid[start:end].rstrip() for start, end in comments(again)] == kept
    if not unchanged or [one.plain() for one in again.documents] != [one.plain() for one in source.documents]:
        return text
    return laid


class _Layout:
    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.text = source.text
        self.lines = Lines(source.text)
        #: line -> its new indentation; lines of structure also say which column it was before.
        self.indents: dict[int, int] = {}
        self.columns: dict[int, int] = {}
        #: Lines whose spaces belong to a text over several lines.
        self.inside: set[int] = set()
        self.splices: list[Splice] = []

    def run(self) -> str:
        for document in self.source.documents:
            self._node(document, 0, 0)
        self._comments()
        for line, indent in self.indents.items():
            start, end = self.lines.span(line)
            old = len(self.text[start:end]) - len(self.text[start:end].lstrip(" \t"))
            self.splices.append(Splice(start, start + old, " " * indent))
        self._line_ends()
        laid = apply(self.text, [one for one in self.splices if self.text[one.start : one.end] != one.text])
        return laid.rstrip(" \t\r\n") + self._break() if laid.strip() else laid

    def _break(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n" if "\n" in self.text or "\r" not in self.text else "\r"

    def _node(self, node: Node, indent: int, owner: int) -> None:
        """Lay out a value whose entries (or further lines) belong at ``indent``; ``owner`` is its key's indentation."""
        if not (node.is_map or node.is_list):
            self._scalar(node, owner)
            return
        if not node.value:
            return
        block = collection(self.text, node)
        if block.flow:
            self._flow(block, owner)
            return
        for index, entry in enumerate(block.entries):
            self._place(entry.start, indent)
            self._gap(block, index)
            value = entry.value
            if value.start >= entry.start and value.end <= node.end:
                self._node(value, indent + INDENT, indent)

    def _place(self, at: int, indent: int) -> None:
        line = self.lines.number(at)
        start = self.lines.starts[line]
        if not self.text[start:at].strip(" "):
            self.indents[line] = indent
            self.columns[line] = at - start

    def _gap(self, block: Collection, index: int) -> None:
        """The space after a key's colon or a dash."""
        entry = block.entries[index]
        if entry.key is None:
            gap = self.text[entry.start + 1 : entry.value.start]
            if gap.strip(" \t") == "" and gap:
                self.splices.append(Splice(entry.start + 1, entry.value.start, " " if entry.value.raw or gap else ""))
            return
        match = _COLON.match(self.text, entry.key.end)
        if match is None:
            return
        empty = self.text[match.end() : match.end() + 1] in ("", "\r", "\n")
        comment = self.text[match.end() : match.end() + 1] == "#"
        space = "" if empty else match.group(1) if comment or self._aligned(block, index) else " "
        self.splices.append(Splice(entry.key.end, match.end(), ":" + space))

    def _aligned(self, block: Collection, index: int) -> bool:
        """True when a neighbour's value stands in the same column: people align what they read as a table."""
        near = block.entries[max(index - 1, 0) : index] + block.entries[index + 1 : index + 2]
        return self._width(block.entries[index]) in [self._width(other) for other in near]

    def _width(self, entry: Entry) -> int:
        """Columns from the key to its value; 0 without a value on the line."""
        match = None if entry.key is None else _COLON.match(self.text, entry.key.end)
        if match is None or entry.key is None or self.text[match.end() : match.end() + 1] in ("", "\r", "\n", "#"):
            return 0
        return entry.key.end - entry.key.start + 1 + len(match.group(1))

    def _flow(self, block: Collection, owner: int) -> None:
        first, last = self.lines.number(block.node.start), self.lines.number(block.node.end - 1)
        if last > first:
            self._shift(first, last, owner)
            return
        previous: Entry | None = None
        for index, entry in enumerate(block.entries):
            left = block.start + 1 if previous is None else previous.end
            between = self.text[left : entry.start]
            if between.strip(" \t") == ("" if previous is None else ","):
                self.splices.append(Splice(left, entry.start, "" if previous is None else ", "))
            if entry.key is not None:
                self._gap(block, index)
            value = entry.value
            if (value.is_map or value.is_list) and value.value and entry.start <= value.start <= block.node.end:
                self._flow(collection(self.text, value), owner)
            previous = entry
        if previous is not None and not self.text[previous.end : block.node.end - 1].strip(" \t"):
            self.splices.append(Splice(previous.end, block.node.end - 1, ""))

    def _shift(self, first: int, last: int, owner: int) -> None:
        """Further lines of brackets keep their own steps, moved with the line they began on."""
        old = self.columns.get(first)
        if old is None:
            start, end = self.lines.span(first)
            old = len(self.text[start:end]) - len(self.text[start:end].lstrip(" "))
        for line in range(first + 1, last + 1):
            words = self.lines.words(line)
            if words.strip():
                indent = len(words) - len(words.lstrip(" \t"))
                self.indents[line] = max(indent + self.indents.get(first, owner) - old, 0)

    def _scalar(self, node: Node, owner: int) -> None:
        first, last = self.lines.number(node.start), self.lines.number(max(node.end - 1, node.start))
        header = re.compile(r"(?:[&!]\S*\s+)*[|>]([-+0-9]*)").match(self.text, node.start, node.end)
        literal = node.quoted and header is not None
        if literal and header is not None:
            last = self._literal_end(last)
            if re.search(r"\d", header.group(1)):
                self._shift(first, last, owner)
                self.inside.update(range(first + 1, last + 1))
                return
        widths = [
            len(words) - len(words.lstrip(" "))
            for words in map(self.lines.words, range(first + 1, last + 1))
            if words.strip(" ")
        ]
        for line in range(first + 1, last + 1):
            words = self.lines.words(line)
            self.inside.add(line)
            if literal:
                if words.strip(" "):
                    self.indents[line] = owner + INDENT + len(words) - len(words.lstrip(" ")) - widths[0]
            elif words.strip():
                self.indents[line] = owner + INDENT
        if last > first and not literal:
            self.inside.update(range(first, last))

    def _literal_end(self, last: int) -> int:
        """Blank lines after a block text may belong to it."""
        while last + 1 < len(self.lines.starts) and not self.lines.words(last + 1).strip(" "):
            last += 1
        return last

    def _comments(self) -> None:
        """A comment on a line of its own stands with what it stood with before."""
        structure = sorted(self.columns)
        for start, _ in comments(self.source):
            line = self.lines.number(start)
            column = start - self.lines.starts[line]
            if line in self.indents or line in self.inside or self.text[self.lines.starts[line] : start].strip(" \t"):
                continue
            after = bisect_left(structure, line)
            following = structure[after] if after < len(structure) else None
            if following is not None and self.columns[following] >= column:
                self.indents[line] = self.indents[following]
                continue
            before = next((one for one in reversed(structure[:after]) if self.columns[one] <= column), None)
            exact = before is not None and self.columns[before] == column
            place = before if exact or following is None else following
            self.indents[line] = 0 if place is None else self.indents[place]

    def _line_ends(self) -> None:
        for line in range(len(self.lines.starts)):
            if line in self.inside or line + 1 in self.inside:
                continue
            start, end = self.lines.span(line)
            words = self.text[start:end]
            if words.strip(" \t") and words[-1] in " \t":
                self.splices.append(Splice(start + len(words.rstrip(" \t")), end, ""))
        for match in _BLANKS.finditer(self.text):
            first = self.lines.number(match.start())
            last = self.lines.number(match.end() - 1)
            if self.inside.isdisjoint(range(first, last + 2)):
                breaks = 2 if self.lines.starts[first] < match.start() or first else 1
                start = match.start()
                self.splices.append(Splice(start, match.end(), self._break() * breaks))

"""Where the entries of a list or map stand in the text: what an edit cuts, moves and inserts between. Floor: 2."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from engine.source.node import Node, SourceFile

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)*")
_DASH = re.compile(r"(?:^|(?<=[\r\n]))[ ]*(-)(?=\s|\Z)")
_COMMENT = re.compile(r"(?:(?<=[ \t\r\n\ufeff])|\A)#[^\r\n]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """``key: value``, ``- value`` or what stands between two commas: ``start`` is the key, dash or value."""

    start: int
    end: int
    value: Node
    key: Node | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """A list or map as written. ``column`` (from 0) is where the keys or dashes of a block stand."""

    node: Node
    flow: bool
    start: int
    entries: tuple[Entry, ...]
    column: int

    @property
    def is_map(self) -> bool:
        """True for a map."""
        return self.node.is_map


def collection(text: str, node: Node) -> Collection:
    """The entries of ``node``, a list or map that is no alias."""
    skipped = _PROPERTIES.match(text, node.start, node.end)
    start = skipped.end() if skipped else node.start
    is_flow = text[start] == ("{" if node.is_map else "[")
    if node.is_map:
        found = [
            Entry(key.start, max(key.end, node.value[name].end), node.value[name], key)
            for name, key in node.keys.items()
        ]
    elif is_flow:
        found = [Entry(value.start, value.end, value) for value in node.value]
    else:
        found = _dashes(text, start, node)
    column = found[0].start - line_start(text, found[0].start) if found else 0
    return Collection(node, is_flow, start, tuple(found), column)


def _dashes(text: str, start: int, node: Node) -> list[Entry]:
    found: list[Entry] = []
    dash = start
    for index, value in enumerate(node.value):
        if index:
            match = _DASH.search(text, found[-1].end, value.start)
            dash = match.start(1) if match else value.start
        found.append(Entry(dash, max(value.end, dash + 1), value))
    return found


def line_start(text: str, at: int) -> int:
    """Where the line of ``at`` begins; a byte order mark belongs to no line."""
    start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    return start + 1 if start == 0 and text[:1] == "\ufeff" and at > 0 else start


def line_end(text: str, at: int) -> int:
    """Where the next line begins, or the end of the text."""
    match = re.compile(r"\r\n|\n|\r").search(text, at)
    return match.end() if match else len(text)


def begins_line(text: str, at: int) -> bool:
    """True when only spaces stand before ``at`` on its line."""
    return not text[line_start(text, at) : at].strip(" ")


def with_comments_above(text: str, at: int) -> int:
    """The start of the line of ``at``, or of the comment lines straight above it with the same indentation."""
    start = line_start(text, at)
    indent = text[start:at]
    while start > 0:
        above = line_start(text, start - (2 if text[start - 2 : start] == "\r\n" else 1))
        if above >= start or not text.startswith(indent + "#", above):
            break
        start = above
    return start


def comments(source: SourceFile) -> list[tuple[int, int]]:
    """Start and end of every comment, in order; a ``#`` inside text is none."""
    text = source.text
    spans: list[tuple[int, int]] = []
    for document in source.documents:
        for _, node in document.walk():
            for one in (*node.keys.values(), node):
                if not isinstance(one.value, (dict, list)) and one.end > one.start:
                    spans.append((_text_start(text, one), one.end))
    spans.sort()
    starts = [start for start, _ in spans]
    found: list[tuple[int, int]] = []
    for match in _COMMENT.finditer(text):
        index = bisect_right(starts, match.start()) - 1
        if index < 0 or match.start() >= spans[index][1]:
            found.append((match.start(), match.end()))
    return found


def _text_start(text: str, node: Node) -> int:
    """A block scalar's first line may end in a comment of its own."""
    start = _PROPERTIES.match(text, node.start, node.end)
    at = start.end() if start else node.start
    return line_end(text, at) if text[at : at + 1] in ("|", ">") else node.start

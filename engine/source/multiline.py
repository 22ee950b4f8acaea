"""Text over several lines: what YAML forbids there and the parser lets pass. Floor: 2."""

from __future__ import annotations

import re

from engine.source.found import Found
from engine.source.splice import Splice

_HEADER = re.compile(r"(?:[&!]\S*[ \t]+)*[|>]([-+0-9]*)(#?)[^\r\n]*(?:\r\n|\n|\r|\Z)")
_BLANK = re.compile(r"( *)(?:\r\n|\n|\r)")
_INDENT = re.compile(r" *")
_TAB = re.compile(r"[\r\n]( *)(\t+)")


def width(text: str, start: int) -> int:
    """How far the lines of the block scalar that starts there are indented."""
    header = _HEADER.match(text, start)
    here = header.end() if header is not None else start
    blank = _BLANK.match(text, here)
    while blank is not None:
        here = blank.end()
        blank = _BLANK.match(text, here)
    indent = _INDENT.match(text, here)
    return len(indent.group()) if indent else 0


def check_block(text: str, start: int, end: int, column: int) -> list[Found]:
    """A block scalar (``|`` or ``>``) under a key that stands at ``column`` (from 0; -1 for the whole document)."""
    header = _HEADER.match(text, start)
    if header is None:
        return []
    if header.group(2):
        return [Found("Y035", header.start(2), {"detail": "a space is missing before #"})]
    here, widest = header.end(), 0
    blank = _BLANK.match(text, here)
    while blank is not None:
        widest = max(widest, len(blank.group(1)))
        here = blank.end()
        blank = _BLANK.match(text, here)
    indent = re.compile(" *").match(text, here)
    width = len(indent.group()) if indent else 0
    if column < width < widest and here + width < len(text) and not re.search(r"\d", header.group(1)):
        return [Found("Y032", here + width)]
    return []


def check_quoted(text: str, start: int, end: int, column: int) -> list[Found]:
    """Lines of a quoted text that a tab indents, where spaces must."""
    return [
        Found("Y007", match.start(2), {}, (Splice(match.start(2), match.end(2), " " * (column + 2)),), fix=True)
        for match in _TAB.finditer(text, start, end)
        if len(match.group(1)) <= column
    ]

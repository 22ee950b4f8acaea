"""One change of one list or map as splices: nothing but the entry itself is touched. Floor: 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.source import write
from engine.source.entries import (
    Collection,
    Entry,
    begins_line,
    collection,
    line_end,
    line_start,
    with_comments_above,
)
from engine.source.node import Node
from engine.source.splice import Splice


def line_break(text: str) -> str:
    """The line break the file uses."""
    at = line_end(text, 0)
    return "\r\n" if text[:at].endswith("\r\n") else "\r" if text[:at].endswith("\r") else "\n"


def _joined(text: str, parts: list[str]) -> str:
    return line_break(text).join(parts)


def replace_value(text: str, inside: Collection, entry: Entry, value: Any) -> list[Splice]:
    """``value`` instead of the entry's value."""
    old = entry.value
    colon = _after_colon(text, entry)
    if inside.flow or (old.is_scalar and not _is_collection(value) and "\n" not in str(value)):
        return [_one_line(text, old, value, inside.flow, colon)]
    first, *rest = write.block(value, inside.column, brackets=_in_brackets(text, inside, entry))
    comment = text[max(old.end, colon) : line_end(text, max(old.end, colon))].strip()
    if rest and comment:
        # What follows on the line is a comment: it stays where it is only if the value stays on that line too.
        first, rest = " " + (write.flow(value) if _is_collection(value) else write.scalar(value)), []
    return [Splice(colon, max(old.end, colon), _joined(text, [first, *rest]))]


def _one_line(text: str, old: Node, value: Any, in_flow: bool, colon: int) -> Splice:
    if _is_collection(value):
        new = write.flow(value)
    else:
        quote = text[old.start] if old.quoted and text[old.start] in "\"'" and isinstance(value, str) else ""
        new = write.scalar(value, flow=in_flow, style=quote)
    if old.end == old.start:
        return Splice(colon, max(old.end, colon), f" {new}")
    return Splice(old.start, old.end, new)


def _after_colon(text: str, entry: Entry) -> int:
    if entry.key is None:
        return entry.start + 1 if text[entry.start] == "-" and entry.start < entry.value.start else entry.value.start
    at = entry.key.end
    while at < len(text) and text[at] in " \t":
        at += 1
    return at + 1 if text[at : at + 1] == ":" else entry.value.start


def _is_collection(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple))


def _in_brackets(text: str, inside: Collection, besides: Entry | None) -> bool:
    """True when the other values of the same list or map are written in brackets."""
    others = [one.value for one in inside.entries if one is not besides and (one.value.is_map or one.value.is_list)]
    return bool(others) and all(collection(text, one).flow for one in others if one.end > one.start)


def insert(text: str, inside: Collection, index: int, key: str | None, value: Any) -> list[Splice]:
    """A new entry before the one at ``index`` (their number: after the last)."""
    if inside.flow:
        new = write.flow(value) if key is None else f"{write.key_text(key)}: {write.flow(value)}"
        if not inside.entries:
            return [Splice(inside.start + 1, inside.start + 1, new)]
        if index < len(inside.entries):
            at = inside.entries[index].start
            return [Splice(at, at, f"{new}, ")]
        at = inside.entries[-1].end
        return [Splice(at, at, f", {new}")]
    brackets = _in_brackets(text, inside, None)
    parts = (
        write.lines([value], inside.column, brackets)
        if key is None
        else write.pair(key, value, inside.column, brackets)
    )
    if index >= len(inside.entries):
        at = line_end(text, inside.entries[-1].end)
        return [Splice(at, at, _joined(text, [*parts, ""]))]
    at = inside.entries[index].start
    if begins_line(text, at):
        at = with_comments_above(text, at)
        return [Splice(at, at, _joined(text, [*parts, ""]))]
    parts[0] = parts[0].lstrip(" ")
    return [Splice(at, at, _joined(text, [*parts, " " * inside.column]))]


def remove(text: str, inside: Collection, index: int) -> list[Splice]:
    """Without the entry at ``index``, which is not the only one of a block."""
    entries = inside.entries
    entry = entries[index]
    if len(entries) == 1:
        end = entry.end
        comma = len(text[end : inside.node.end]) - len(text[end : inside.node.end].lstrip(" \t\r\n"))
        return [Splice(entry.start, end + comma + 1 if text[end + comma] == "," else end, "")]
    if inside.flow:
        if index + 1 < len(entries):
            return [Splice(entry.start, entries[index + 1].start, "")]
        return [Splice(entries[index - 1].end, entry.end, "")]
    if begins_line(text, entry.start):
        return [Splice(line_start(text, entry.start), line_end(text, entry.end), "")]
    return [Splice(entry.start, entries[index + 1].start, "")]


def rename(entry: Entry, name: str) -> list[Splice]:
    """Another key over the same value."""
    assert entry.key is not None
    return [Splice(entry.key.start, entry.key.end, write.key_text(name))]


def move(text: str, inside: Collection, index: int, to: int) -> list[Splice]:
    """The entry at ``index`` so that it stands at ``to`` in the result; its comments above and beside come along."""
    entries = inside.entries
    low, high = min(index, to), max(index, to)
    if inside.flow or not begins_line(text, entries[low].start):
        order = list(range(len(entries)))
        order.insert(to, order.pop(index))
        slots = range(low, high + 1)
        return [
            Splice(entries[slot].start, entries[slot].end, text[entries[order[slot]].start : entries[order[slot]].end])
            for slot in slots
        ]
    start = with_comments_above(text, entries[index].start)
    end = line_end(text, entries[index].end)
    at = with_comments_above(text, entries[to].start) if to < index else line_end(text, entries[to].end)
    return [Splice(start, end, ""), Splice(at, at, text[start:end])]


def carry(text: str, inside: Collection, index: int, into: Collection, to: int, key: str | None) -> list[Splice] | None:
    """The entry's own lines, indented anew, as an entry of another block; None when that takes more than moving lines."""
    entry = inside.entries[index]
    if inside.flow or into.flow or inside.is_map != into.is_map or not into.entries or len(inside.entries) == 1:
        return None
    if not begins_line(text, entry.start) or (key is not None and entry.key is not None and key != entry.key.raw):
        return None
    start, end = with_comments_above(text, entry.start), line_end(text, entry.end)
    shift = into.column - inside.column
    moved = [_shifted(line, shift) for line in text[start:end].splitlines(keepends=True)]
    if to < len(into.entries):
        at = into.entries[to].start
        if not begins_line(text, at):
            return None
        at = with_comments_above(text, at)
    else:
        at = line_end(text, into.entries[-1].end)
    if start < at < end:
        return None
    return [Splice(start, end, ""), Splice(at, at, "".join(moved))]


def _shifted(line: str, shift: int) -> str:
    if not line.strip():
        return line
    if shift >= 0:
        return " " * shift + line
    spaces = len(line) - len(line.lstrip(" "))
    return line[min(-shift, spaces) :]

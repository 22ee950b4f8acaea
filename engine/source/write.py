"""Values to YAML text: quotes where they are needed, brackets or lines as the surroundings have it. Floor: 2."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import Problem, Refused
from engine.source.quote import needs_quotes, quoted

#: A list or map in brackets may be this wide before it is written over several lines.
MAX_FLOW = 100
INDENT = 2

_LITERAL = re.compile(
    r"[^\s#\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\u3000][^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]*\Z"
)


def scalar(value: Any, flow: bool = False, style: str = "") -> str:
    """One value on one line. ``style`` is the quote the old value stood in, kept for text; Refused for inf and nan."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused(Problem("Y023", parameters={"value": str(value)}))
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (dt.date, dt.datetime, dt.time)):
        value = value.isoformat()
    text = str(value)
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style == '"' or needs_quotes(text, flow):
        return quoted(text)
    return text


def flow(value: Any) -> str:
    """Any value on one line, lists and maps in brackets."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key_text(key)}: {flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(flow(entry) for entry in value) + "]"
    return scalar(value, flow=True)


def key_text(key: Any) -> str:
    """A key as it stands before its colon."""
    text = str(key)
    return quoted(text) if needs_quotes(text, flow=True) or text == "" or _looks_like_value(text) else text


def _looks_like_value(text: str) -> bool:
    return ":" in text or "#" in text or text.startswith("?")


def block(value: Any, indent: int, brackets: bool = False) -> list[str]:
    """The value as it follows ``key:`` or ``-`` of a line indented by ``indent``: the first string continues that line
    (with its leading space, or empty), the others are whole lines. ``brackets`` prefers them while they fit."""
    if isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str)):
        text = flow(value)
        short = len(text) + indent <= MAX_FLOW
        if not value or (short and (brackets or (not isinstance(value, Mapping) and _all_scalars(value)))):
            return [" " + text]
        return ["", *lines(value, indent + INDENT, brackets)]
    if isinstance(value, str) and "\n" in value and _LITERAL.match(value) and not _odd_lines(value):
        return _literal(value, indent + INDENT)
    return [" " + scalar(value)]


def lines(value: Any, indent: int, brackets: bool = False) -> list[str]:
    """A map or list that is not empty as whole lines, each indented by at least ``indent``."""
    pad = " " * indent
    if isinstance(value, Mapping):
        return [line for key, one in value.items() for line in pair(key, one, indent, brackets)]
    found: list[str] = []
    for one in value:
        inside = isinstance(one, (Mapping, list, tuple)) and one
        first, *rest = block(one, indent, brackets)
        if inside and not first:
            nested = lines(one, indent + INDENT, brackets)
            first, rest = " " + nested[0].lstrip(" "), nested[1:]
        found += [f"{pad}-{first}", *rest]
    return found


def pair(key: Any, value: Any, indent: int, brackets: bool = False) -> list[str]:
    """``key: value`` as whole lines."""
    first, *rest = block(value, indent, brackets)
    return [f"{' ' * indent}{key_text(key)}:{first}", *rest]


def _all_scalars(value: Sequence[Any]) -> bool:
    return not any(isinstance(one, (Mapping, list, tuple)) for one in value)


def _odd_lines(value: str) -> bool:
    """Blank lines or spaces that a literal block would not give back."""
    return bool(re.search(r"[ \t\u3000](?:\n|\Z)|\n\n\Z|\n[ \t]*\n[ \t]|\n[ \t]", value))


def _literal(value: str, indent: int) -> list[str]:
    pad = " " * indent
    body = value.removesuffix("\n")
    header = "|" if value.endswith("\n") else "|-"
    return [f" {header}", *(pad + line if line else "" for line in body.split("\n"))]

"""Quotes: when a text needs them and how to write it with them. Floor: 2."""

from __future__ import annotations

import re

from engine.source.scalar import is_plain_safe

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\x07": "\\a", "\x1b": "\\e"}
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3000\ufeff\ud800-\udfff\ufffe\uffff]"
)
_BAD_START = re.compile(r"[-?:](?:\s|\Z)|[,\[\]{}#&*!|>'\"%@`]|\{\{|---|\.\.\.|<<\Z|[“”‘’｛［]")
_BAD_INSIDE = re.compile(r":(?:\s|\Z)|\s#|^\s|\s\Z|\{\{")
_FLOW_SIGNS = re.compile(r"[,\[\]{}，：]")
#: What reads like a key and its value to a person, whatever YAML says of it.
_LIKE_A_PAIR = re.compile(r"[a-z_][a-z0-9_]*\s*：")


def quoted(text: str) -> str:
    """``text`` in quotes: double ones, single ones where it holds double quotes or backslashes itself."""
    if _INVISIBLE.search(text):
        return '"' + "".join(_escape(sign) for sign in text) + '"'
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _escape(sign: str) -> str:
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if _INVISIBLE.match(sign):
        code = ord(sign)
        return f"\\x{code:02X}" if code < 256 else f"\\u{code:04X}"
    return sign


def needs_quotes(text: str, flow: bool = False) -> bool:
    """True when ``text`` written as it is would be read as something else (``flow``: inside brackets or braces)."""
    if not is_plain_safe(text) or _BAD_START.match(text) or _BAD_INSIDE.search(text) or _INVISIBLE.search(text):
        return True
    return bool(_LIKE_A_PAIR.match(text) or (flow and _FLOW_SIGNS.search(text)))

"""Values that parse but are not what their author meant: full-width signs, swallowed or torn text. Floor: 2."""

from __future__ import annotations

import re
from itertools import islice

from engine.source import signs
from engine.source.found import Found
from engine.source.node import Node
from engine.source.quote import quoted
from engine.source.splice import Splice

#: Of one value's full-width commas no more are shown.
MAX_SIGNS = 100

_SWALLOWED = re.compile(r"[ \t]+(#[^\s#!][^\r\n]*)")
#: A colour or a number: never a comment.
_MEANT = re.compile(r"#(?:[0-9a-fA-F]{3,8}|\d+)\Z")
_LEADING = re.compile(f"{signs.SPACE}[ \t\u3000\u00a0\u200b\ufeff]*")
_TRAILING = re.compile(f"[ \t]*{signs.SPACE}+\\Z")
_TORN = re.compile(r"[^{}\[\]\"'\r\n]*?(?=[ \t]*(?:,[ \t]*[^\s,:]+:(?:\s|\Z)|\}))")
_ENTRY_COLON = re.compile(r"(?:\A|，[ \t]*)[a-z_][a-z0-9_]*[ \t]*(：)")
_ENTRY_COMMA = re.compile(r"(，)[ \t]*[a-z_][a-z0-9_]*[ \t]*(?:：|:[ \t])")
_TIGHT = re.compile(r"^[ \t]*([a-z_][a-z0-9_]*:)(?!//)([^\s:][^\r\n]*)", re.MULTILINE)
_NEXT_LINE_COLON = re.compile(r"\n[ \t]*[a-z_][a-z0-9_]*[ \t]*(：)")


def look(text: str, node: Node, key: Node | None, *, is_key: bool, flow: bool) -> list[Found]:
    """What is suspicious about one unquoted scalar. ``key`` is the key it stands under, None in a list."""
    if not node.raw:
        if flow and key is not None and ":" not in text[key.end : node.start + 1]:
            return _bare(text, key)
        swallowed = None if is_key else _SWALLOWED.match(text, node.start)
        return [_swallowed(node, swallowed)] if swallowed else []
    word = text[node.start : node.end]
    if node.raw.isascii():
        return _tight(text, node, key, word) if not (flow or is_key) else []
    if word[0] in signs.SPACES or word[-1] in signs.SPACES:
        return _edges(text, node, word)
    if signs.in_quotes(word):
        return [signs.quotes(node.start, word)]
    if word[0] in "｛［" and word[-1] in "｝］":
        return [
            signs.bracket(node.start, word[0]),
            signs.bracket(node.end - 1, word[-1]),
            *_inside(text, node.start, word),
        ]
    if flow and not is_key:
        return _inside(text, node.start, word, every_comma=key is None)
    return _colons(text, node, key, word, is_key)


def _colons(text: str, node: Node, key: Node | None, word: str, is_key: bool) -> list[Found]:
    found = [Found("Y046", node.start + match.start(1)) for match in _NEXT_LINE_COLON.finditer(word)]
    alone = is_key or key is None or "\n" in text[key.end : node.start]
    first = signs.NAME_COLON.match(word) if alone else None
    return [signs.colon(text, node.start + first.start(1)), *found] if first else found


def _tight(text: str, node: Node, key: Node | None, word: str) -> list[Found]:
    """Keys without the space after their colon, on lines of their own: to YAML they are one long text."""
    if key is None or "\n" not in text[key.end : node.start]:
        return []
    return tight(text, node.start, word)


def tight(text: str, start: int, word: str) -> list[Found]:
    """Each line of ``word`` that is ``key:value`` without a space."""
    return [
        Found(
            "Y015",
            start + match.end(1) - 1,
            {"fixed": f"{match.group(1)} {match.group(2)}"},
            (Splice(start + match.end(1), start + match.end(1), " "),),
            fix=True,
        )
        for match in islice(_TIGHT.finditer(word), MAX_SIGNS)
    ]


def _inside(text: str, start: int, word: str, every_comma: bool = False) -> list[Found]:
    """Full-width signs that separate entries of a list or map in brackets."""
    commas = [match.start() for match in re.finditer("，", word)] if every_comma else []
    commas += [match.start(1) for match in _ENTRY_COMMA.finditer(word)]
    found = [signs.comma(text, start + at) for at in sorted(set(commas))[:MAX_SIGNS]]
    return found + [signs.colon(text, start + match.start(1)) for match in _ENTRY_COLON.finditer(word)]


def _edges(text: str, node: Node, word: str) -> list[Found]:
    found: list[Found] = []
    leading, trailing = _LEADING.match(word), _TRAILING.search(word)
    if leading:
        line_start = max(text.rfind("\n", 0, node.start), text.rfind("\r", 0, node.start)) + 1
        indents = not text[line_start : node.start].strip(" \ufeff")
        instead = leading.group().replace("\u3000", "  ").replace("\u200b", "").replace("\ufeff", "")
        instead = instead.replace("\u00a0", " ") if indents else ""
        found.append(signs.space(node.start, leading.group(), instead))
    if trailing and not (leading and leading.end() == len(word)):
        found.append(signs.space(node.start + trailing.start(), trailing.group(), ""))
    return found


def _swallowed(node: Node, match: re.Match[str]) -> Found:
    words = match.group(1).rstrip()
    splices = () if not _MEANT.match(words) else (Splice(match.start(1), match.start(1) + len(words), quoted(words)),)
    return Found("Y013", match.start(1), {"fixed": quoted(words)}, splices, fix=bool(splices))


def _bare(text: str, key: Node) -> list[Found]:
    """A word between commas in braces that has no value: ``{zh: 你好, 世界}``, ``{value: =min(a, b)}``, ``{zh：线索}``."""
    inside = _inside(text, key.start, text[key.start : key.end])
    if inside:
        return inside
    colon = text.rfind(":", text.rfind("\n", 0, key.start) + 1, key.start)
    torn = _TORN.match(text, colon + 1 + (text[colon + 1 : colon + 2] == " ")) if colon >= 0 else None
    if torn is None or torn.end() < key.end:
        return [Found("Y030", key.start, {"word": key.raw, "fixed": f'"…, {key.raw}"'})]
    fixed = quoted(torn.group().rstrip())
    splice = Splice(torn.start(), torn.start() + len(torn.group().rstrip()), fixed)
    return [Found("Y030", key.start, {"word": key.raw, "fixed": fixed}, (splice,), fix=True)]

"""The rules of single values: text, numbers, yes and no, a few words, names that refer. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import nearest
from engine.load.notes import Notes, Reference, Rule, listed, place_of_key, shown, text_of
from engine.source.node import Node

TYPES: Mapping[str, Mapping[str, str]] = {
    "string": {"zh": "文字", "en": "text"},
    "number": {"zh": "数字", "en": "a number"},
    "integer": {"zh": "整数", "en": "a whole number"},
    "boolean": {"zh": "true 或 false", "en": "true or false"},
    "object": {"zh": "一组“键: 值”", "en": "a group of key: value"},
    "array": {"zh": "一个列表", "en": "a list"},
    "null": {"zh": "空", "en": "nothing"},
}


def missing(node: Node, needed: Iterable[str], notes: Notes) -> None:
    """Notes every needed key a map lacks."""
    for key in needed:
        if key not in node.value:
            notes.add("D004", node.where, key=key)


def missing_in(value: Node, parent: Node, key: str, needed: Iterable[str], notes: Notes) -> None:
    """The same for a key with nothing behind it: shown at the key."""
    for name in needed:
        notes.add("D004", place_of_key(parent, key), key=name)


def scalar(node: Node, kind: str, notes: Notes) -> bool:
    """True when the node is a single value that is not empty; else notes what was expected."""
    if node.value is None:
        notes.add("D014", node.where, allowed=TYPES[kind])
    elif isinstance(node.value, (dict, list)):
        notes.add("D005", node.where, allowed=TYPES[kind], found=shown(node))
    else:
        return True
    return False


def referring(rule: Rule, part: Mapping[str, Any]) -> Rule:
    """The rule that also notes the names in a node (its text, a list's texts, or a map's keys) as references."""
    what, keys = part.get("x-refers", ""), part.get("x-refers-keys", "")

    def run(node: Node, notes: Notes) -> None:
        if keys and isinstance(node.value, dict):
            notes.references += [Reference(keys, key, place_of_key(node, key), notes.of) for key in node.value]
        if what:
            notes.references += [Reference(what, text_of(leaf), leaf.where, notes.of) for leaf in leaves(node)]
        rule(node, notes)

    return run


def leaves(node: Node) -> Iterable[Node]:
    """The single texts in a node: itself, or those of its lists; expressions are no names."""
    if isinstance(node.value, list):
        for entry in node.value:
            yield from leaves(entry)
    elif node.value is not None and not isinstance(node.value, dict) and not text_of(node).startswith("="):
        yield node


def number(part: Mapping[str, Any]) -> Rule:
    """The rule of a number within its bounds."""
    kind = part["type"]
    least, most = part.get("minimum"), part.get("maximum")

    def run(node: Node, notes: Notes) -> None:
        if not scalar(node, kind, notes):
            return
        value = node.value
        fits = isinstance(value, int) if kind == "integer" else isinstance(value, (int, float))
        if not fits or isinstance(value, bool):
            notes.add("D005", node.where, allowed=TYPES[kind], found=shown(node))
        elif (least is not None and value < least) or (most is not None and value > most):
            notes.add("D019", node.where, value=shown(node), range=range_of(least, most))

    return run


def range_of(least: Any, most: Any) -> Mapping[str, str]:
    """A range in words."""
    if most is None:
        return {"zh": f"不小于 {least}", "en": f"at least {least}"}
    if least is None:
        return {"zh": f"不大于 {most}", "en": f"at most {most}"}
    return {"zh": f"{least} 到 {most}", "en": f"{least} to {most}"}


def yes_no(node: Node, notes: Notes) -> None:
    """true or false; the words ``yes`` and ``no`` are text in YAML 1.2, so they are named in the message."""
    if scalar(node, "boolean", notes) and not isinstance(node.value, bool):
        word = {"yes": "true", "on": "true", "是": "true", "no": "false", "off": "false", "否": "false"}.get(
            text_of(node).lower()
        )
        notes.add("D005", node.where, word, allowed=TYPES["boolean"], found=shown(node))


def one_of(words: Iterable[Any]) -> Rule:
    """The rule of a few allowed words."""
    allowed = [str(word) for word in words]

    def run(node: Node, notes: Notes) -> None:
        if scalar(node, "string", notes) and text_of(node) not in allowed:
            notes.add("D006", node.where, nearest(text_of(node), allowed), value=shown(node), allowed=listed(allowed))

    return run


def anything(node: Node, notes: Notes) -> None:
    """No rule at all."""

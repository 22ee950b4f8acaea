"""Lays overlays over the documents they extend: maps merge, ``remove`` takes away, every value keeps its place. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import Problem, Where
from engine.source.node import Node

#: Keys of an overlay that say what it is, not what it changes.
WORDS = ("kind", "extend", "remove", "name")


@dataclass(frozen=True, slots=True)
class Removed:
    """A field an overlay took away, and where it said so."""

    entity: str
    field: str
    where: Where


def lay(under: Node, over: Node, name: str) -> tuple[Node, list[Problem]]:
    """``under`` changed by the overlay ``over``, and what could not be taken away (D024). Removing comes first."""
    problems: list[Problem] = []
    result = under
    asked = over.get("remove")
    for path in asked.value if asked is not None and isinstance(asked.value, list) else ():
        taken = without(result, parts_of(path.raw if not isinstance(path.value, str) else path.value))
        if taken is None:
            problems.append(Problem("D024", path.where, parameters={"path": path.value, "name": name}))
        else:
            result = taken
    changes = {key: value for key, value in over.value.items() if key not in WORDS}
    return merged_map(result, replace(over, value=changes)), problems


def merged(under: Node, over: Node) -> Node:
    """One value laid over another: maps and lists of named things merge, all else is replaced."""
    if isinstance(under.value, dict) and isinstance(over.value, dict):
        return merged_map(under, over)
    if named(under) and named(over):
        return merged_list(under, over)
    return over


def merged_map(under: Node, over: Node) -> Node:
    """Two maps as one; keys only one of them has are kept, in the order of ``under``, then of ``over``."""
    value = dict(under.value)
    for key, inner in over.value.items():
        value[key] = merged(value[key], inner) if key in value else inner
    return replace(under, value=value, keys={**under.keys, **over.keys})


def merged_list(under: Node, over: Node) -> Node:
    """Lists whose entries all have an ``id``: equal ones merge, new ones follow."""
    changes = {entry.value["id"].value: entry for entry in over.value}
    kept = [
        merged(entry, changes.pop(entry.value["id"].value)) if entry.value["id"].value in changes else entry
        for entry in under.value
    ]
    return replace(under, value=kept + list(changes.values()))


def named(node: Node) -> bool:
    """True for a list that has entries, each a map with an ``id``."""
    return (
        isinstance(node.value, list)
        and bool(node.value)
        and all(isinstance(entry.value, dict) and "id" in entry.value for entry in node.value)
    )


def parts_of(path: str) -> list[str]:
    """``fields.fax`` or ``/fields/fax`` as its parts."""
    return [part for part in path.replace("/", ".").split(".") if part]


def without(node: Node, parts: list[str]) -> Node | None:
    """The node without what the path names (an entry of a list by its ``id`` or number), or None if it is not there."""
    if not parts:
        return None
    head, rest = parts[0], parts[1:]
    if isinstance(node.value, dict):
        if head not in node.value:
            return None
        value: dict[str, Any] = dict(node.value)
        if rest:
            inner = without(value[head], rest)
            if inner is None:
                return None
            value[head] = inner
        else:
            del value[head]
        return replace(node, value=value)
    if isinstance(node.value, list):
        index = position(node.value, head)
        if index is None:
            return None
        entries = list(node.value)
        if rest:
            inner = without(entries[index], rest)
            if inner is None:
                return None
            entries[index] = inner
        else:
            del entries[index]
        return replace(node, value=entries)
    return None


def position(entries: list[Node], name: str) -> int | None:
    """Which entry of a list is meant: by its ``id``, by its plain text, or by its number from 0."""
    for index, entry in enumerate(entries):
        given = entry.get("id")
        if (given is not None and str(given.value) == name) or entry.value == name:
            return index
    return int(name) if name.isdigit() and int(name) < len(entries) else None


def removed_fields(entity: str, over: Node) -> list[Removed]:
    """The fields of an entity an overlay takes away."""
    asked = over.get("remove")
    found = []
    for path in asked.value if asked is not None and isinstance(asked.value, list) else ():
        parts = parts_of(str(path.value))
        if len(parts) == 2 and parts[0] == "fields":
            found.append(Removed(entity, parts[1], path.where))
    return found


def origins(node: Node) -> Mapping[str, Where]:
    """Where every value of a merged document came from, by its path."""
    return {path: inner.where for path, inner in node.walk()}

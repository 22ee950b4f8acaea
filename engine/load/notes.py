"""What a walk over a document gathers, and how nodes are called in messages. Floor: 5."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Problem, Where
from engine.source.node import Node

#: Looks at one node and notes what is wrong.
Rule = Callable[[Node, "Notes"], None]


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that stands for something else: ``what`` it should be (entity, field, state …), and for a field or the
    like, ``of`` which entity where the text says so itself (else it is the document's)."""

    what: str
    name: str
    where: Where
    of: str | None = None


@dataclass
class Notes:
    """What a walk gathers. ``partial``: an overlay, where nothing is required. ``of``: the entity spoken of."""

    problems: list[Problem] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    partial: bool = False
    of: str | None = None

    def add(self, code: str, where: Where, suggestion: str | None = None, **parameters: Any) -> None:
        """One more problem."""
        self.problems.append(Problem(code, where, parameters=parameters, suggestion=suggestion))


def kind_of(node: Node) -> str:
    """The JSON type of a node's value."""
    value = node.value
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, bool):
        return "boolean"
    if value is None:
        return "null"
    return "integer" if isinstance(value, int) else "number"


def text_of(node: Node) -> str:
    """A scalar as it was written."""
    return node.value if isinstance(node.value, str) else node.raw


def shown(node: Node) -> str:
    """A node in a few words, for a message."""
    if isinstance(node.value, (dict, list)):
        return "{…}" if isinstance(node.value, dict) else "[…]"
    text = text_of(node)
    return text if len(text) <= 40 else text[:39] + "…"


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names for a message, not too many of them."""
    names = list(names)
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def place_of_key(node: Node, key: str) -> Where:
    """Where a key of a map stands."""
    found = node.keys.get(key)
    return found.where if found is not None else node.value[key].where

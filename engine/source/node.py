"""YAML as a tree that remembers where every value stands. Floor: 2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Where


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place.

    ``value`` is a dict[str, Node] for a map, a list[Node] for a list, else str, int, float, bool or None.
    ``raw`` is a scalar's text as written (``0138…`` keeps its zero) and ``quoted`` tells whether it stood in
    quotes. ``start`` and ``end`` are character offsets into the file's text, end exclusive and trimmed to the
    value itself. ``keys`` gives, for a map, the node of each key (its place is where an unknown key is shown).
    ``margin`` is how many characters stand before each line of a ``|`` or ``>`` text, whose first line is the one below.
    """

    value: Any
    where: Where
    raw: str = ""
    quoted: bool = False
    start: int = 0
    end: int = 0
    keys: dict[str, Node] = field(default_factory=dict)
    margin: int = 0

    @property
    def is_map(self) -> bool:
        """True for a YAML mapping."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """True for a YAML sequence."""
        return isinstance(self.value, list)

    @property
    def is_scalar(self) -> bool:
        """True for a single value."""
        return not isinstance(self.value, (dict, list))

    def plain(self) -> Any:
        """The tree without its places: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def get(self, key: str) -> Node | None:
        """The node under ``key`` of a map, or None."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def at(self, path: str) -> Node | None:
        """The node at a JSON-pointer-like path (``/transitions/3/to``), or None."""
        here: Node | None = self
        for part in [p.replace("~1", "/").replace("~0", "~") for p in path.split("/")[1:]]:
            if here is None:
                return None
            if isinstance(here.value, dict):
                here = here.value.get(part)
            elif isinstance(here.value, list) and part.isdigit() and int(part) < len(here.value):
                here = here.value[int(part)]
            else:
                return None
        return here

    def walk(self, path: str = "") -> Iterator[tuple[str, Node]]:
        """Every node below and including this one, with its path."""
        yield path, self
        if isinstance(self.value, dict):
            for key, node in self.value.items():
                yield from node.walk(f"{path}/{key.replace('~', '~0').replace('/', '~1')}")
        elif isinstance(self.value, list):
            for index, node in enumerate(self.value):
                yield from node.walk(f"{path}/{index}")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as read: its path relative to the site, its text, and its documents in order."""

    path: str
    text: str
    documents: tuple[Node, ...]

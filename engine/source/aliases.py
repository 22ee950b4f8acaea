"""Anchors and aliases under bounds: how often, how deep, how large, never in a circle. Floor: 2."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from engine.source.node import Node

MAX_EXPANSIONS = 100
MAX_ALIAS_DEPTH = 20
#: Nodes a file may come to once its aliases are followed.
MAX_NODES = 100_000


class AliasRefused(Exception):
    """``code`` says why; a ``limit`` above 0 means that reading must stop here."""

    def __init__(self, code: str, limit: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.limit = limit


class Cost(NamedTuple):
    """What following a node costs: aliases inside it (followed too), how they nest, height and number of nodes."""

    expansions: int
    alias_depth: int
    height: int
    size: int


class Aliases:
    """The anchors of one document; ``expansions`` and ``size`` are counted over the whole file."""

    def __init__(self, expansions: int = 0, size: int = 0) -> None:
        self.expansions = expansions
        self.size = size
        self._anchors: dict[str, Node | None] = {}
        self._targets: dict[int, Node] = {}
        self._costs: dict[int, Cost] = {}

    def open(self, name: str) -> None:
        """An anchored map or list begins; an alias to it before it is closed would be a circle."""
        self._anchors[name] = None

    def close(self, name: str, node: Node) -> None:
        """The anchor stands for ``node`` from now on."""
        self._anchors[name] = node

    def repeat(self, name: str, here: Node, room: int) -> Node:
        """The anchor's value at the alias's own place (start and end are those of ``*name``).

        ``room`` is how many levels may still be nested. AliasRefused for an unknown name (Y022), a circle (Y021),
        or a passed bound (Y020; nesting Y002).
        """
        if name not in self._anchors:
            raise AliasRefused("Y022")
        target = self._anchors[name]
        if target is None:
            raise AliasRefused("Y021")
        cost = self._cost(target)
        self.expansions += 1 + cost.expansions
        self.size += cost.size
        if self.expansions > MAX_EXPANSIONS:
            raise AliasRefused("Y020", MAX_EXPANSIONS)
        if 1 + cost.alias_depth > MAX_ALIAS_DEPTH:
            raise AliasRefused("Y020", MAX_ALIAS_DEPTH)
        if self.size > MAX_NODES:
            raise AliasRefused("Y020", MAX_NODES)
        if cost.height > room:
            raise AliasRefused("Y002", 64)
        node = replace(target, where=here.where, start=here.start, end=here.end)
        self._targets[id(node)] = target
        self._costs[id(node)] = Cost(1 + cost.expansions, 1 + cost.alias_depth, cost.height, cost.size)
        return node

    def _cost(self, node: Node) -> Cost:
        known = self._costs.get(id(node))
        if known is not None:
            return known
        inside = list(node.value.values()) if isinstance(node.value, dict) else node.value
        if not isinstance(inside, list):
            return Cost(0, 0, 0, 1)
        costs = [self._cost(child) for child in inside]
        cost = Cost(
            sum(one.expansions for one in costs),
            max((one.alias_depth for one in costs), default=0),
            1 + max((one.height for one in costs), default=0),
            1 + sum(one.size for one in costs),
        )
        self._costs[id(node)] = cost
        self._targets[id(node)] = node
        return cost

"""One counting for readers who see different records. Floor: 5.

Most rights go by a column or two: ``owner == me or owner.team == me.team``. Then the records are counted once for everybody, told
apart by those columns, and each reader gets the sum of the parts they may see. Forty salespeople cost one counting, and what
one of them looks at is there for the next.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.expression.parse import Condition, Expression
from engine.model.manifest import Manifest
from engine.runtime.access import stated
from engine.store.query import tally
from engine.store.query.ground import Ground
from engine.store.query.rights import Access
from engine.store.query.tally import Parts, Take

#: Fields with few different values.
FEW = frozenset({"user", "team", "choice", "state", "yes_no"})
#: Columns at most by which parts are told apart.
MOST = 2


class Apart:
    """A reader of an entity whose rights go by ``columns``; ``ground`` is theirs without the limit on its rows, for counting
    only: what is counted there must go through ``seen``."""

    def __init__(self, ground: Ground, entity: str, columns: tuple[str, ...]) -> None:
        own = ground.access(entity)
        wide = replace(own, read=True)

        def access(name: str) -> Access:
            return wide if name == entity else ground.access(name)

        self.columns = columns
        self.ground = replace(ground, access=access, _scopes={})
        self._own = own
        fields = ground.manifest.entities[entity].fields
        self._blank: dict[str, Any] = {"id": None, **dict.fromkeys(fields)}
        self._truths = [fields[name].type == "yes_no" for name in columns]
        self._known: dict[tuple[Any, ...], bool] = {}

    def seen(self, takes: Sequence[Take], parts: Parts, front: int) -> Parts:
        """The parts the reader may see, put together; ``front`` key parts stand before those of the columns."""
        end = front + len(self.columns)
        mine: dict[tuple[Any, ...], Parts] = {}
        for key, values in parts.items():
            cells = key[front:end]
            if self._may(cells):
                mine.setdefault(cells, {})[key[:front] + key[end:]] = values
        return tally.merge(takes, list(mine.values()) or [{}])

    def _may(self, cells: tuple[Any, ...]) -> bool:
        known = self._known.get(cells)
        if known is None:
            values = {
                name: bool(cell) if truth and cell is not None else cell
                for name, truth, cell in zip(self.columns, self._truths, cells, strict=True)
            }
            known = self._known[cells] = self._own.may("read", {**self._blank, **values})
        return known


def apart(ground: Ground, entity: str) -> Apart | None:
    """The reader's rights on an entity as columns; None where they go by more, or where nobody's go by columns."""
    read = ground.access(entity).read
    if read is False or (isinstance(read, Condition) and _columns(ground.manifest, entity, read) is None):
        return None
    columns = columns_of(_Same(ground.manifest), entity)
    if isinstance(read, Condition) and not (_columns(ground.manifest, entity, read) or frozenset()) <= set(columns):
        return None
    return Apart(ground, entity, columns) if columns else None


class _Same:
    """A manifest as a key: the same object, not an equal one."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.manifest is self.manifest

    def __hash__(self) -> int:
        return id(self.manifest)


@functools.lru_cache(maxsize=128)
def columns_of(same: _Same, entity: str) -> tuple[str, ...]:
    """The columns all roles' rights to read an entity go by, of those that go by columns; none when they are too many."""
    found: set[str] = set()
    for role in same.manifest.roles.values():
        read = stated(role, entity).read
        if isinstance(read, Condition):
            found |= _columns(same.manifest, entity, read) or frozenset()
    return tuple(sorted(found)) if len(found) <= MOST else ()


def _columns(manifest: Manifest, entity: str, term: Condition | Expression) -> frozenset[str] | None:
    """The columns of the record a condition looks at; None when it looks at anything else, or calls anything."""
    if isinstance(term, Condition):
        found: set[str] = set()
        for part in term.parts:
            here = _columns(manifest, entity, part)
            if here is None:
                return None
            found |= here
        return frozenset(found)
    fields = manifest.entities[entity].fields
    names = {node.id for node in ast.walk(term.tree) if isinstance(node, ast.Name)} - {"me"}
    if any(isinstance(node, ast.Call | ast.comprehension) for node in ast.walk(term.tree)):
        return None
    if any(name not in fields or fields[name].type not in FEW for name in names):
        return None
    return frozenset(names)

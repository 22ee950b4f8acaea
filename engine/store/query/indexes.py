"""The indexes a site's own views ask for. Floor: 3.

A list is quick when an index holds its rows in its order, behind what the view always asks to be equal: ``owner == me`` sorted by
``next_date`` is one range of an index on (owner, next_date). Views that sort both ways at once, or by a walk, get none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from engine.expression.parse import Condition, Expression
from engine.model.entity import SYSTEM_FIELDS
from engine.model.manifest import Manifest
from engine.model.view import View

#: Columns of one index at most.
WIDEST = 4


def wanted(manifest: Manifest) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """entity -> the columns of each index its views ask for. Of two that begin with the same two columns the first stays:
    within such a short range sorting costs nothing."""
    found: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {}
    for view in manifest.views.values():
        entity = manifest.entities.get(view.entity)
        if entity is None or not view.sort:
            continue
        names = [term.lstrip("-+").strip() for term in view.sort]
        ways = {term.strip().startswith("-") for term in view.sort}
        columns = tuple(dict.fromkeys([*_equal(view), *names]))[:WIDEST]
        known = {**SYSTEM_FIELDS, **entity.fields}
        if len(ways) == 1 and columns[0] != "id" and all(name in known for name in columns):
            found.setdefault(view.entity, {}).setdefault(columns[:2], columns)
    return {name: tuple(each.values()) for name, each in found.items()}


def _equal(view: View) -> Iterator[str]:
    """The field a view pins: a board's group, or the first that its condition demands to be one value."""
    if view.group:
        yield view.group
        return
    for expression in _demanded(view.where_):
        tree = expression.tree
        if isinstance(tree, ast.Compare) and len(tree.ops) == 1 and isinstance(tree.left, ast.Name):
            nothing = isinstance(tree.comparators[0], ast.Constant) and tree.comparators[0].value is None
            if isinstance(tree.ops[0], ast.Eq) or (isinstance(tree.ops[0], ast.Is) and nothing):
                yield tree.left.id
                return


def _demanded(condition: Condition | Expression | None) -> Iterator[Expression]:
    if isinstance(condition, Expression):
        yield condition
    elif condition is not None and not condition.any:
        for part in condition.parts:
            yield from _demanded(part)

"""When an answer changes by time alone, so that it need not be asked again before. Floor: 2.

``hours_since(created_at) >= 48`` turns true for a record 48 hours after it was created and never changes again; what
compares with ``today()`` changes at midnight. Whoever keeps an answer asks for the next such instant beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.expression.operators import SIGNS
from engine.expression.parse import Condition, Expression
from engine.expression.scope import DATE
from engine.expression.sql.compile import Compiler
from engine.expression.sql.dates import number
from engine.expression.sql.scope import SqlScope
from engine.expression.sql.spans import bound_of

#: What has rows of its own: a moment inside is not one of the record's.
INNER = (ast.ListComp, ast.SetComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Moments:
    """``at``: stored instants of the row, at each of which its answer may change; ``daily``: it may change at local midnight."""

    at: tuple[sa.ColumnElement[int], ...] = ()
    daily: bool = False


def moments(term: Expression | Condition, scope: SqlScope) -> Moments | None:
    """The moments of a term; none for one that does not look at the clock, None where they cannot be foreseen."""
    if isinstance(term, Condition):
        found = [moments(part, scope) for part in term.parts]
        known = [each for each in found if each is not None]
        if len(known) < len(found):
            return None
        return Moments(tuple(at for each in known for at in each.at), any(each.daily for each in known))
    compiler = Compiler(term, scope)
    functions = scope.functions
    live = [call for call in _calls(term.tree) if "now" in functions[_name(call)].needs]
    daily = [call for call in live if compiler.type(call) == DATE]
    at: list[Any] = []
    foreseen = {id(call) for call in daily}
    for call, element in _compared(term.tree, compiler) if len(live) > len(daily) else ():
        at.append(element)
        foreseen.add(id(call))
    return Moments(tuple(at), bool(daily)) if all(id(call) in foreseen for call in live) else None


def _compared(tree: ast.expr, compiler: Compiler) -> Iterator[tuple[ast.Call, Any]]:
    """Calls that measure until now and are compared with a number, each with the instant its comparison changes at."""
    for node in _outer(tree):
        if not isinstance(node, ast.Compare):
            continue
        operands = [node.left, *node.comparators]
        for left, sign, right in zip(operands, node.ops, operands[1:], strict=False):
            call = left if isinstance(left, ast.Call) else right
            if not isinstance(call, ast.Call) or "now" not in compiler.ground.functions[_name(call)].needs:
                continue
            found = bound_of(compiler, left, SIGNS[type(sign)], right)
            if found is not None:
                yield call, found[0] + number(found[2])


def _outer(tree: ast.AST) -> Iterator[ast.AST]:
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, INNER):
            yield from _outer(child)


def _calls(tree: ast.expr) -> list[ast.Call]:
    return [each for each in ast.walk(tree) if isinstance(each, ast.Call)]


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""

"""Time measured and compared with a number, as a comparison of instants. Floor: 2.

``hours_since(created_at) >= 48`` is a division for every row; ``created_at <= now - 48h`` is the same, asks less of each
row and is a range of an index. Both give the same answer to the microsecond: the bound is found with the very
division the expression means.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from engine.expression.sql.dates import number
from engine.expression.sql.walker import Walker

TURNED: Mapping[str, str] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
#: Spans up to here are doubles without loss, so the division is monotonous and the bound is exact.
EXACT = 2.0**52


def compared(walker: Walker, left: ast.expr, sign: str, right: ast.expr) -> sa.ColumnElement[bool] | None:
    """The comparison, where one side measures time and the other is a number that is the same for every row."""
    found = bound_of(walker, left, sign, right)
    if found is None:
        return None
    start, end, least, reached = found
    holds: sa.ColumnElement[bool]
    if isinstance(end, sa.BindParameter):
        moment = sa.literal(int(end.value or 0) - least, sa.BigInteger())
        holds = start <= moment if reached else start > moment
    elif isinstance(start, sa.BindParameter):
        moment = sa.literal(int(start.value or 0) + least, sa.BigInteger())
        holds = end >= moment if reached else end < moment
    else:
        holds = end - start >= number(least) if reached else end - start < number(least)
    return holds


def bound_of(walker: Walker, left: ast.expr, sign: str, right: ast.expr) -> tuple[Any, Any, int, bool] | None:
    """(from, to, microseconds, True when the comparison holds from that span on and False when it holds until then)."""
    for node, other, way in ((left, right, sign), (right, left, TURNED.get(sign, ""))):
        if way not in ("<", "<=", ">", ">=") or not walker.fixed(other) or walker.fixed(node):
            continue
        limit = walker.given(other)
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            continue
        measured = walker.measured(node)
        if measured is None or not abs(limit) * int(measured[2]) < EXACT:
            continue
        start, end, unit = measured
        beyond = way in (">", "<=")
        return start, end, _least(float(limit), unit, beyond), way in (">", ">=")
    return None


def _least(limit: float, unit: float, beyond: bool) -> int:
    """The fewest microseconds that are ``limit`` units or more (more, with ``beyond``), by the division of doubles."""

    def enough(span: int) -> bool:
        return span / unit > limit if beyond else span / unit >= limit

    span = round(limit * unit)
    step: Callable[[int], int] = (lambda one: one - 1) if enough(span) else (lambda one: one + 1)
    while enough(span) == enough(step(span)):
        span = step(span)
    return span if enough(span) else step(span)

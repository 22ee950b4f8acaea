"""Comparisons in SQL: NULL is never equal, never more, never in; bare where an index may serve. Floor: 2."""

from __future__ import annotations

import ast
import datetime as dt
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from engine.expression import live
from engine.expression.operators import SIGNS
from engine.expression.scope import DATE, DATETIME, INTEGER, MONEY, NUMBER, NUMERIC, TEXT, Type
from engine.expression.sql import dates, lists, spans
from engine.expression.sql.scope import bind
from engine.expression.sql.walker import Walker, sure

Truth = sa.ColumnElement[bool]

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_TURNED = spans.TURNED

#: Tables so small that asking them first is right on SQLite too; PostgreSQL decides by itself.
_SMALL = frozenset({"user", "team"})


def chain(walker: Walker, node: ast.Compare, exact: bool) -> Truth:
    """``a < b <= c``: every link in order."""
    operands = [node.left, *node.comparators]
    links = [
        _link(walker, one, SIGNS[type(sign)], two, exact)
        for one, sign, two in zip(operands, node.ops, operands[1:], strict=False)
    ]
    return links[0] if len(links) == 1 else sa.and_(*links)


def _link(walker: Walker, left: ast.expr, sign: str, right: ast.expr, exact: bool) -> Truth:
    for side, other in ((right, left), (left, right)):
        if walker.type(side).name == "none" and walker.fixed(side):
            return _emptiness(walker, sign, other) if isinstance(side, ast.Constant) else sa.false()
    if sign in ("in", "not in"):
        return _membership(walker, sign == "in", left, right, exact)
    if any(walker.fixed(side) and walker.given(side) is None for side in (left, right)):
        return sa.false()
    one, two = walker.type(left), walker.type(right)
    if "list" in (one.name, two.name) or "any" in (one.name, two.name):
        raise walker.refuse(
            left if one.name in ("list", "any") else right, "列表比较" if "list" in (one.name, two.name) else "JSON"
        )
    if {one.name, two.name} == {"date", "datetime"}:
        return _days(walker, left, sign, right, exact)
    if not exact and (found := _by_link(walker, left, sign, right)) is not None:
        return found
    if (apart := spans.compared(walker, left, sign, right)) is not None:
        return sure(apart) if exact else apart
    wanted = _meeting(walker, left, right)
    found = _OPERATORS[sign](_side(walker, left, wanted), _side(walker, right, wanted))
    return sure(found) if exact else found


def _emptiness(walker: Walker, sign: str, node: ast.expr) -> Truth:
    if sign not in ("is", "==", "is not", "!="):
        return sa.false()
    positive = sign in ("is", "==")
    if walker.type(node).name == "list":
        exists = lists.rows(walker, node).exists()
        return sa.not_(exists) if positive else exists
    value = walker.value(node)
    return value.is_(None) if positive else value.isnot(None)


def _meeting(walker: Walker, left: ast.expr, right: ast.expr) -> Type | None:
    """The numeric type in which two sides are compared: exact where both are exact."""
    one, two = walker.type(left), walker.type(right)
    if one.name not in NUMERIC or two.name not in NUMERIC or one == two:
        return None
    if {one.name, two.name} == {"money", "integer"}:
        return MONEY
    if {one.name, two.name} == {"money", "number"}:
        number = left if one == NUMBER else right
        return MONEY if _four_places(walker, number) is not None else NUMBER
    return NUMBER


def _four_places(walker: Walker, node: ast.expr) -> Decimal | None:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, float):
        return None
    exact = Decimal(repr(node.value))
    return exact if exact == exact.quantize(live.CENTS) else None


def _side(walker: Walker, node: ast.expr, wanted: Type | None) -> sa.ColumnElement[Any]:
    if wanted == MONEY and (exact := _four_places(walker, node)) is not None:
        return bind(exact, MONEY)
    return walker.value(node, wanted)


def _by_link(walker: Walker, left: ast.expr, sign: str, right: ast.expr) -> Truth | None:
    """``owner.team == me.team`` as ``owner IN (SELECT id …)``, so that an index on the link can serve."""
    for node, other, turned in ((left, right, sign), (right, left, _TURNED[sign])):
        if isinstance(node, ast.Attribute) and walker.fixed(other) and not walker.fixed(node):
            owner = walker.type(node.value)
            if owner.name != "record" or walker.row_of(node.value) is not None:
                continue
            if walker.dialect == "sqlite" and owner.entity not in _SMALL:
                continue
            wanted = _meeting(walker, node, other)
            if wanted is not None and wanted != walker.type(node):
                continue
            bound = _side(walker, other, walker.type(node) if wanted is None else wanted)
            return _asked_first(walker, node, _test(_OPERATORS[turned], bound))
    return None


def _test(sign: Callable[[Any, Any], Any], bound: Any) -> Callable[[Any], Truth]:
    def test(column: Any) -> Truth:
        found: Truth = sign(column, bound)
        return found

    return test


def _asked_first(walker: Walker, node: ast.Attribute, test: Callable[[Any], Truth]) -> Truth:
    entity = walker.type(node.value).entity or ""
    target = walker.ground.tables.table(entity).alias()
    chosen = sa.select(target.c.id).where(test(walker.column(target, node.attr, node)), *walker.visible(entity, target))
    chosen = chosen.correlate_except(target)
    owner = node.value
    if (
        isinstance(owner, ast.Attribute)
        and walker.row_of(owner.value) is None
        and walker.type(owner.value).name == "record"
    ):
        return _asked_first(walker, owner, lambda column: column.in_(chosen))
    return walker.value(owner).in_(chosen)


def _days(walker: Walker, left: ast.expr, sign: str, right: ast.expr, exact: bool) -> Truth:
    """A date beside an instant: both as days of the site's time zone."""
    if walker.type(left) == DATE:
        left, right, sign = right, left, _TURNED[sign]
    zone = walker.ground.environment.timezone
    if walker.fixed(left):
        moment = walker.given(left)
        day = bind(live.as_date(moment, zone), DATE)
        found = _OPERATORS[_TURNED[sign]](walker.value(right), day)
    elif walker.fixed(right):
        found = _day_range(walker.value(left), sign, walker.given(right), zone)
    else:
        day = dates.date_of(dates.days(walker.value(left), zone), walker.dialect)
        found = _OPERATORS[sign](day, walker.value(right))
    return sure(found) if exact else found


def _day_range(column: Any, sign: str, day: dt.date, zone: dt.tzinfo) -> Truth:
    first, after = (bind(_midnight(day + dt.timedelta(days=more), zone), DATETIME) for more in (0, 1))
    if sign == "==":
        return sa.and_(column >= first, column < after)
    if sign == "!=":
        return sa.or_(column < first, column >= after)
    found: Truth = {"<": column < first, ">=": column >= first, ">": column >= after, "<=": column < after}[sign]
    return found


def _midnight(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def _membership(walker: Walker, positive: bool, left: ast.expr, right: ast.expr, exact: bool) -> Truth:
    kind, among = walker.type(left), walker.type(right)
    if walker.fixed(left) and walker.given(left) is None:
        return sa.false()
    if among == TEXT:
        name = "instr" if walker.dialect == "sqlite" else "strpos"
        place = getattr(sa.func, name)(walker.value(right), walker.value(left), type_=sa.BigInteger())
        found = place > 0 if positive else place == 0
        return sure(found) if exact else found
    if among.name != "list":
        raise walker.refuse(right, str(among))
    if walker.fixed(right):
        return _in_given(walker, positive, left, walker.given(right), exact)
    if isinstance(right, ast.List | ast.Tuple | ast.Set):
        return _in_written(walker, positive, left, right, exact)
    value = walker.value(left)
    of = among.of or kind
    if kind.name in NUMERIC and of.name in NUMERIC:
        value = walker.value(left, of)
    held = lists.holds(walker, right, value, of if of.name != "any" else kind)
    if positive:
        return sure(held) if exact else held
    missing = sa.not_(sure(held))
    return missing if _is_literal(left) else sa.and_(value.isnot(None), missing)


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value not in (None, "")


def _in_given(walker: Walker, positive: bool, left: ast.expr, among: Any, exact: bool) -> Truth:
    kind = walker.type(left)
    value = walker.value(left)
    members = [each for each in (among or ()) if each is not None]
    if kind == INTEGER and any(isinstance(each, float | Decimal) for each in members):
        kind, value = NUMBER, walker.value(left, NUMBER)
    if kind == MONEY:
        members = [Decimal(repr(each)) if isinstance(each, float) else each for each in members]
        members = [each for each in members if each == Decimal(each).quantize(live.CENTS)]
    if not members:
        return sa.false() if positive else value.isnot(None)
    bound = [bind(each, kind) for each in members]
    found = value.in_(bound) if positive else value.notin_(bound)
    return sure(found) if exact else found


def _in_written(
    walker: Walker, positive: bool, left: ast.expr, among: ast.List | ast.Tuple | ast.Set, exact: bool
) -> Truth:
    equal = [_link(walker, left, "==", element, True) for element in among.elts]
    if positive:
        return sa.or_(*equal)
    value = walker.value(left)
    return sa.and_(value.isnot(None), *(sa.not_(each) for each in equal))

"""Arithmetic on stored values, rounding and dividing as Python does. Floor: 2.

Division by zero gives NULL: a query over a million rows must not fail for one of them. In Python the same record raises
ExpressionError; either way the branch is not taken.
"""

from __future__ import annotations

import ast
from typing import Any

import sqlalchemy as sa

from engine.expression.operators import SIGNS
from engine.expression.scope import DATE, INTEGER, MONEY, NUMBER, NUMERIC, TEXT, Type
from engine.expression.sql import dates
from engine.expression.sql.elements import FloorDivided, Remainder, Rounded
from engine.expression.sql.walker import Walker

Column = sa.ColumnElement[Any]
SCALE = dates.number(10_000)


def double(value: Column) -> Column:
    """The value as a double."""
    return sa.cast(value, sa.Double())


def real(value: float) -> Column:
    """A double written into the statement."""
    return sa.literal_column(repr(float(value)), sa.Double())


def convert(value: Column, kind: Type, wanted: Type) -> Column:
    """A stored number in the stored form of another numeric type; anything else as it is."""
    if kind == wanted or kind.name not in NUMERIC or wanted.name not in NUMERIC:
        return value
    if wanted == MONEY:
        return value * SCALE if kind == INTEGER else Rounded(double(value) * SCALE)
    if wanted == NUMBER:
        return _over(double(value), double(SCALE)) if kind == MONEY else double(value)
    return value


def _over(left: Column, right: Column) -> Column:
    return left.op("/", precedence=8, return_type=sa.Double())(right)


def _divided(left: Column, right: Column) -> Column:
    return _over(double(left), sa.func.nullif(double(right), sa.literal_column("0.0"), type_=sa.Double()))


def operation(walker: Walker, node: ast.BinOp) -> Column:
    """``left operator right``."""
    left, right, sign = walker.type(node.left), walker.type(node.right), SIGNS[type(node.op)]
    names = {left.name, right.name}
    if "none" in names:
        return sa.null()
    if names <= NUMERIC:
        if sign == "**":
            return _power(walker, node)
        return _numbers(walker, node, sign, left, right)
    if left == right == TEXT and sign == "+":
        return walker.value(node.left).concat(walker.value(node.right))
    if names & {"date", "datetime", "duration"} and "any" not in names:
        return _times(walker, node, sign, left, right)
    raise walker.refuse(node, sign)


def _numbers(walker: Walker, node: ast.BinOp, sign: str, left: Type, right: Type) -> Column:
    if MONEY in (left, right):
        return _money(walker, node, sign, left, right)
    one, two = walker.value(node.left), walker.value(node.right)
    if sign == "/":
        return _divided(one, two)
    if sign == "//":
        return FloorDivided(one, sa.func.nullif(two, dates.number(0)))
    if sign == "%":
        return Remainder(one, sa.func.nullif(two, dates.number(0)))
    if NUMBER in (left, right):
        one, two = convert(one, left, NUMBER), convert(two, right, NUMBER)
    return one + two if sign == "+" else one - two if sign == "-" else one * two


def _money(walker: Walker, node: ast.BinOp, sign: str, left: Type, right: Type) -> Column:
    if sign in "+-":
        one, two = walker.value(node.left, MONEY), walker.value(node.right, MONEY)
        return one + two if sign == "+" else one - two
    one, two = walker.value(node.left), walker.value(node.right)
    if sign == "*":
        return one * two if INTEGER in (left, right) else Rounded(double(one) * double(two))
    quotient = _divided(one, two)
    return quotient if right == MONEY else Rounded(quotient)


def _power(walker: Walker, node: ast.BinOp) -> Column:
    exponent = walker.given(node.right) if walker.fixed(node.right) else None
    if not isinstance(exponent, int) or not 1 <= exponent <= 4:
        raise walker.refuse(node, "**")
    base = walker.value(node.left)
    found = base
    for _ in range(exponent - 1):
        found = found * base
    return found


def _times(walker: Walker, node: ast.BinOp, sign: str, left: Type, right: Type) -> Column:
    one, two = walker.value(node.left), walker.value(node.right)
    if sign == "*":
        return Rounded(double(one) * double(two))
    if sign == "/":
        return _divided(one, two) if left == right else Rounded(_divided(one, two))
    if left == right == DATE:
        apart = dates.days_of(one, walker.dialect) - dates.days_of(two, walker.dialect)
        return apart * dates.number(dates.DAY)
    if DATE in (left, right):
        day, span = (one, two) if left == DATE else (two, one)
        whole = FloorDivided(span, dates.number(dates.DAY))
        days = dates.days_of(day, walker.dialect)
        return dates.date_of(days - whole if sign == "-" else days + whole, walker.dialect)
    return one - two if sign == "-" else one + two

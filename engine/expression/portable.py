"""What of an expression no database can compute, told from its types alone. Floor: 2.

The truth is ``engine.expression.sql.refusals``, which tries; this is what a lint of five hundred documents can afford,
for it loads no SQLAlchemy. A test holds that the two agree. Functions without an SQL side (X040) are not looked at here.
"""

from __future__ import annotations

import ast

from engine.errors import Problem
from engine.expression.check import Notes, annotate
from engine.expression.operators import SIGNS
from engine.expression.parse import Condition, Expression, place_of
from engine.expression.scope import YES_NO, Functions, Scope

#: Names that mean the same for every row.
GIVEN = frozenset({"me", "param"})


def not_portable(
    term: Expression | Condition, scope: Scope, functions: Functions, value: bool = False
) -> list[Problem]:
    """Every X041 of a term that a list, filter or metric computes in the database. ``value`` asks for a value (a column, a
    group, a sum) instead of a condition."""
    if isinstance(term, Condition):
        return [problem for part in term.parts for problem in not_portable(part, scope, functions)]
    notes = annotate(term, scope, functions)
    if notes.problems:
        return []
    found = [
        (node, what) for node in ast.walk(term.tree) if _varies(node, functions) and (what := _reason(node, notes))
    ]
    asked = _asked(term.tree, notes, value)
    found += [
        (node, "and / or" if isinstance(node, ast.BoolOp) else "if … else")
        for node in ast.walk(term.tree)
        if isinstance(node, ast.BoolOp | ast.IfExp)
        and notes.types[node].name in ("any", "list")
        and id(node) not in asked
        and _varies(node, functions)
    ]
    if value and notes.types[term.tree].name == "list" and _varies(term.tree, functions):
        found.append((term.tree, "列表"))
    return [Problem("X041", place_of(term, node), parameters={"what": what}) for node, what in found]


def _asked(tree: ast.expr, notes: Notes, value: bool) -> set[int]:
    """The parts that are only asked whether they hold, by their identity: what they give beside that is of no matter."""
    found: set[int] = set()

    def mark(node: ast.expr) -> None:
        found.add(id(node))
        if isinstance(node, ast.BoolOp):
            for part in node.values:
                mark(part)
        elif isinstance(node, ast.IfExp):
            mark(node.body)
            mark(node.orelse)

    if not value:
        mark(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            mark(node.operand)
        elif isinstance(node, ast.IfExp):
            mark(node.test)
        elif isinstance(node, ast.comprehension):
            for test in node.ifs:
                mark(test)
        elif isinstance(node, ast.BoolOp) and notes.types[node] == YES_NO:
            mark(node)
    return found


def _varies(node: ast.AST, functions: Functions) -> bool:
    """True when the node's value may differ from row to row."""
    called = {id(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id not in GIVEN and id(each) not in called:
            return True
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
            callee = functions.get(each.func.id)
            if callee is not None and {"history", "record"} & set(callee.needs):
                return True
    return False


def _reason(node: ast.AST, notes: Notes) -> str | None:
    if isinstance(node, ast.Dict):
        return "{…}"
    if isinstance(node, ast.Compare):
        return _comparison(node, notes)
    if isinstance(node, ast.BinOp):
        return _operation(node, notes)
    if isinstance(node, ast.Attribute):
        return f".{node.attr}" if notes.types[node.value].name == "any" and not _is_given(node.value) else None
    if isinstance(node, ast.Subscript):
        return _subscript(node, notes)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        return "[… for …]" if notes.types[node.elt].name in ("list", "any") else None
    return None


def _is_given(node: ast.AST) -> bool:
    return all(each.id in GIVEN for each in ast.walk(node) if isinstance(each, ast.Name))


def _comparison(node: ast.Compare, notes: Notes) -> str | None:
    sides = [node.left, *node.comparators]
    for one, operator, other in zip(sides, node.ops, sides[1:], strict=False):
        kinds = [notes.types[one].name, notes.types[other].name]
        if isinstance(operator, ast.In | ast.NotIn | ast.Is | ast.IsNot) or "none" in kinds:
            continue
        if "list" in kinds:
            return "列表比较"
        if any(kind == "any" and not _is_given(side) for kind, side in zip(kinds, (one, other), strict=True)):
            return "JSON"
    return None


def _operation(node: ast.BinOp, notes: Notes) -> str | None:
    kinds, sign = {notes.types[node.left].name, notes.types[node.right].name}, SIGNS[type(node.op)]
    if isinstance(node.op, ast.Pow):
        exponent = node.right.value if isinstance(node.right, ast.Constant) else None
        return None if type(exponent) is int and 1 <= exponent <= 4 else "**"
    if kinds == {"text", "integer"} or kinds == {"list"}:
        return sign
    return (
        sign
        if "any" in kinds
        and any(notes.types[side].name == "any" and not _is_given(side) for side in (node.left, node.right))
        else None
    )


def _subscript(node: ast.Subscript, notes: Notes) -> str | None:
    owner = notes.types[node.value]
    if isinstance(node.slice, ast.Slice):
        places = [end for end in (node.slice.lower, node.slice.upper) if end is not None]
        return None if owner.name == "text" and all(map(_is_place, places)) else "[]"
    if owner.name == "list":
        return "[]" if owner.of is None or owner.of.name == "record" or not _is_place(node.slice) else None
    return None if owner.name == "text" and _is_place(node.slice) else "[]"


def _is_place(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value >= 0

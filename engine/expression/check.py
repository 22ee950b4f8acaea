"""Checks a parsed expression against a scope and notes every node's type. Floor: 2."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Problem, Where, nearest
from engine.expression import operators
from engine.expression.parse import Condition, Expression, attribute_place, place_of
from engine.expression.scope import (
    ADDRESS_PARTS,
    ANY,
    INTEGER,
    NONE,
    NUMBER,
    TEXT,
    YES_NO,
    Functions,
    Scope,
    Type,
    join,
    list_of,
)


@dataclass(slots=True)
class Notes:
    """What the checker learnt: the type of every node, literals that mean something else than text (a duration, a
    time of day), and the problems."""

    types: dict[ast.AST, Type] = field(default_factory=dict)
    literals: dict[ast.AST, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def check(expression: Expression | Condition, scope: Scope, functions: Functions) -> tuple[Type, list[Problem]]:
    """The type of the result and every problem found, in the order of their places; a Condition gives yes_no."""
    if isinstance(expression, Condition):
        found = [problem for part in expression.parts for problem in check(part, scope, functions)[1]]
        return YES_NO, found
    notes = annotate(expression, scope, functions)
    ordered = sorted(notes.problems, key=lambda p: (p.where.line, p.where.column))
    return notes.types[expression.tree], ordered


def annotate(expression: Expression, scope: Scope, functions: Functions) -> Notes:
    """The types of all nodes of the expression, for the evaluator and the SQL compiler."""
    walker = Checker(expression, scope, functions)
    walker.visit(expression.tree, {})
    return walker.notes


class Checker:
    """One walk over one expression; ``bound`` are the comprehension variables in force."""

    def __init__(self, expression: Expression, scope: Scope, functions: Functions) -> None:
        self.expression, self.scope, self.functions = expression, scope, functions
        self.notes = Notes()

    def visit(self, node: ast.expr, bound: Mapping[str, Type]) -> Type:
        """The node's type, noted; ANY after a problem, so that one mistake is told once."""
        method = getattr(self, f"_{type(node).__name__.lower()}")
        found: Type = method(node, bound)
        self.notes.types[node] = found
        return found

    def problem(self, code: str, where: Where | ast.AST, suggestion: str | None = None, **parameters: Any) -> Type:
        """Note a problem and carry on as if the type were unknown."""
        place = where if isinstance(where, Where) else place_of(self.expression, where)
        for name, value in list(parameters.items()):
            if isinstance(value, Type):
                parameters[name], parameters[f"{name}_en"] = operators.shown(value)
        self.notes.problems.append(Problem(code, place, parameters=parameters, suggestion=suggestion))
        return ANY

    def _constant(self, node: ast.Constant, bound: Mapping[str, Type]) -> Type:
        value = node.value
        if value is None or value == "" and isinstance(value, str):
            return NONE
        if isinstance(value, bool):
            return YES_NO
        return TEXT if isinstance(value, str) else INTEGER if isinstance(value, int) else NUMBER

    def _name(self, node: ast.Name, bound: Mapping[str, Type]) -> Type:
        found = bound.get(node.id) or self.scope.names.get(node.id)
        if found is not None:
            return found
        if node.id in self.functions:
            return self.problem("X001", node, near=node.id, suggestion=f"{node.id}()")
        known = [*bound, *self.scope.names, "True", "False", "None"]
        return self.problem("X013", node, nearest(node.id, known), name=node.id)

    def _attribute(self, node: ast.Attribute, bound: Mapping[str, Type]) -> Type:
        where = attribute_place(self.expression, node)
        if isinstance(node.value, ast.Name) and node.value.id == "param" and "param" not in bound:
            self.notes.types[node.value] = ANY
            if node.attr in self.scope.parameters:
                return self.scope.parameters[node.attr]
            if "param" in self.scope.names or self.scope.parameters:
                return self.problem("X029", where, nearest(node.attr, self.scope.parameters), name=node.attr)
        owner = self.visit(node.value, bound)
        if owner.name == "any":
            return ANY
        if owner.name == "record":
            fields = self.scope.fields(owner.entity)
            if node.attr in fields:
                return fields[node.attr]
            return self.problem("X014", where, nearest(node.attr, fields), entity=owner.entity, name=node.attr)
        if owner.name == "address":
            if node.attr in ADDRESS_PARTS:
                return TEXT
            return self.problem("X014", where, nearest(node.attr, ADDRESS_PARTS), entity="address", name=node.attr)
        zh, en = f"去掉 .{node.attr}", f"leave out .{node.attr}"
        if owner.name == "list":
            zh, en = f"写 [x.{node.attr} for x in …]", f"write [x.{node.attr} for x in …]"
        return self.problem("X022", where, given=owner, name=node.attr, hint_zh=zh, hint_en=en)

    def _boolop(self, node: ast.BoolOp, bound: Mapping[str, Type]) -> Type:
        found: Type | None = None
        for value in node.values:
            here = self.visit(value, bound)
            found = here if found is None else join(found, here) or ANY
        return found or ANY

    def _unaryop(self, node: ast.UnaryOp, bound: Mapping[str, Type]) -> Type:
        operand = self.visit(node.operand, bound)
        if isinstance(node.op, ast.Not):
            return YES_NO
        if operand.name in ("number", "integer", "money", "duration", "any", "none"):
            return operand
        return self.problem("X019", node, left=operand, right=operand, sign="-")

    def _binop(self, node: ast.BinOp, bound: Mapping[str, Type]) -> Type:
        left, right = self.visit(node.left, bound), self.visit(node.right, bound)
        left, right = operators.adapt(self, node.left, left, right), operators.adapt(self, node.right, right, left)
        found = operators.result(node.op, left, right)
        if found is None:
            sign = operators.SIGNS[type(node.op)]
            code = "X025" if isinstance(node.op, ast.Mod) and left == TEXT else "X019"
            return self.problem(code, node, left=left, right=right, sign=sign)
        return found

    def _compare(self, node: ast.Compare, bound: Mapping[str, Type]) -> Type:
        left, here = node.left, self.visit(node.left, bound)
        for operator, right in zip(node.ops, node.comparators, strict=True):
            there = self.visit(right, bound)
            operators.compare(self, operator, left, here, right, there)
            left, here = right, self.notes.types[right]
        return YES_NO

    def _ifexp(self, node: ast.IfExp, bound: Mapping[str, Type]) -> Type:
        self.visit(node.test, bound)
        one, other = self.visit(node.body, bound), self.visit(node.orelse, bound)
        found = join(one, other)
        return found if found is not None else ANY

    def _list(self, node: ast.List | ast.Tuple | ast.Set, bound: Mapping[str, Type]) -> Type:
        of: Type | None = None
        for element in node.elts:
            here = self.visit(element, bound)
            of = here if of is None else join(of, here) or ANY
        return list_of(of or ANY)

    _tuple = _list
    _set = _list

    def _dict(self, node: ast.Dict, bound: Mapping[str, Type]) -> Type:
        for part in (*node.keys, *node.values):
            if part is not None:
                self.visit(part, bound)
        return ANY

    def _listcomp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, bound: Mapping[str, Type]) -> Type:
        inner = dict(bound)
        for loop in node.generators:
            source = self.visit(loop.iter, inner)
            assert isinstance(loop.target, ast.Name)
            of = source.of if source.name == "list" and source.of else ANY
            if source.name not in ("list", "any"):
                self.problem("X021", loop.iter, given=source)
            inner[loop.target.id] = of
            self.notes.types[loop.target] = of
            for test in loop.ifs:
                self.visit(test, inner)
        return list_of(self.visit(node.elt, inner))

    _setcomp = _listcomp
    _generatorexp = _listcomp

    def _subscript(self, node: ast.Subscript, bound: Mapping[str, Type]) -> Type:
        owner = self.visit(node.value, bound)
        if isinstance(node.slice, ast.Slice):
            for end in (node.slice.lower, node.slice.upper):
                if end is not None:
                    self.visit(end, bound)
            self.notes.types[node.slice] = ANY
            if owner.name in ("text", "list", "any"):
                return TEXT if owner == TEXT else owner
            return self.problem("X021", node, given=owner)
        index = self.visit(node.slice, bound)
        if owner.name == "any":
            return ANY
        if owner.name in ("text", "list"):
            if index.name not in ("integer", "any"):
                return self.problem("X019", node.slice, left=owner, right=index, sign="[]")
            return TEXT if owner == TEXT else owner.of or ANY
        return self.problem("X021", node, given=owner)

    def _call(self, node: ast.Call, bound: Mapping[str, Type]) -> Type:
        assert isinstance(node.func, ast.Name)
        arguments = [self.visit(argument, bound) for argument in node.args]
        words = {word.arg or "": self.visit(word.value, bound) for word in node.keywords}
        callee = self.functions.get(node.func.id)
        if callee is None:
            near = nearest(node.func.id.lower(), self.functions)
            return self.problem("X015", node.func, near, name=node.func.id)
        operators.arguments(self, node, callee, arguments, words)
        found: Type = callee.returns(arguments)
        return found

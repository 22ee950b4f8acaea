"""Writes an expression as the text of one Python function. Floor: 2.

The text holds only what is written here: names become subscripts of one mapping, functions and literals globals of the
code's own. Empty values are tested where a value may be empty and nowhere else: that is what makes it as fast as a
hand-written lambda. A comprehension's source may hold no walrus, so there the slower general operators stand.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.expression import live
from engine.expression.check import Notes
from engine.expression.operators import SIGNS
from engine.expression.scope import MONEY, NUMERIC, YES_NO, Functions, Scope, Type

_ENVIRONMENT = {"now": "e.now()", "timezone": "e.timezone", "record": "n", "environment": "e"}
_INLINE = frozenset({"text", "number", "integer", "money", "date", "datetime", "time", "duration", "yes_no"})


class Writer:
    """One expression's text; ``constants`` are the globals it needs."""

    def __init__(self, scope: Scope, functions: Functions, notes: Notes) -> None:
        self.scope, self.functions, self.notes = scope, functions, notes
        self.constants: dict[str, Any] = {
            "walk": live.walk, "rows": live.rows, "every": live.every, "pick": live.pick, "each": live.each,
            "distinct": live.distinct,
            "as_date": live.as_date, "money": live.money, "calculate": live.calculate, "compare": live.compare,
            "member": live.member, "within": live.within, "at": live.at, "part": live.part, "extra": live.extra,
            "done": live.done, "ident": live.ident, "rounds": live.MAX_ROUNDS, "power": live.power,
            "history_of": live.history_of,
            "__builtins__": {"float": float, "tuple": tuple, "dict": dict, "str": str},
        }  # fmt: skip
        self.count = 0
        self.sources = 0
        self.bound: dict[str, str] = {}
        self.loops = False

    def function(self, tree: ast.expr, truth: bool = False) -> str:
        """The text of ``run(e)``; for a condition (``truth``) of one that gives True or False."""
        result = self._result(tree)
        if truth and not _is_truth(tree):
            result = f"True if ({result}) else False"
        budget = "  b = [rounds]\n" if self.loops else ""
        return (
            f"def run(e):\n  n = e.names\n{budget}  try:\n    return {result}\n"
            "  except wrong as x:\n    error = x\n  return fail(e, error)\n"
        )

    def _result(self, tree: ast.expr) -> str:
        """The value within its bounds; what most values are is seen here, ``done`` looks at the rest."""
        body = self.write(tree)
        if self._is_bounded(tree):
            return body
        if self._type(tree).name == "number":
            most = repr(live.LARGEST)
            return f"r if (r := {body}).__class__ is float and -{most} <= r <= {most} or r is None else done(r)"
        return f"r if (r := {body}) is None else done(r)"

    def _is_bounded(self, node: ast.expr) -> bool:
        """True when the result cannot be too big: a truth, a stored number or date, one of two of those."""
        if isinstance(node, ast.IfExp):
            return self._is_bounded(node.body) and self._is_bounded(node.orelse)
        if isinstance(node, ast.Compare) or isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return True
        if isinstance(node, ast.BoolOp):
            return self._type(node) == YES_NO
        stored = isinstance(node, ast.Name | ast.Attribute | ast.Constant)
        return stored and self._type(node).name in _INLINE | {"record", "none"} and self._type(node).name != "text"

    def write(self, node: ast.expr) -> str:
        """The text of one node's value."""
        if node in self.notes.literals:
            return self._keep(self.notes.literals[node])
        text: str = getattr(self, f"_{type(node).__name__.lower()}")(node)
        return text

    def _type(self, node: ast.AST) -> Type:
        return self.notes.types[node]

    def _keep(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _temporary(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def _may_be_empty(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            return node.value is None or node.value == ""
        if isinstance(node, ast.Compare | ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.List | ast.Tuple):
            return False
        if isinstance(node, ast.UnaryOp):
            return not isinstance(node.op, ast.Not) and self._may_be_empty(node.operand)
        if isinstance(node, ast.BoolOp):
            return self._type(node) != YES_NO
        if isinstance(node, ast.IfExp):
            return self._may_be_empty(node.body) or self._may_be_empty(node.orelse)
        if isinstance(node, ast.BinOp):
            return self._may_be_empty(node.left) or self._may_be_empty(node.right)
        return True

    def _once(self, node: ast.expr) -> tuple[str, str, bool]:
        """How to compute the node, how to name it afterwards, whether it may be empty."""
        text = self.write(node)
        if isinstance(node, ast.Constant):
            return text, text, self._may_be_empty(node)
        name = self._temporary()
        return f"({name} := {text})", name, self._may_be_empty(node)

    def _constant(self, node: ast.Constant) -> str:
        return "None" if node.value == "" else repr(node.value)

    def _name(self, node: ast.Name) -> str:
        if node.id in self.bound:
            return self.bound[node.id]
        if _of_records(self._type(node)) and self.scope.is_own(node.id):
            return f"rows(e, {self.scope.entity!r}, n, {node.id!r})"
        return f"n[{node.id!r}]"

    def _attribute(self, node: ast.Attribute) -> str:
        owner = self._type(node.value)
        inner = self.write(node.value)
        if owner.name == "record" and _of_records(self._type(node)):
            return f"rows(e, {owner.entity!r}, {inner}, {node.attr!r})"
        step = f"walk(e, {owner.entity!r}, " if owner.name == "record" else "pick("
        # A record at hand is a dictionary, a map is one: what is in it is taken without a call.
        first, again = inner, inner
        if not isinstance(node.value, ast.Name) or node.value.id not in self.bound:
            if self.sources:
                return f"{step}{inner}, {node.attr!r})"
            again = self._temporary()
            first = f"({again} := {inner})"
        other = f"{step}{again}, {node.attr!r})"
        return f"({again}.get({node.attr!r}) if {first}.__class__ is dict else {other})"

    def _boolop(self, node: ast.BoolOp) -> str:
        word = " and " if isinstance(node.op, ast.And) else " or "
        parts = [self.write(value) for value in node.values]
        if self._type(node) == YES_NO:
            parts = [
                f"({text} or False)" if self._may_be_empty(value) else text
                for text, value in zip(parts, node.values, strict=True)
            ]
        text = f"({word.join(parts)})"
        mixed = self._type(node) == MONEY and any(self._type(value) != MONEY for value in node.values)
        return f"money{text}" if mixed else text

    def _unaryop(self, node: ast.UnaryOp) -> str:
        if isinstance(node.op, ast.Not):
            return f"(not {self.write(node.operand)})"
        sign = "-" if isinstance(node.op, ast.USub) else "+"
        if not self._may_be_empty(node.operand):
            return f"({sign}{self.write(node.operand)})"
        if self.sources or self._type(node.operand).name == "any":
            return f"calculate('*', {sign}1, {self.write(node.operand)})"
        first, again, _ = self._once(node.operand)
        return f"(None if {first} is None else {sign}{again})"

    def _binop(self, node: ast.BinOp) -> str:
        sign = SIGNS[type(node.op)]
        left, right = self._type(node.left), self._type(node.right)
        if sign == "**":
            return f"power({self.write(node.left)}, {self.write(node.right)})"
        if self.sources or not self._is_plain(sign, left, right):
            return f"calculate({sign!r}, {self.write(node.left)}, {self.write(node.right)})"
        tests, sides = [], []
        for side in (node.left, node.right):
            if self._may_be_empty(side):
                first, again, _ = self._once(side)
                tests.append(f"{first} is None")
                sides.append(again)
            else:
                sides.append(self.write(side))
        text = f"{sides[0]} {sign} {sides[1]}"
        return f"(None if {' or '.join(tests)} else {text})" if tests else f"({text})"

    def _is_plain(self, sign: str, left: Type, right: Type) -> bool:
        """True when Python's own operator does exactly what the language says."""
        if left.name in NUMERIC and right.name in NUMERIC:
            return MONEY not in (left, right) or (left == right and sign in "+-")
        names = {left.name, right.name}
        return sign in "+-" and names <= {"date", "datetime", "duration"}

    def _ifexp(self, node: ast.IfExp) -> str:
        body, other = self._as(node.body, node), self._as(node.orelse, node)
        return f"({body} if {self.write(node.test)} else {other})"

    def _as(self, node: ast.expr, whole: ast.expr) -> str:
        text = self.write(node)
        return f"money({text})" if self._type(whole) == MONEY != self._type(node) else text

    def _list(self, node: ast.List | ast.Tuple | ast.Set) -> str:
        return "(" + "".join(f"{self.write(element)}, " for element in node.elts) + ")"

    _tuple = _list

    def _set(self, node: ast.Set) -> str:
        return f"distinct({self._list(node)})"

    def _dict(self, node: ast.Dict) -> str:
        pairs = zip(node.keys, node.values, strict=True)
        return "{" + ", ".join(f"{self.write(k)}: {self.write(v)}" for k, v in pairs if k is not None) + "}"

    def _listcomp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> str:
        self.loops = True
        outer, unless_empty = dict(self.bound), ""
        clauses: list[str] = []
        for loop in node.generators:
            self.sources += 1
            source = self._source(loop.iter)
            self.sources -= 1
            if not clauses and not self.sources:
                # Most lists behind a field are empty, and a comprehension is a function to make and to call.
                lot = self._temporary()
                unless_empty, source = f" if ({lot} := {source}) else []", lot
            assert isinstance(loop.target, ast.Name)
            self.count += 1
            self.bound[loop.target.id] = f"v{self.count}"
            clauses.append(f"for v{self.count} in {source}")
            clauses += [f"if {self.write(test)}" for test in loop.ifs]
        text = f"[{self.write(node.elt)} {' '.join(clauses)}]"
        self.bound = outer
        return f"({text}{unless_empty})" if unless_empty else text

    def _source(self, node: ast.expr) -> str:
        text = self.write(node)
        # The records behind a field and their count against the budget: one call.
        return f"every({text[5:-1]}, b)" if text.startswith("rows(") else f"each({text}, b)"

    _generatorexp = _listcomp

    def _setcomp(self, node: ast.SetComp) -> str:
        return f"distinct({self._listcomp(node)})"

    def _subscript(self, node: ast.Subscript) -> str:
        if isinstance(node.slice, ast.Slice):
            low, high = (self.write(end) if end else "None" for end in (node.slice.lower, node.slice.upper))
            return f"part({self.write(node.value)}, {low}, {high})"
        return f"at({self.write(node.value)}, {self.write(node.slice)})"

    def _call(self, node: ast.Call) -> str:
        assert isinstance(node.func, ast.Name)
        callee = self.functions[node.func.id]
        words: Mapping[str, str] = {w.arg or "": self.write(w.value) for w in node.keywords}
        given = [self.write(argument) for argument in node.args]
        given += [f"{word}={text}" for word, text in words.items()]
        for need in callee.needs:
            found = _ENVIRONMENT.get(need) or f"extra(e, {need!r}, {callee.name!r})"
            if need == "history":
                found = f"history_of(e, {self.scope.entity!r}, {callee.name!r})"
            given.append(f"{need}={found}")
        name, sign = self._keep(callee.call), getattr(callee, "sign", None)
        if sign and len(node.args) == 2 and not self.sources:
            one, two = node.args
            if isinstance(one, ast.Constant) and type(one.value) in (int, float) and self._type(two).name == "number":
                # A bound: ``min(100, …)``. What is no float the function looks at.
                value = self._temporary()
                test, given[1] = f"({value} := {given[1]}).__class__ is float", value
                return f"(({value} if {value} {sign} {given[0]} else {given[0]}) if {test} else {name}({', '.join(given)}))"
        return f"{name}({', '.join(given)})"

    def _compare(self, node: ast.Compare) -> str:
        operands = [node.left, *node.comparators]
        links = [self._link(a, op, b) for a, op, b in zip(operands, node.ops, operands[1:], strict=False)]
        return links[0] if len(links) == 1 else f"({' and '.join(links)})"

    def _link(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
        sign = SIGNS[type(operator)]
        for side, other in ((right, left), (left, right)):
            if self._type(side).name == "none" and isinstance(side, ast.Constant):
                if sign in ("in", "not in"):
                    return "False"
                return self._emptiness(sign, other)
        if sign in ("in", "not in"):
            return self._membership(sign, left, right)
        one, two = self._type(left), self._type(right)
        if MONEY in (one, two):
            texts = [self._money_side(left, two), self._money_side(right, one)]
            exact = all(text is not None for text in texts)
            if not exact:
                return self._general(sign, left, right)
        elif not inline(one, two) and not self._are_ids(left, right):
            return self._general(sign, left, right)
        return self._general(sign, left, right) if self.sources else self._inline(sign, left, right)

    def _money_side(self, node: ast.expr, other: Type) -> str | None:
        """Something that compares exactly with money: money, a whole number, a literal with four places."""
        kind = self._type(node)
        if kind.name in ("money", "integer"):
            return ""
        if kind.name == "number" and other == MONEY and (exact := self.literal_money(node)) is not None:
            self.notes.literals[node] = exact
            return ""
        return None

    def _are_ids(self, left: ast.expr, right: ast.expr) -> bool:
        return (
            self._type(left).name == "record"
            and self._type(right).name in ("record", "integer")
            or (self._type(left).name == "integer" and self._type(right).name == "record")
        )

    def _general(self, sign: str, left: ast.expr, right: ast.expr) -> str:
        return f"compare({sign!r}, {self.write(left)}, {self.write(right)}, e.timezone)"

    def _inline(self, sign: str, left: ast.expr, right: ast.expr) -> str:
        tests, sides = [], []
        empty = [self._may_be_empty(left), self._may_be_empty(right)]
        for index, side in enumerate((left, right)):
            text = self._ident(side)
            if not empty[index] or (sign == "==" and not empty[1 - index]):
                sides.append(text)  # None == 'new' is false by itself
                continue
            name = self._temporary()
            tests.append(f"({name} := {text}) is not None and ")
            sides.append(name)
        return f"({''.join(tests)}{sides[0]} {sign} {sides[1]})"

    def _ident(self, node: ast.expr) -> str:
        """The value; of a record its id, which a link field of the own record already is."""
        text = self.write(node)
        if self._type(node).name != "record":
            return text
        link = isinstance(node, ast.Name) and node.id not in self.bound and self.scope.is_own(node.id)
        return text if link and text.startswith("n[") else f"ident({text})"

    def _emptiness(self, sign: str, node: ast.expr) -> str:
        if sign not in ("is", "==", "is not", "!="):
            return "False"
        positive = sign in ("is", "==")
        if not self._may_be_empty(node) and self._type(node).name != "list":
            return str(not positive)
        text = self.write(node)
        if self._type(node).name == "list":
            return f"(not {text})" if positive else f"(True if {text} else False)"
        return f"({text} {'is' if positive else 'is not'} None)"

    def _membership(self, sign: str, left: ast.expr, right: ast.expr) -> str:
        kind, plain = self._type(left), inline(self._type(left), self._type(left))
        if plain and kind != MONEY and not self.sources and _literals(right):
            if sign == "in":
                return f"({self.write(left)} in {self.write(right)})"
            first, again, _ = self._once(left)
            return f"({first} is not None and {again} not in {self.write(right)})"
        among = self._type(right)
        named = isinstance(right, ast.Name) and not isinstance(left, ast.Constant) and not self.sources
        # A name costs nothing and cannot fail, so it need not be looked at where the text is empty.
        if named and kind.name == "text" and among.name == "list":
            first, again, _ = self._once(left)
            second, lot, _ = self._once(right)
            test = f"{second}.__class__ is tuple and {again}.__class__ is str"
            other = f"within({again}, {lot}) is {sign == 'in'}"
            return f"({first} is not None and ({again} {sign} {lot} if {test} else {other}))"
        call = "within" if among.name == "list" else "member"
        wanted = "True" if sign == "in" else "False"
        return f"({call}({self.write(left)}, {self.write(right)}) is {wanted})"

    def literal_money(self, node: ast.expr) -> Decimal | None:
        """A number written in the expression as exact money, where it has at most four places."""
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            exact = Decimal(repr(node.value))
            return exact if exact == exact.quantize(live.CENTS) else None
        return None


def _of_records(kind: Type) -> bool:
    return kind.name == "list" and kind.of is not None and kind.of.name == "record"


def _is_truth(node: ast.expr) -> bool:
    """True for what can give nothing but True and False."""
    if isinstance(node, ast.BoolOp):
        return all(map(_is_truth, node.values))
    return isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))


def _literals(node: ast.expr) -> bool:
    """True for a list written with literals that are not empty."""
    return isinstance(node, ast.List | ast.Tuple) and all(
        isinstance(element, ast.Constant) and element.value not in (None, "") for element in node.elts
    )


def inline(left: Type, right: Type) -> bool:
    """True when two values of these types compare with Python's own operator."""
    if left.name in NUMERIC and right.name in NUMERIC:
        return (left == MONEY) == (right == MONEY) or {left.name, right.name} == {"money", "integer"}
    return left.name == right.name and left.name in _INLINE

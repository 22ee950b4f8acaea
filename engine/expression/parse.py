"""Text to Expression: simpleeval's language under our own allow-list. Floor: 2.

simpleeval lends its rules (which Python is an expression at all, which prefixes are private) and, in the tests, the
right answers. What it lets through and we do not: calls on values, private names, f-strings, formats, huge powers.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from simpleeval import DISALLOW_PREFIXES

from engine.errors import InvalidDocument, Problem, Where

MAX_LENGTH = 8000
MAX_NODES = 500
MAX_DEPTH = 50
MAX_EXPONENT = 64
MAX_TEXT = 10_000
MAX_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Expression:
    """One parsed expression. ``tree`` passed the allow-list; ``where`` is where the text starts in its file."""

    text: str
    where: Where = field(default=Where(), compare=False)
    tree: ast.expr = field(default_factory=lambda: ast.Constant(None), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Condition:
    """Expressions joined: all of them (a YAML list) or any of them (``{any: […]}``); an item may be a Condition."""

    parts: tuple[Expression | Condition, ...]
    any: bool = False


_ALLOWED: tuple[type[ast.AST], ...] = (
    ast.Name, ast.Attribute, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.IfExp,
    ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.comprehension,
    ast.Subscript, ast.Slice, ast.Call, ast.keyword, ast.Load, ast.Store,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow,
    ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot,
)  # fmt: skip

_SHOWN = {
    "JoinedStr": 'f"…"', "FormattedValue": 'f"…"', "Lambda": "lambda", "Starred": "*", "DictComp": "{k: v for …}",
    "Await": "await", "Yield": "yield", "YieldFrom": "yield", "BitAnd": "&", "BitOr": "|", "BitXor": "^",
    "LShift": "<<", "RShift": ">>", "MatMult": "@", "Invert": "~",
}  # fmt: skip

_FULL_WIDTH = dict(
    zip("（）［］｛｝，：；。！＝＜＞＋－×＊÷／％“”‘’「」　", '()[]{},:;.!=<>+-**//%""\'\'"" ', strict=True)
)

_FOREIGN = {"&&": "and", "||": "or", "<>": "!=", "!": "not", "AND": "and", "OR": "or", "NOT": "not", "===": "=="}


class _Place:
    """Turns character offsets of the text into places of the file."""

    def __init__(self, text: str, where: Where) -> None:
        self.text, self.where = text, where

    def at(self, offset: int) -> Where:
        """The place of the character at ``offset``."""
        before = self.text[:offset]
        line = before.count("\n")
        if not line:
            return Where(self.where.file, self.where.line or 1, (self.where.column or 1) + offset)
        return Where(self.where.file, (self.where.line or 1) + line, offset - before.rfind("\n"))

    def of(self, node: ast.AST) -> Where:
        """The place where a node starts."""
        return self.at(offset_of(self.text, node))


def offset_of(text: str, node: ast.AST) -> int:
    """Where a node starts, in characters (Python counts bytes of UTF-8)."""
    column: int = getattr(node, "col_offset", 0)
    return column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))


def place_of(expression: Expression, node: ast.AST) -> Where:
    """The place in the file where a node of the expression starts."""
    return _Place(expression.text, expression.where).of(node)


def attribute_place(expression: Expression, node: ast.Attribute) -> Where:
    """The place of the name after the dot."""
    end: int = node.end_col_offset or 0
    text = expression.text
    offset = end if text.isascii() else len(text.encode()[:end].decode(errors="ignore"))
    return _Place(text, expression.where).at(offset - len(node.attr))


def parse(text: str, where: Where = Where()) -> Expression:
    """The expression in ``text``, which starts at ``where`` (after the ``=``, where one was written).

    Raises InvalidDocument with every problem found, each at the exact character.
    """
    place = _Place(text, where)
    tree = _tree(text, place)
    problems = [] if isinstance(tree, ast.expr) else list(tree)
    if isinstance(tree, ast.expr):
        problems = list(_bounds(tree, place)) or list(_refused(tree, place))
        if not problems:
            return Expression(text, where, tree)
    raise InvalidDocument(sorted(problems, key=lambda p: (p.where.line, p.where.column)))


def names_of(expression: Expression | Condition) -> frozenset[str]:
    """Every bare name the expression reads, functions and comprehension variables left out."""
    if isinstance(expression, Condition):
        return frozenset().union(*(names_of(part) for part in expression.parts))
    nodes = list(ast.walk(expression.tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return frozenset(n.id for n in nodes if isinstance(n, ast.Name) and id(n) not in called and n.id not in bound)


def functions_of(expression: Expression | Condition) -> frozenset[str]:
    """Every function the expression calls: what the preview of a pack lists before it is installed."""
    if isinstance(expression, Condition):
        return frozenset().union(*(functions_of(part) for part in expression.parts))
    return frozenset(
        node.func.id
        for node in ast.walk(expression.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )


def _tree(text: str, place: _Place) -> ast.expr | list[Problem]:
    if not text.strip():
        return [Problem("X005", place.at(0))]
    if len(text) > MAX_LENGTH:
        return [Problem("X009", place.at(0), parameters={"length": len(text), "most": MAX_LENGTH})]
    if foreign := list(_foreign(text, place)):
        return foreign
    flat = re.sub(r"[\r\n\t]", " ", text)
    lead = len(flat) - len(flat.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(flat[lead:]).body
    except SyntaxError as error:
        return [_syntax(error, flat, place, lead)]
    except (RecursionError, MemoryError):
        return [Problem("X010", place.at(0), parameters={"nodes": MAX_NODES, "depth": MAX_DEPTH})]
    if not body:
        return [Problem("X005", place.at(0))]
    return _single(body, flat, place, lead)


def _single(body: list[ast.stmt], flat: str, place: _Place, lead: int) -> ast.expr | list[Problem]:
    problems = []
    for index, statement in enumerate(body):
        start = place.at(lead + offset_of(flat[lead:], statement))
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            after = lead + _characters(flat[lead:], target.end_col_offset or 0)
            equals = flat.find("=", after)
            problems.append(Problem("X003", place.at(max(equals, lead))))
        elif index:
            problems.append(Problem("X004", start))
        elif not isinstance(statement, ast.Expr):
            problems.append(Problem("X008", start, parameters={"what": flat[lead:].split(" ")[0]}))
    if problems:
        return problems
    assert isinstance(body[0], ast.Expr)
    tree = body[0].value
    if lead:
        shift = len(flat[:lead].encode())
        for node in ast.walk(tree):
            if hasattr(node, "col_offset"):
                node.col_offset += shift
                vars(node)["end_col_offset"] = (getattr(node, "end_col_offset", 0) or 0) + shift
    return tree


def _characters(text: str, column: int) -> int:
    return column if text.isascii() else len(text.encode()[:column].decode(errors="ignore"))


def _outside_text(text: str) -> Iterator[tuple[int, str]]:
    """Every character that is not inside quotes, with its offset."""
    quote, index = "", 0
    while index < len(text):
        char = text[index]
        if quote:
            if char == "\\":
                index += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        else:
            yield index, char
        index += 1


def _foreign(text: str, place: _Place) -> Iterator[Problem]:
    """Signs of other languages and keyboards, each with what to write instead."""
    outside = list(_outside_text(text))
    plain = [" "] * len(text)
    for offset, char in outside:
        plain[offset] = char
        if char in _FULL_WIDTH:
            yield Problem("X002", place.at(offset), parameters={"found": char, "write": _FULL_WIDTH[char]})
        elif char == "#":
            yield Problem("X030", place.at(offset))
    code = "".join(plain)
    for match in re.finditer(r"&&|\|\||<>|===|!(?!=)|\b(?:AND|OR|NOT)\b(?!\s*\()", code):
        yield Problem("X026", place.at(match.start()), parameters={"found": match[0], "write": _FOREIGN[match[0]]})


def _syntax(error: SyntaxError, flat: str, place: _Place, lead: int) -> Problem:
    offset = lead + max((error.offset or 1) - 1, 0)
    where = place.at(min(offset, len(flat)))
    message = error.msg or ""
    if "too many nested" in message or "too complex" in message:
        return Problem("X010", place.at(0), parameters={"nodes": MAX_NODES, "depth": MAX_DEPTH})
    single = re.search(r"(?<![=!<>:])=(?!=)", "".join(_only_code(flat)))
    if single and ("Maybe you meant '=='" in message or "assign" in message or "invalid syntax" in message):
        depth = flat[: single.start()].count("(") - flat[: single.start()].count(")")
        if depth <= 0 or "assign" in message or "Maybe" in message:
            return Problem("X003", place.at(single.start()))
    if (walrus := "".join(_only_code(flat)).find(":=")) >= 0:
        return Problem("X003", place.at(walrus))
    if "unterminated string" in message or "unterminated triple" in message:
        return Problem("X031", where)
    if "was never closed" in message or "unmatched" in message or "does not match" in message:
        return Problem("X032", where, parameters={"sign": flat[offset : offset + 1]})
    return Problem("X001", where, parameters={"near": flat[offset : offset + 12].strip() or flat[-12:].strip()})


def _only_code(text: str) -> list[str]:
    plain = [" "] * len(text)
    for offset, char in _outside_text(text):
        plain[offset] = char
    return plain


def _bounds(tree: ast.expr, place: _Place) -> Iterator[Problem]:
    """Too many nodes or too deep; walked with a list, for a deep tree would exhaust a recursive walk."""
    count, waiting = 0, [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            yield Problem("X010", place.of(tree), parameters={"nodes": MAX_NODES, "depth": MAX_DEPTH})
            return
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        for loop in getattr(node, "generators", ()):
            waiting += [(child, depth + 1) for child in (loop.target, loop.iter, *loop.ifs)]


def _refused(tree: ast.expr, place: _Place) -> Iterator[Problem]:
    for node in ast.walk(tree):
        if isinstance(node, ast.NamedExpr):
            yield Problem("X003", place.of(node))
        elif not isinstance(node, _ALLOWED):
            yield from _not_allowed(node, tree, place)
        elif isinstance(node, ast.Call):
            yield from _call(node, place)
        elif isinstance(node, ast.Attribute) and _private(node.attr):
            yield Problem("X007", place.of(node), parameters={"name": node.attr})
        elif isinstance(node, ast.Name) and _private(node.id):
            yield Problem("X007", place.of(node), parameters={"name": node.id})
        elif isinstance(node, ast.Constant):
            yield from _constant(node, place)
        elif isinstance(node, ast.BinOp):
            yield from _operation(node, place)
        elif isinstance(node, ast.comprehension) and (node.is_async or not isinstance(node.target, ast.Name)):
            yield Problem("X008", place.of(node.target), parameters={"what": "for a, b"})
        elif isinstance(node, ast.Compare):
            yield from _compare(node, place)
        elif isinstance(node, ast.Dict) and None in node.keys:
            yield Problem("X008", place.of(node), parameters={"what": "**"})
        elif isinstance(node, ast.Slice) and node.step is not None:
            yield Problem("X008", place.of(node), parameters={"what": "[a:b:c]"})


def _private(name: str) -> bool:
    return any(name.startswith(prefix) for prefix in DISALLOW_PREFIXES)


def _not_allowed(node: ast.AST, tree: ast.expr, place: _Place) -> Iterator[Problem]:
    name = type(node).__name__
    if name in ("FormattedValue", "arguments", "arg"):
        return  # told once, at the f-string or the lambda around it
    where = place.of(node)
    if not hasattr(node, "col_offset"):
        owner = next((n for n in ast.walk(tree) if node in ast.iter_child_nodes(n)), tree)
        where = place.of(owner)
    yield Problem("X008", where, parameters={"what": _SHOWN.get(name, name)})


def _call(node: ast.Call, place: _Place) -> Iterator[Problem]:
    if isinstance(node.func, ast.Attribute):
        yield Problem("X006", place.of(node), parameters={"name": node.func.attr})
    elif not isinstance(node.func, ast.Name):
        yield Problem("X006", place.of(node), parameters={"name": "(…)"})
    for word in node.keywords:
        if word.arg is None:
            yield Problem("X008", place.of(word.value), parameters={"what": "**"})


def _constant(node: ast.Constant, place: _Place) -> Iterator[Problem]:
    value = node.value
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            yield Problem("X012", place.of(node), parameters={"most": MAX_TEXT})
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int | float):
        if not -MAX_INTEGER <= value <= MAX_INTEGER and not isinstance(value, float) or value in (float("inf"),):
            yield Problem("X012", place.of(node), parameters={"most": MAX_INTEGER})
    else:
        yield Problem("X008", place.of(node), parameters={"what": type(value).__name__})


def _operation(node: ast.BinOp, place: _Place) -> Iterator[Problem]:
    right = node.right
    if isinstance(node.op, ast.Pow) and isinstance(right, ast.Constant):
        if isinstance(right.value, int | float) and abs(right.value) > MAX_EXPONENT:
            yield Problem("X011", place.of(right), parameters={"most": MAX_EXPONENT})
    elif isinstance(node.op, ast.Mod) and _is_text(node.left):
        yield Problem("X025", place.of(node))
    elif isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod) and _is_zero(right):
        yield Problem("X024", place.of(right))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value == 0


def _compare(node: ast.Compare, place: _Place) -> Iterator[Problem]:
    for operator, right in zip(node.ops, node.comparators, strict=True):
        empty = isinstance(right, ast.Constant) and right.value is None
        if isinstance(operator, ast.Is | ast.IsNot) and not empty:
            yield Problem("X027", place.of(right))

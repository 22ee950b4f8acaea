"""Which operators and arguments fit which types, and what to say where they do not. Floor: 2."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from engine.errors import nearest
from engine.expression.scope import (
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    MONEY,
    NUMBER,
    NUMERIC,
    TEXT,
    TIME,
    Type,
    clock_time,
    comparable,
    ordered,
    span,
)


class Reporter(Protocol):
    """The walk that asks: it keeps the notes and takes the problems."""

    notes: Any

    def problem(self, code: str, where: Any, suggestion: str | None = None, **parameters: Any) -> Type:
        """Note a problem; gives the type of what is not known."""
        ...


SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.In: "in", ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip

NAMES = {
    "text": ("文字", "text"), "number": ("数字", "a number"), "integer": ("整数", "a whole number"),
    "money": ("金额", "money"), "yes_no": ("是否", "yes or no"), "date": ("日期", "a date"),
    "time": ("时刻", "a time of day"), "datetime": ("日期时间", "a date and time"), "duration": ("时长", "a duration"),
    "list": ("列表", "a list"), "record": ("记录", "a record"), "any": ("任意值", "anything"),
    "none": ("空", "empty"), "address": ("地址", "an address"),
}  # fmt: skip

_DURATION_HINT = {
    "hint_zh": "时长写成 '30m'、'4h'、'7d'、'2w'、'6mo'",
    "hint_en": "write '30m', '4h', '7d', '2w', '6mo'",
}
_TIME_HINT = {"hint_zh": "时刻写成 '18:00'", "hint_en": "write '18:00'"}
_SAME_HINT = {"hint_zh": "两边要是同一类的值", "hint_en": "both sides must be of one kind"}
_DATE_HINT = {
    "hint_zh": "日期写成 date('2026-01-05'),或用 today()、ago(days=7)",
    "hint_en": "write date('2026-01-05'), or use today(), ago(days=7)",
}


def adapt(checker: Reporter, node: ast.expr, here: Type, other: Type) -> Type:
    """A text literal beside a duration or a time means one; the type it then has."""
    if here != TEXT or not isinstance(node, ast.Constant) or other.name not in ("duration", "time"):
        return here
    text = str(node.value)
    value: Any = span(text) if other == DURATION else clock_time(text)
    if value is None:
        hints = _DURATION_HINT if other == DURATION else _TIME_HINT
        return checker.problem("X028", node, value=node.value, wanted=other, **hints)
    checker.notes.literals[node] = value
    checker.notes.types[node] = other
    return other


def result(operator: ast.operator, left: Type, right: Type) -> Type | None:
    """The type of ``left operator right``; None where it makes no sense."""
    names = (left.name, right.name)
    if "any" in names:
        return left if right.name == "any" and left.name == "any" else Type("any")
    if "none" in names:
        return right if left.name == "none" else left
    if left.name in NUMERIC and right.name in NUMERIC:
        return _numbers(operator, left, right)
    if names == ("text", "text"):
        return TEXT if isinstance(operator, ast.Add) else None
    if names in (("text", "integer"), ("integer", "text")):
        return TEXT if isinstance(operator, ast.Mult) else None
    if names == ("list", "list"):
        return left if isinstance(operator, ast.Add) else None
    return _times(operator, left, right)


def _numbers(operator: ast.operator, left: Type, right: Type) -> Type | None:
    if isinstance(operator, ast.FloorDiv | ast.Mod):
        return INTEGER if left == right == INTEGER else None
    if isinstance(operator, ast.Pow):
        return None if MONEY in (left, right) else left if left == right == INTEGER else NUMBER
    if isinstance(operator, ast.Div):
        if right == MONEY:
            return NUMBER if left == MONEY else None
        return MONEY if left == MONEY else NUMBER
    if MONEY in (left, right):
        return None if isinstance(operator, ast.Mult) and left == right else MONEY
    return INTEGER if left == right == INTEGER else NUMBER


def _times(operator: ast.operator, left: Type, right: Type) -> Type | None:
    add, subtract = isinstance(operator, ast.Add), isinstance(operator, ast.Sub)
    if subtract and left == right and left.name in ("date", "datetime", "duration"):
        return DURATION
    if subtract and {left.name, right.name} == {"date", "datetime"}:
        return None
    if add and left == right == DURATION:
        return DURATION
    if left.name in ("date", "datetime") and right == DURATION and (add or subtract):
        return left
    if left == DURATION and right.name in ("date", "datetime") and add:
        return right
    if left == DURATION and right.name in ("integer", "number"):
        return DURATION if isinstance(operator, ast.Mult | ast.Div) else None
    if right == DURATION and left.name in ("integer", "number"):
        return DURATION if isinstance(operator, ast.Mult) else None
    if left == right == DURATION and isinstance(operator, ast.Div):
        return NUMBER
    return None


def compare(checker: Reporter, operator: ast.cmpop, left: ast.expr, here: Type, right: ast.expr, there: Type) -> None:
    """Note what is wrong with one link of a comparison."""
    if isinstance(operator, ast.Is | ast.IsNot):
        return
    if isinstance(operator, ast.In | ast.NotIn):
        _contains(checker, left, here, right, there)
        return
    here, there = adapt(checker, left, here, there), adapt(checker, right, there, here)
    if not comparable(here, there):
        checker.problem("X020", right, left=here, right=there, **_hint(here, there))
    elif not isinstance(operator, ast.Eq | ast.NotEq):
        for kind, node in ((here, left), (there, right)):
            if not ordered(kind):
                checker.problem("X033", node, given=kind)
                return
    else:
        _choices(checker, here, right)
        _choices(checker, there, left)


def _contains(checker: Reporter, left: ast.expr, here: Type, right: ast.expr, there: Type) -> None:
    if there == TEXT:
        if here.name not in ("text", "any", "none"):
            checker.problem("X020", left, left=here, right=there, **_SAME_HINT)
    elif there.name == "list":
        if isinstance(right, ast.List | ast.Tuple | ast.Set):
            for element in right.elts:
                kind = adapt(checker, element, checker.notes.types[element], here)
                if not comparable(here, kind):
                    checker.problem("X020", element, left=here, right=kind, **_hint(here, kind))
                _choices(checker, here, element)
        elif there.of and not comparable(here, there.of):
            checker.problem("X020", right, left=here, right=there.of, **_hint(here, there.of))
        elif there.of:
            _choices(checker, there.of, left)
    elif there.name not in ("any", "none"):
        checker.problem("X021", right, given=there)


def _choices(checker: Reporter, kind: Type, node: ast.expr) -> None:
    written = node.value if isinstance(node, ast.Constant) else None
    if kind.choices and written and isinstance(written, str) and written not in kind.choices:
        near = nearest(written, kind.choices)
        checker.problem("X023", node, near, value=written, choices=", ".join(kind.choices))


def _hint(here: Type, there: Type) -> dict[str, str]:
    names = {here.name, there.name}
    if "text" in names and names & {"date", "datetime"}:
        return _DATE_HINT
    if "text" in names and names & set(NUMERIC):
        return {"hint_zh": "数字不加引号", "hint_en": "write numbers without quotes"}
    if "record" in names and "text" in names:
        return {"hint_zh": "比较这条记录的某个字段,例如 owner.name", "hint_en": "compare one of its fields: owner.name"}
    return _SAME_HINT


def shown(kind: Type) -> tuple[str, str]:
    """A type for people, in Chinese and in English."""
    return (str(kind), str(kind)) if kind.name == "record" else NAMES.get(kind.name, (kind.name, kind.name))


def usage(callee: Any) -> str:
    """How a function is written: ``ago(duration?, years=integer)``."""
    words = [f"{name}={kind.rstrip('?')}" for name, kind in callee.keywords.items()]
    return f"{callee.name}({', '.join([*callee.signature, *words])})"


def arguments(checker: Reporter, node: ast.Call, callee: Any, given: Sequence[Type], words: Mapping[str, Type]) -> None:
    """Note wrong numbers, names and types of a call's arguments."""
    signature = list(callee.signature)
    repeats = bool(signature) and signature[-1] == "…"
    wanted = signature[:-1] if repeats else signature
    least = sum(1 for kind in wanted if not kind.endswith("?"))
    most = 100 if repeats else len(wanted)
    how = usage(callee)
    if not least <= len(given) <= most:
        number = str(least) if least == most else f"{least}+" if repeats else f"{least}-{most}"
        checker.problem("X016", node, function=callee.name, wanted=number, given=len(given), usage=how)
        return
    for index, (kind, argument) in enumerate(zip(given, node.args, strict=True)):
        _argument(checker, callee, wanted[min(index, len(wanted) - 1)], kind, argument)
    for word in node.keywords:
        if "…" in callee.keywords:
            continue
        if word.arg not in callee.keywords:
            near = nearest(word.arg or "", callee.keywords)
            checker.problem("X017", word, near, function=callee.name, name=word.arg, usage=how)
        else:
            _argument(checker, callee, callee.keywords[word.arg or ""], words[word.arg or ""], word.value)


def _argument(checker: Reporter, callee: Any, wanted: str, given: Type, node: ast.expr) -> None:
    kinds = wanted.rstrip("?").split("|")
    for kind in kinds:
        if fits(kind, given):
            return
    if isinstance(node, ast.Constant) and given == TEXT and ("duration" in kinds or "time" in kinds):
        adapt(checker, node, given, DURATION if "duration" in kinds else TIME)
        return
    zh, en = (" / ".join(shown(Type(kind))[language] for kind in kinds) for language in (0, 1))
    how = usage(callee)
    checker.problem("X018", node, function=callee.name, wanted=zh, wanted_en=en, given=given, usage=how)


def fits(wanted: str, given: Type) -> bool:
    """True when a value of the type may stand where a signature says ``wanted``."""
    if wanted == "any" or given.name in ("any", "none", wanted):
        return True
    return wanted == "number" and given.name in NUMERIC


__all__ = ["DATE", "DATETIME", "NAMES", "SIGNS", "adapt", "arguments", "compare", "fits", "result", "shown", "usage"]

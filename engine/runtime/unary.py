"""The cells of a decision table: what one says, as a test of a value. Floor: 5.

A cell is a literal, a list (any of them), text with ``*`` and ``?``, a comparison (``>= 500000``), a range
(``[1..5)``, ``1..5``) or ``not(…)``. An empty value passes only an empty cell, ``-`` or a missing one.
Source: OMG DMN 1.5, unary tests of S-FEEL, in the words people write in YAML.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from engine.model.terms import Duration

Test = Callable[[Any], bool]

COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
RANGE = re.compile(r"^([\[\](]?)\s*([^\[\]()]+?)\s*\.\.\s*([^\[\]()]+?)\s*([\[\])]?)$")
NAMED = re.compile(r"^(>=|<=|!=|>|<|=)?\s*param\.([A-Za-z_]\w*)$")
NOT = re.compile(r"^not\s*\((.*)\)$", re.S)
SPAN = re.compile(r"^(\d+(?:\.\d+)?)(m|h|d|w)$")
TRUTH: Mapping[str, bool] = {"true": True, "false": False, "yes": True, "no": False}
SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


def compile_test(cell: Any) -> Test | None:
    """A cell as a function of the input's value, or None when anything passes.

    Raises ValueError with the cell when it looks like a comparison or a range but has no usable bound.
    """
    if isinstance(cell, str):
        return _text(cell.strip())
    if isinstance(cell, list | tuple | set | frozenset):
        return _any_of([compile_test(part) for part in cell])
    if isinstance(cell, Duration):
        return _equal(cell.delta)
    return _equal(cell)


def named(cell: Any) -> tuple[Callable[[Any, Any], bool], str] | None:
    """The comparison and the parameter's name of a cell like ``>= param.big_budget``, else None."""
    found = NAMED.match(cell.strip()) if isinstance(cell, str) else None
    return (COMPARE[found[1] or "="], found[2]) if found else None


def compare(how: Callable[[Any, Any], bool], value: Any, bound: Any) -> bool:
    """Whether a value compares so with a bound; False when one is empty or they cannot be compared."""
    return bound is not None and _compare(how, bound)(value)


def _text(text: str) -> Test | None:
    if text in ("", "-"):
        return None
    inverted = NOT.match(text)
    if inverted:
        inner = _any_of([compile_test(part) for part in inverted[1].split(",")])
        return lambda value: value is not None and not (inner is None or inner(value))
    for sign, compare in COMPARE.items():
        if text.startswith(sign):
            return _compare(compare, _bound(text[len(sign) :].strip(), text))
    span = RANGE.match(text)
    if span:
        return _range(span, text)
    if "*" in text or "?" in text:
        pattern = re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in text), re.S)
        return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None
    return _equal(text)


def _any_of(tests: list[Test | None]) -> Test | None:
    if any(test is None for test in tests):
        return None
    ready = [test for test in tests if test is not None]
    return lambda value: any(test(value) for test in ready)


def _equal(wanted: Any) -> Test:
    number = _number(wanted)
    if isinstance(wanted, str) and number is None and wanted.lower() not in TRUTH and not wanted[:1].isdigit():
        return lambda value: value == wanted or (isinstance(value, tuple | list) and wanted in value)

    def test(value: Any) -> bool:
        if value is None or wanted is None:
            return value is wanted
        if isinstance(value, bool) or isinstance(wanted, bool):
            return bool(_truth(value) == _truth(wanted))
        if number is not None and isinstance(value, int | float | Decimal):
            return bool(value == (float(number) if isinstance(value, float) else number))
        if isinstance(value, list | tuple):
            return wanted in value
        if isinstance(value, dt.date | dt.time) and isinstance(wanted, str):
            return bool(value == _like(value, wanted))
        return bool(value == wanted)

    return test


def _compare(compare: Callable[[Any, Any], bool], bound: Any) -> Test:
    def test(value: Any) -> bool:
        if value is None:
            return False
        other = _like(value, bound)
        try:
            return other is not None and bool(compare(value, other))
        except TypeError:
            return False

    return test


def _range(span: re.Match[str], text: str) -> Test:
    low, high = _bound(span[2], text), _bound(span[3], text)
    over = _compare(operator.ge if span[1] in ("", "[") else operator.gt, low)
    under = _compare(operator.le if span[4] in ("", "]") else operator.lt, high)
    return lambda value: over(value) and under(value)


def _bound(text: str, cell: str) -> Any:
    if not text:
        raise ValueError(cell)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    number = _number(text)
    if number is not None:
        return number
    span = SPAN.match(text)
    if span:
        return dt.timedelta(seconds=float(span[1]) * SECONDS[span[2]])
    return text


def _number(value: Any) -> Decimal | int | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float | Decimal):
        return Decimal(str(value))
    try:
        return int(value) if re.fullmatch(r"[+-]?\d{1,30}", value) else Decimal(value) if _decimal(value) else None
    except (TypeError, ValueError, ArithmeticError):
        return None


def _decimal(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d{1,30}(\.\d{1,30})?", text.replace("_", "")) is not None


def _like(value: Any, bound: Any) -> Any:
    """The bound as the kind of thing ``value`` is, or None where it cannot be."""
    if isinstance(value, float) and isinstance(bound, Decimal):
        return float(bound)
    if not isinstance(bound, str):
        return bound
    try:
        if isinstance(value, dt.datetime):
            moment = dt.datetime.fromisoformat(bound)
            return moment if moment.tzinfo else moment.replace(tzinfo=value.tzinfo)
        if isinstance(value, dt.date):
            return dt.date.fromisoformat(bound)
        if isinstance(value, dt.time):
            return dt.time.fromisoformat(bound)
    except ValueError:
        return None
    return bound if isinstance(value, str) else None


def _truth(value: Any) -> Any:
    if isinstance(value, str):
        return TRUTH.get(value.lower(), value)
    return value

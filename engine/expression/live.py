"""What compiled expressions call while they run: empty-safe operators, walking along links, bounds. Floor: 2."""

from __future__ import annotations

import datetime as dt
import math
import operator
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from engine.errors import FlowloomError, Problem

MAX_RESULT = 64 * 1024
MAX_ROUNDS = 100_000
MAX_BITS = 4096
LARGEST = sys.float_info.max
CENTS = Decimal("0.0001")
SCALE = 10_000
MICROSECOND = dt.timedelta(microseconds=1)


class ExpressionError(FlowloomError):
    """An expression could not be computed on one record; the problem says where, why and with which values."""


def _no_record(entity: str, ident: int) -> Mapping[str, Any] | None:
    return None


def _no_rows(entity: str, ident: int, name: str) -> Sequence[Mapping[str, Any]]:
    return ()


def _no_clock() -> dt.datetime:
    raise ValueError("no clock")


@dataclass(slots=True, eq=False)
class Environment:
    """What an expression runs in. Made for every look at a record, so it is not frozen, which would make it three times
    as slow to make; only who made it may put other ``names`` into it.

    ``names`` are the values behind the bare names (a record's fields, ``me``, ``old``, ``param`` …); ``fetch(entity,
    id)`` gives a linked record as a mapping with ``id``, or None; ``backlink(entity, id, field)`` the records behind a
    ``backlink`` or ``links`` field; ``extras`` what single functions need: ``history`` (a callable: entity and id
    to the record's spells in order, mappings with machine, state, entered_at, left_at), ``calendar``, ``decide``, ``lookup`` …
    """

    names: Mapping[str, Any]
    fetch: Callable[[str, int], Mapping[str, Any] | None] = _no_record
    backlink: Callable[[str, int, str], Sequence[Any]] = _no_rows
    now: Callable[[], dt.datetime] = _no_clock
    timezone: dt.tzinfo = ZoneInfo("UTC")
    extras: Mapping[str, Any] = field(default_factory=dict)


class Lenient(dict[str, Any]):
    """Names of which some are missing: those are empty."""

    def __missing__(self, name: str) -> None:
        return None


_EXACT = frozenset({int, Decimal})
#: Lists in their ways to be given; a union of them would be made at every call.
_SEVERAL = (list, tuple)
_MANY = (list, tuple, set, frozenset)
#: What cannot be too big.
_SMALL = frozenset({type(None), bool, dt.datetime, dt.date, dt.time, dt.timedelta})
_FOUR = frozenset("+-*/")
_LISTS = frozenset({tuple, list, frozenset, set})
_SIMPLE = frozenset({int, str, float, bool, type(None), Decimal, dt.datetime, dt.date, dt.timedelta, tuple})


def ident(value: Any) -> Any:
    """The id of a record that is given as a mapping; anything else as it is."""
    if value.__class__ in _SIMPLE:
        return value
    if value.__class__ is dict or isinstance(value, Mapping):
        return value["id"]
    return getattr(value, "id", value)


def walk(environment: Environment, entity: str, value: Any, name: str) -> Any:
    """A field of a linked record, given as its id or as a mapping; empty where there is none."""
    if value is None:
        return None
    if value.__class__ is int:
        value = environment.fetch(entity, value)
        if value is None:
            return None
    try:
        return value[name]
    except KeyError:
        return None


def rows(environment: Environment, entity: str, value: Any, name: str) -> Sequence[Any]:
    """The records behind a list field of a record, given as its id or as a mapping: mappings, or ids."""
    if value is None:
        return ()
    if value.__class__ is not int:
        known = value.get(name)
        if known is not None and isinstance(known, _SEVERAL):
            return known
        value = value.get("id")
        if value is None:
            return ()
    return environment.backlink(entity, value, name) or ()


def pick(value: Any, name: str) -> Any:
    """A part of a JSON map (an address, a file): mappings only, never an attribute of an object."""
    if value is None:
        return None
    if value.__class__ is dict or isinstance(value, Mapping):
        return value.get(name)
    raise TypeError(f"{type(value).__name__} has no {name}")


def each(values: Any, budget: list[int]) -> Iterable[Any]:
    """The elements of a list, taken from the budget of rounds this evaluation may make."""
    if values is None:
        return ()
    if not isinstance(values, _MANY):
        raise TypeError(f"{type(values).__name__} is not a list")
    budget[0] -= len(values)
    if budget[0] < 0:
        raise OverflowError(f"more than {MAX_ROUNDS} rounds")
    return values


def every(environment: Environment, entity: str, value: Any, name: str, budget: list[int]) -> Iterable[Any]:
    """What ``rows`` gives, taken from the budget as ``each`` does it."""
    found = rows(environment, entity, value, name)
    # Nobody pays for isinstance() with an empty list, which is what most are.
    return each(found, budget) if found else ()


def distinct(values: Iterable[Any]) -> list[Any]:
    """The different values, first seen first, without the empty ones; records count by their id."""
    seen: dict[Any, Any] = {}
    for value in values:
        if value is not None:
            key = ident(value)
            seen.setdefault(tuple(key) if isinstance(key, list) else key, value)
    return list(seen.values())


def as_date(value: Any, timezone: dt.tzinfo) -> Any:
    """The day of an instant in the site's time zone; a date as it is."""
    return value.astimezone(timezone).date() if isinstance(value, dt.datetime) else value


def half_up(value: float) -> int:
    """The nearest whole number, halves away from zero: what ``round()`` means in SQL."""
    if not math.isfinite(value):
        raise OverflowError("the result is not finite")
    return int(value + 0.5) if value >= 0 else -int(0.5 - value)


def money(value: Any) -> Any:
    """A number as money with four places; empty stays empty."""
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    return Decimal(half_up(value * SCALE)).scaleb(-4)


def _units(value: Decimal) -> int:
    # An empty sum of amounts is a plain 0.
    return int((Decimal(value) * SCALE).to_integral_value(ROUND_HALF_UP))


def _money_operation(sign: str, left: Any, right: Any) -> Any:
    if sign in "+-":
        left, right = money(left), money(right)
        return left + right if sign == "+" else left - right
    if sign == "*":
        if isinstance(right, Decimal):
            left, right = right, left
        if isinstance(right, int):
            return left * right
        return Decimal(half_up(_units(left) * right)).scaleb(-4)
    if isinstance(right, Decimal):
        # Nothing shared among many is what most sums of amounts come to.
        return 0.0 if left == 0 and right else _units(money(left)) / _units(right)
    return Decimal(half_up(_units(left) / right)).scaleb(-4)


def _span_operation(sign: str, left: Any, right: Any) -> Any:
    if isinstance(right, dt.timedelta):
        if isinstance(left, dt.timedelta):
            return left / right
        left, right = right, left
    units = left // MICROSECOND
    number = float(right)
    return dt.timedelta(microseconds=half_up(units * number if sign == "*" else units / number))


def power(base: Any, exponent: Any) -> Any:
    """``base ** exponent`` within bounds: exponents to 64, whole numbers to some thousand bits."""
    if base is None or exponent is None:
        return None
    if abs(exponent) > 64:
        raise OverflowError("an exponent may be at most 64")
    if isinstance(base, int):
        if exponent >= 0 and base.bit_length() * exponent > MAX_BITS:
            raise OverflowError("the result is too big")
    elif isinstance(exponent, int) and 2 <= exponent <= 4:
        found = base
        for _ in range(exponent - 1):
            found *= base
        return found
    found = base**exponent
    if isinstance(found, complex):
        raise ValueError("a root of a negative number")
    return found


_PLAIN: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": power,
}  # fmt: skip

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def calculate(sign: str, left: Any, right: Any) -> Any:
    """``left sign right`` for any two values; empty when one of them is."""
    if left is None or right is None:
        return None
    if right.__class__ is Decimal and left.__class__ in _EXACT and sign in _FOUR:
        return _money_operation(sign, left, right)
    if isinstance(left, str) or isinstance(right, str):
        return _text(sign, left, right)
    if isinstance(left, _SEVERAL) and isinstance(right, _SEVERAL) and sign == "+":
        if len(left) + len(right) > MAX_ROUNDS:
            raise OverflowError("the list is too long")
        return [*left, *right]
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        if sign in _FOUR:
            return _money_operation(sign, left, right)
        raise TypeError(f"money does not know {sign}")
    if sign in "*/" and (isinstance(left, dt.timedelta) or isinstance(right, dt.timedelta)):
        return _span_operation(sign, left, right)
    if isinstance(left, _SEVERAL) or isinstance(right, _SEVERAL):
        raise TypeError(f"{sign} between {type(left).__name__} and {type(right).__name__}")
    return _PLAIN[sign](left, right)


def _text(sign: str, left: Any, right: Any) -> str:
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        size = len(left) + len(right)
    elif sign == "*" and isinstance(left, int | str) and isinstance(right, int | str) and type(left) is not type(right):
        words, times = (left, right) if isinstance(left, str) else (right, left)
        size = len(str(words)) * max(int(times), 0)
    else:
        raise TypeError(f"{sign} between {type(left).__name__} and {type(right).__name__}")
    if size > MAX_RESULT:
        raise OverflowError("the text is too long")
    found: str = _PLAIN[sign](left, right)
    return found


def compare(sign: str, left: Any, right: Any, timezone: dt.tzinfo) -> bool:
    """``left sign right`` for any two values; false when one of them is empty."""
    if left is None or right is None:
        return False
    left, right = ident(left), ident(right)
    if isinstance(left, dt.datetime) is not isinstance(right, dt.datetime):
        if isinstance(left, dt.date) and isinstance(right, dt.date):
            left, right = as_date(left, timezone), as_date(right, timezone)
    elif isinstance(left, Decimal) and isinstance(right, float):
        left = float(left)
    elif isinstance(left, float) and isinstance(right, Decimal):
        right = float(right)
    elif isinstance(left, _SEVERAL) and isinstance(right, _SEVERAL):
        left, right = tuple(map(ident, left)), tuple(map(ident, right))
    elif sign not in ("==", "!=") and isinstance(left, bool | list | tuple | dict):
        raise TypeError(f"{type(left).__name__} has no order")
    return _COMPARE[sign](left, right)


def member(value: Any, among: Any) -> bool | None:
    """``value in among``; None where one of them is empty, which makes ``in`` and ``not in`` both false."""
    if value is None or among is None:
        return None
    if value.__class__ is str and among.__class__ in _LISTS:
        # A text equals no record and no amount, so no element needs a closer look.
        return value in among
    if isinstance(among, str):
        if not isinstance(value, str):
            raise TypeError("only text is in a text")
        return value in among
    if isinstance(among, Mapping):
        return value in among
    if not isinstance(among, _MANY):
        raise TypeError(f"{type(among).__name__} is not a list")
    value = ident(value)
    if isinstance(value, Decimal):
        return any(compare("==", value, other, dt.UTC) for other in among)
    return any(ident(other) == value for other in among)


def within(value: Any, among: Any) -> bool | None:
    """``member`` for what is known to be a list: an empty list has no members, but it is not an unknown one."""
    return member(value, () if among is None else among)


def at(values: Any, index: Any) -> Any:
    """One element of a list, one character of a text, one part of a map; empty where there is none."""
    if values is None or index is None:
        return None
    if isinstance(values, Mapping):
        return values.get(index)
    if not isinstance(values, list | tuple | str):
        raise TypeError(f"{type(values).__name__} is not a list")
    return values[index] if -len(values) <= index < len(values) else None


def part(values: Any, start: Any, end: Any) -> Any:
    """A slice of a text or a list; an empty text is empty."""
    if values is None:
        return None
    if not isinstance(values, list | tuple | str):
        raise TypeError(f"{type(values).__name__} is not a list")
    return values[start:end] or (None if isinstance(values, str) else ())


def extra(environment: Environment, name: str, function: str) -> Any:
    """What a function needs from the environment; ExpressionError where it is not there."""
    if name not in environment.extras:
        raise ExpressionError(Problem("X051", parameters={"function": function}))
    return environment.extras[name]


def done(value: Any) -> Any:
    """The result, if it is within bounds: finite, 64 KB at most, whole numbers of 64 bits, lists as tuples.

    Raises OverflowError for one that is not.
    """
    kind = value.__class__
    if kind is float:
        if -LARGEST <= value <= LARGEST:
            return value
        raise OverflowError("the result is not finite")
    if kind in _SMALL or (kind is str and 0 < len(value) <= MAX_RESULT // 4):
        return value
    if kind is int and -(2**63) <= value < 2**63:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise OverflowError("the result is not finite")
    elif isinstance(value, bool):
        return value
    elif isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise OverflowError("the whole number is too big")
    elif isinstance(value, str):
        if len(value) > MAX_RESULT // 4 and len(value.encode()) > MAX_RESULT:
            raise OverflowError("the text is longer than 64 KB")
        return value or None
    elif isinstance(value, _MANY):
        if not value:
            return ()
        if len(value) * 8 > MAX_RESULT or sum(len(v) for v in value if isinstance(v, str)) > MAX_RESULT:
            raise OverflowError("the list is longer than 64 KB")
        return tuple(value)
    elif isinstance(value, Decimal):
        return value if value.as_tuple().exponent in (0, -1, -2, -3, -4) else _rounded(value)
    return value


def _rounded(value: Decimal) -> Decimal:
    try:
        return value.quantize(CENTS, ROUND_HALF_UP)
    except InvalidOperation:
        raise OverflowError("the amount is too big") from None


def spells(history: Any, state: str | None, machine: str | None) -> list[Mapping[str, Any]]:
    """The stays of a record in one state, in order."""
    return [s for s in history if s["state"] == state and (machine is None or s["machine"] == machine)]


def history_of(environment: Environment, entity: str | None, function: str) -> Sequence[Mapping[str, Any]]:
    """All stays of the scope's own record; none for one that is not saved yet."""
    find = extra(environment, "history", function)
    record = environment.names.get("id")
    found: Sequence[Mapping[str, Any]] = find(entity, record) if record is not None else ()
    return found

"""What people type, understood: full-width digits, separators, units, local dates. Floor: 4."""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.expression.parse import Expression
from engine.model.entity import Field
from engine.plugins.slots import Unclean

SCALES: Mapping[str, Decimal] = {
    "": Decimal(1),
    "k": Decimal(1000),
    "千": Decimal(1000),
    "万": Decimal(10_000),
    "w": Decimal(10_000),
    "百万": Decimal(1_000_000),
    "m": Decimal(1_000_000),
    "千万": Decimal(10_000_000),
    "亿": Decimal(100_000_000),
}

_NUMBER = re.compile(r"([+-]?\d[\d,_ ]*(?:\.\d*)?(?:e[+-]?\d+)?|[+-]?\.\d+)\s*(万|千|百万|千万|亿|[kwm])?")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")
_TIME = re.compile(
    r"(上午|下午|晚上|am|pm)?\s*(\d{1,2})[:时点](\d{1,2})?(?:[:分](\d{1,2})(?:\.(\d{1,6}))?)?[分秒]?\s*(am|pm)?"
)


def is_empty(value: Any) -> bool:
    """True for None, blank text and empty lists: all of them are stored as nothing."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, (list, tuple, dict, set, frozenset)) and not value)


def text_of(value: Any) -> str:
    """Text, or a whole number as text. Raises Unclean R001 for anything else, R004 for NUL and broken Unicode."""
    if isinstance(value, str):
        if "\x00" in value or (not value.isascii() and _broken(value)):
            raise Unclean("R004")
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise Unclean("R001")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unclean("R014")
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _broken(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def narrow(value: str) -> str:
    """Full-width digits, letters and signs as plain ones, without blanks around."""
    return value.strip() if value.isascii() else unicodedata.normalize("NFKC", value).strip()


def decimal_of(value: Any, code: str) -> Decimal:
    """A number as typed: ``1,200``, ``12.5 万``, ``３``. Raises Unclean ``code``, or R014 when it is not finite."""
    if isinstance(value, bool):
        raise Unclean(code, value=value)
    if isinstance(value, (int, Decimal)):
        number = Decimal(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Unclean("R014")
        number = Decimal(repr(value))
    else:
        number = _written(narrow(text_of(value)).lower(), code)
    if not number.is_finite():
        raise Unclean("R014")
    return number


def _written(text: str, code: str) -> Decimal:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise Unclean("R014" if text.strip("+-") in ("nan", "inf", "infinity") else code, value=text[:40])
    try:
        return Decimal(re.sub(r"[,_ ]", "", match[1])) * SCALES[match[2] or ""]
    except (InvalidOperation, ArithmeticError):
        raise Unclean(code, value=text[:40]) from None


def bounded(field: Field, value: Any, read: Any) -> Any:
    """The value, when it lies between the field's ``min`` and ``max`` (each read by ``read``). Raises R012, R013.

    A ``read`` that remembers what it made of a bound saves reading it again for every value.
    """
    if field.min is not None and not isinstance(field.min, Expression) and value < read(field.min):
        raise Unclean("R012", least=field.min)
    if field.max is not None and not isinstance(field.max, Expression) and value > read(field.max):
        raise Unclean("R013", most=field.max)
    return value


def fitted(field: Field, text: str) -> str:
    """The text, when it keeps the field's ``max_length`` and ``pattern``. Raises R002, R003."""
    if field.max_length is not None and len(text) > field.max_length:
        raise Unclean("R002", most=field.max_length, length=len(text))
    if field.pattern and not pattern_of(field.pattern).fullmatch(text):
        raise Unclean("R003", pattern=field.pattern)
    return text


@functools.lru_cache(maxsize=256)
def pattern_of(pattern: str) -> Any:
    """The compiled pattern, by an engine whose time grows with the text's length only."""
    import re2

    return re2.compile(pattern)


def date_of(value: Any) -> dt.date:
    """``2026-01-05``, ``2026/1/5``, ``2026年1月5日``, ``20260105``. Raises R021, or R022 when there is no such day."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    text = narrow(text_of(value))
    match = _DATE.fullmatch(text) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", text)
    if match is None:
        raise Unclean("R021", value=text[:40])
    return _day(match, text)


def _day(match: re.Match[str], text: str) -> dt.date:
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise Unclean("R022", value=text[:40]) from None


def time_of(value: Any) -> dt.time:
    """``18:00``, ``下午3:30``, ``3:30 pm``, ``9点``. Raises R023."""
    if isinstance(value, dt.datetime):
        return value.time()
    if isinstance(value, dt.time):
        return value
    text = narrow(text_of(value)).lower()
    match = _TIME.fullmatch(text)
    if match is None:
        raise Unclean("R023", value=text[:40])
    hour = int(match[2])
    half = match[1] or match[6]
    if half in ("下午", "晚上", "pm") and hour < 12:
        hour += 12
    elif half in ("上午", "am") and hour == 12:
        hour = 0
    try:
        return dt.time(hour, int(match[3] or 0), int(match[4] or 0), int((match[5] or "0").ljust(6, "0")))
    except ValueError:
        raise Unclean("R023", value=text[:40]) from None


def split_moment(text: str) -> tuple[dt.date, dt.time] | None:
    """The date and the time of ``2026年1月5日 下午3:30``; None when it does not begin with a date."""
    match = _DATE.match(text)
    if match is None:
        return None
    rest = text[match.end() :].lstrip(" ,Tt").rstrip()
    return _day(match, text), time_of(rest) if rest else dt.time()


def listed(value: Any) -> list[Any]:
    """A list as it is; a text cut at commas, semicolons, ``、`` and ``|``."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    if isinstance(value, str):
        return [part.strip() for part in re.split(r"[,;、|,;\n]", value) if part.strip()]
    return [value]

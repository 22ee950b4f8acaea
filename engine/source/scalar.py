"""What an unquoted word means: the YAML 1.2 core rules, and what of them is refused. Floor: 2."""

from __future__ import annotations

import datetime as dt
import math
import re

#: Only these words are not text; ``on``, ``yes``, ``no`` and ``off`` are words like any other.
CONSTANTS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

_NUMBER_STARTS = frozenset("0123456789+-.")
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_OTHER_BASE = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt ].*)?\Z")

#: Longer whole numbers are never meant as numbers, and Python itself refuses to read very long ones.
MAX_DIGITS = 300


_CORE = "tag:yaml.org,2002:"
MAP_TAG = _CORE + "map"
LIST_TAG = _CORE + "seq"


class BadScalar(ValueError):
    """An unquoted value that looks like a number or a date and is none; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def resolve(raw: str) -> str | int | float | bool | None:
    """The value an unquoted scalar stands for; BadScalar for ``.inf``, ``1e999``, ``2026-02-30`` and the like."""
    if raw[:1] not in _NUMBER_STARTS:
        return CONSTANTS.get(raw, raw)
    if _INTEGER.match(raw):
        if len(raw) > MAX_DIGITS:
            raise BadScalar("Y038")
        return int(raw)
    if _FLOAT.match(raw):
        number = float(raw)
        if not math.isfinite(number):
            raise BadScalar("Y023")
        return number
    if _OTHER_BASE.match(raw):
        return int(raw[2:], 8 if raw[1] == "o" else 16)
    if _NOT_FINITE.match(raw):
        raise BadScalar("Y023")
    date = _DATE.match(raw)
    if date:
        _check_date(*date.groups())
    return raw


def _check_date(year: str, month: str, day: str) -> None:
    try:
        dt.date(int(year), int(month), int(day))
    except ValueError:
        raise BadScalar("Y024") from None


def is_plain_safe(text: str) -> bool:
    """True when ``text`` without quotes would be read back as the same text."""
    try:
        return bool(text) and isinstance(resolve(text), str)
    except BadScalar:
        return False


def tagged(tag: str, raw: str) -> str | int | float | bool | None:
    """The value of a scalar with a tag; BadScalar for every tag outside the core rules, or one that does not fit."""
    if tag in ("!", _CORE + "str"):
        return raw
    kinds: dict[str, type | tuple[type, ...]] = {"int": int, "float": (int, float), "bool": bool, "null": type(None)}
    kind = kinds.get(tag.removeprefix(_CORE))
    value = resolve(raw) if kind else None
    if kind is None or not isinstance(value, kind):
        raise BadScalar("Y019")
    return value


def short_tag(tag: str) -> str:
    """A tag as people write it."""
    return "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag

"""Where a Chinese number was given out: mobile segments and area codes, read when first asked for. Floor: 4.

The table comes with the package ``phone`` (BSD / MIT): 499,527 segments of seven digits. phonenumbers knows the place of 64 %
of the same numbers and takes seconds to load.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Segment:
    """Province, city and, for mobile numbers, the carrier."""

    province: str
    city: str
    carrier: str | None


@functools.cache
def _table() -> Any:
    from phone import Phone

    return Phone()


@functools.cache
def _areas() -> dict[str, Segment]:
    """Area codes without their leading zero; a code shared by several cities names the first."""
    table = _table()
    found: dict[str, Segment] = {}
    start, end = table.head_fmt_length, table.first_phone_record_offset
    for entry in table.buf[start:end].decode("utf-8", "ignore").split("\x00"):
        parts = entry.split("|")
        if len(parts) == 4 and parts[3].lstrip("0"):
            found.setdefault(parts[3].lstrip("0"), Segment(parts[0], parts[1], None))
    return found


@functools.lru_cache(maxsize=4096)
def _mobile(segment: str) -> Segment | None:
    """The place of the first seven digits of a mobile number: whole blocks of them go to one place."""
    found = _table().find(segment)
    return Segment(found["province"], found["city"], found["phone_type"]) if found else None


def of(number: str) -> Segment | None:
    """The segment of a number in E.164 (``+8613800138000``) or as it is written in China; None when it is not known."""
    if (
        number.__class__ is str
        and len(number) == 14
        and number.startswith("+861")
        and number.isascii()
        and number[1:].isdigit()
    ):
        # A mobile number as a phone field keeps it.
        return _mobile(number[3:10]) if number[4] > "2" else _anywhere(number)
    return _anywhere(number)


def _anywhere(number: str) -> Segment | None:
    digits = re.sub(r"[^\d+]", "", number)
    if digits.startswith("+") and not digits.startswith("+86"):
        return None
    national = digits.removeprefix("+").removeprefix("0086")
    if len(national) > 11 or digits.startswith("+86"):
        national = national.removeprefix("86")
    if re.fullmatch(r"1[3-9]\d{9}", national):
        return _mobile(national[:7])
    local = national.removeprefix("0")
    if not 9 <= len(local) <= 12:
        return None
    areas = _areas()
    return (
        areas.get(local[:2])
        if local[:2] in ("10", "20", "21", "22", "23", "24", "25", "27", "28", "29")
        else areas.get(local[:3])
    )

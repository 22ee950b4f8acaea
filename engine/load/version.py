"""Versions and ranges of packs: ``>=1.0,<2.0``, ``^1.2``, ``1.2.0``, ``*``. Floor: 5."""

from __future__ import annotations

import re

Number = tuple[int, int, int]


def number(text: str) -> Number | None:
    """``1.2.0`` (or ``1.2``, ``1``) as three numbers, what stands behind ``-`` or ``+`` left out; None when it is none."""
    match = re.fullmatch(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:[-+].*)?", text.strip())
    return (int(match[1]), int(match[2] or 0), int(match[3] or 0)) if match else None


def fits(version: str, versions: str) -> bool:
    """True when the version is within every part of the range; a version or range that is none fits nothing."""
    given = number(version)
    return given is not None and all(_fits(given, part.strip()) for part in versions.split(",") if part.strip())


def _fits(given: Number, part: str) -> bool:
    if part == "*":
        return True
    match = re.fullmatch(r"(>=|<=|==|!=|>|<|=|\^|~)?\s*(\S+)", part)
    limit = number(match[2]) if match else None
    if match is None or limit is None:
        return False
    sign = match[1] or "=="
    if sign == "^":
        return given >= limit and given[0] == limit[0]
    if sign == "~":
        return given >= limit and given[:2] == limit[:2]
    return {
        ">=": given >= limit,
        "<=": given <= limit,
        ">": given > limit,
        "<": given < limit,
        "!=": given != limit,
    }.get(sign, given == limit)

"""What a request asks for, read from its parameters. Floor: 7."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from flask import request

from engine.api import Ask, Filter, Look, Once, Range
from engine.errors import Problem, WrongUsage
from studio.answers import fingerprint

FILTER = re.compile(r"^filter\[([A-Za-z_][\w.]*)\](?:\[(\w+)\])?$")
LISTING = {"view", "where", "q", "sort", "limit", "cursor", "count", "lane", "columns"}
PERIOD = {"from", "to", "each", "by", "where"}


def look() -> Look:
    """Filters, a condition, words to search for, an order and a page. Raises WrongUsage for an unknown parameter."""
    _known(LISTING | PERIOD | {"point", "part"})
    arguments = request.args
    return Look(
        filters=tuple(filters()),
        where=arguments.get("where", ""),
        search=arguments.get("q", ""),
        sort=tuple(part for part in arguments.get("sort", "").split(",") if part),
        limit=whole("limit", 50),
        cursor=arguments.get("cursor") or None,
        columns=tuple(part for part in arguments.get("columns", "").split(",") if part),
    )


def page_only() -> Look:
    """Only where a page starts and how long it is: what narrows a number's records is in ``ask``."""
    return Look(limit=whole("limit", 50), cursor=request.args.get("cursor") or None)


def ask() -> Ask:
    """A period, a split and filters for numbers."""
    _known(LISTING | PERIOD | {"point", "part"})
    arguments = request.args
    return Ask(
        first=day("from"),
        last=day("to"),
        each=arguments.get("each") or None,
        by=arguments.get("by") or None,
        filters=tuple(filters()),
        where=(arguments["where"],) if arguments.get("where") else (),
    )


def range_() -> Range:
    """A period and filters for a dashboard."""
    _known(LISTING | PERIOD | {"point", "part"})
    return Range(first=day("from"), last=day("to"), filters=tuple(filters()))


def filters() -> Iterator[Filter]:
    """``filter[field]=v`` and ``filter[field][op]=v``; a value with commas under ``in`` is a list."""
    for name, value in request.args.items(multi=True):
        match = FILTER.match(name)
        if match is None:
            continue
        op = match.group(2) or "eq"
        wanted: Any = value.split(",") if op == "in" else value
        yield Filter(match.group(1), op, wanted)


def day(name: str) -> dt.date | None:
    """A day, ISO; None when it is not given."""
    text = request.args.get(name)
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        raise WrongUsage(Problem("H012", parameters={"name": name, "why": "2026-01-31"})) from None


def whole(name: str, default: int) -> int:
    """A whole number of at least 1."""
    text = request.args.get(name)
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise WrongUsage(Problem("H012", parameters={"name": name, "why": "1, 2, 3 …"}))
    return int(text)


def since(name: str) -> int:
    """A whole number, 0 when it is not given."""
    return 0 if request.args.get(name) in (None, "", "0") else whole(name, 0)


def version() -> int | None:
    """The version in If-Match; None when there is none. ``*`` matches any."""
    text = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not text or text == "*":
        return None
    if not text.isdigit():
        raise WrongUsage(Problem("H012", parameters={"name": "If-Match", "why": '"3"'}))
    return int(text)


def _known(names: set[str]) -> None:
    unknown = [name for name in request.args if name not in names and not FILTER.match(name)]
    if unknown:
        known = ", ".join(sorted(names))
        raise WrongUsage([Problem("H014", parameters={"name": name, "known": known}) for name in unknown])


def once() -> Once | None:
    """The Idempotency-Key with the mark of this request, or None without one. Raises WrongUsage for one that is too long."""
    key = request.headers.get("Idempotency-Key", "")
    return once_of(key, request.method, request.path, request.get_data(cache=True)) if key else None


def once_of(key: str, method: str, path: str, sent: bytes) -> Once | None:
    """The same of a request at hand."""
    key = key.strip()
    if not key:
        return None
    if len(key) > 200:
        raise WrongUsage(Problem("H012", parameters={"name": "Idempotency-Key", "why": "≤ 200"}))
    return Once(key, fingerprint(method, path, sent))

"""What comes in from outside, as connectors and the engine speak of it. Floor: 4."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import math
import select
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from engine.errors import FlowloomError, Problem

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
#: How deep JSON from outside may be nested, and how many fields a form may have.
DEEPEST = 64
FIELDS = 1000


@dataclass(frozen=True, slots=True)
class Inbound:
    """A request as it came: header names in lower case, the body untouched, ``now`` the site's instant (aware, UTC)."""

    body: bytes
    headers: Mapping[str, str]
    now: dt.datetime
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing that arrived. ``key`` is the same whenever it is sent again; ``content`` is what ``map`` reads; ``body`` with
    its media type ``kind`` is what is kept, and gives the content again. ``at``: when it happened, where the sender says so
    (not when it was sent). ``facts``: names beside the content, such as ``file``. With a ``problem`` nothing can be made of it: it
    is kept and waits for a person; with a reason to ``skip`` it is kept and nothing is made of it."""

    key: str
    content: Any
    body: bytes
    kind: str = JSON
    at: dt.datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    skip: str = ""


class Enclosed(dict[str, Any]):
    """A file inside a delivery, as its content tells of it (``name``, ``type``, ``size``); ``content`` are its bytes. A file field
    that is mapped to one gets the file."""

    def __init__(self, name: str, type: str, content: bytes) -> None:
        super().__init__(name=name, type=type, size=len(content))
        self.content = content


@dataclass(frozen=True, slots=True)
class Page:
    """What one look outside brought, and the ``cursor`` (JSON) that stands behind it. The deliveries, what was made of them and
    the cursor are kept in one turn, so a page is best a hundred deliveries or fewer."""

    deliveries: Sequence[Delivery]
    cursor: Any


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing came yet: go on when ``on`` (a socket; None: nothing) can be read, or after so many ``seconds``. A poll that listens
    yields it instead of blocking, so that one thread can listen for many connections."""

    on: Any
    seconds: float


def sit_out(pages: Iterator[Page | Wait]) -> Iterator[Page]:
    """The pages alone; every wait is sat out in this thread."""
    for each in pages:
        if isinstance(each, Page):
            yield each
        else:
            pause(each)


def pause(wait: Wait) -> None:
    """Sit out one wait in this thread."""
    if wait.on is None:
        time.sleep(wait.seconds)
        return
    with contextlib.suppress(OSError, ValueError):  # closed: the connector finds out
        select.select([wait.on], [], [], wait.seconds)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in the words a protocol asks for."""

    body: bytes
    status: int = 200
    kind: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Received:
    """What a request brought. ``reply`` is sent once every delivery is kept; None for the engine's own answer. ``wakes``: there is
    something to fetch, so the connection is polled now."""

    deliveries: Sequence[Delivery] = ()
    reply: Reply | None = None
    wakes: bool = False


class Unauthentic(Exception):
    """Nobody knows who sent this. The reason is for the site's own people, never for the sender; ``status`` is another than
    401 only where a protocol says so."""

    def __init__(self, reason: str = "", status: int = 401) -> None:
        super().__init__(reason)
        self.status = status


class Unreadable(FlowloomError):
    """It came from whom it should, but it cannot be read: 400, or 415 for another kind of content."""

    status = 400

    def __init__(self, problem: Problem, status: int = 400) -> None:
        super().__init__(problem)
        self.status = status


def content_of(body: bytes, kind: str) -> Any:
    """The content of a body: strict JSON (no NaN, no key twice, not deeper than 64, UTF-8 without BOM) or a form's fields.

    Raises Unreadable: H031 for another kind (multipart with its files too), H032 saying what is wrong with the JSON or form.
    """
    plain = kind.partition(";")[0].strip().lower()
    if plain == JSON or (plain.startswith("application/") and plain.endswith("+json")):
        return strict_json(body)
    if plain == FORM:
        return form_fields(body)
    raise Unreadable(Problem("H031", parameters={"kind": plain or "-"}), 415)


def strict_json(body: bytes) -> Any:
    """The value of a JSON text. Raises Unreadable (H032)."""
    import orjson

    try:
        # orjson is strict about UTF-8, NaN and surrogates but keeps the last of two equal keys: the second reading sees both.
        found = orjson.loads(body)
        if _depth(found) > DEEPEST:
            raise ValueError(f"nested deeper than {DEEPEST}")
        return json.loads(body, object_pairs_hook=_once, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Unreadable(Problem("H032", parameters={"why": str(error)[:200]})) from None


def form_fields(body: bytes) -> dict[str, Any]:
    """The fields of a form; one that is there several times is a list. Raises Unreadable (H032)."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=FIELDS,
        )
    except ValueError as error:
        raise Unreadable(Problem("H032", parameters={"why": str(error)[:200]})) from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        known = found.get(name)
        found[name] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return found


def moment_of(value: Any) -> dt.datetime | None:
    """An instant as others write it: ISO 8601 (UTC where it names no zone), or seconds or milliseconds since 1970; else None."""
    try:
        if isinstance(value, str) and not value.isdigit():
            moment = dt.datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            number = float(value)
            return dt.datetime.fromtimestamp(number / (1000 if number > 1e11 else 1), dt.UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(n for n in names if names.count(n) > 1)!r} stands twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is out of range")
    return number


def _depth(value: Any) -> int:
    """How deep a JSON value is nested, without calling itself."""
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, dict | list):
            deepest = max(deepest, depth)
            waiting += [(inner, depth + 1) for inner in (one.values() if isinstance(one, dict) else one)]
    return deepest


def at_path(content: Any, path: str) -> Any:
    """What stands at a path: a key as it is, else ``a.b`` and ``a[0].b``, with or without ``$.`` in front; None for nothing."""
    if isinstance(content, Mapping) and path in content:
        return content[path]
    found = content
    for part in path.removeprefix("$").replace("[", ".").replace("]", "").strip(".").split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found

"""A connection: a configured connector. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.model.terms import Condition, Document, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """When something should have come; silence after that is noticed."""

    by: str | None = None
    every: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is sent through a connection or asked of it, by all workers together: in a minute, and at once; ``received``: how many
    verified requests all serving processes together take in a minute."""

    per_minute: int | None = None
    at_once: int | None = None
    received: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Document):
    """``map``: field -> column or expression of what comes in; ``set``: field -> value for every record; what is in ``fill_only``
    belongs to us and is only filled where it is empty. Only what ``if_`` holds
    for becomes a record; the rest is kept and told as received."""

    connector: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    schedule: str | None = None
    into: str | None = None
    if_: Condition | None = None
    map: Mapping[str, Any] = field(default_factory=dict)
    set: Mapping[str, Any] = field(default_factory=dict)
    match_on: tuple[str, ...] = ()
    fill_only: tuple[str, ...] = ()
    on_bad_row: str = "quarantine"
    expect: Expect | None = None
    limits: Limits | None = None

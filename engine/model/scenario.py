"""A scenario: a test that operations staff can read, in virtual time. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Where
from engine.model.terms import Document, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The start: the clock (site time), users by login with their fields, files and records by their handle,
    clocks that run already, parameters."""

    clock: str = "2026-01-05T09:00"
    users: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    timers: tuple[Mapping[str, Any], ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioStep:
    """One line of the story: exactly one of ``create``, ``update``, ``delete``, ``advance``, ``try_`` (key ``try``),
    ``approve``, ``reject``, ``withdraw``, ``receive`` or nothing, and what is expected after it."""

    create: Mapping[str, Any] | None = None
    update: Mapping[str, Any] | None = None
    delete: Mapping[str, Any] | None = None
    advance: Duration | None = None
    try_: Mapping[str, Any] | None = None
    approve: Mapping[str, Any] | None = None
    reject: Mapping[str, Any] | None = None
    withdraw: Mapping[str, Any] | None = None
    receive: Mapping[str, Any] | None = None
    as_: str | None = None
    expect: Mapping[str, Any] | None = None
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(Document):
    """Given, then steps with expectations."""

    given: Given = Given()
    steps: tuple[ScenarioStep, ...] = ()

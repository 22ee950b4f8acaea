"""Live values, frozen: what is passed around while a site runs. Floor: 2."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it rests: ``values`` holds every stored field (Python values, empty is None) without id and version."""

    entity: str
    id: int
    version: int
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.id if name == "id" else self.version if name == "version" else self.values.get(name)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``user`` is the id of a ``user`` record (None for the system), ``values`` that record's fields
    (with ``id``); ``roles`` the names of its roles. ``address`` is the network address for the audit."""

    user: int | None = None
    login: str = "system"
    roles: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""
    language: str = "zh"

    @property
    def is_system(self) -> bool:
        """True for the engine itself: no role limits it."""
        return self.user is None and self.login == "system"


SYSTEM = Actor()


class Event(NamedTuple):
    """Something that happened to a record (or to nothing: a schedule). ``name`` names an event plugin.

    ``old`` are the values before (only those that changed); ``data`` the event's own: ``state``, ``transition``,
    ``from``, ``to``, ``sla``, ``rule`` … ``hop`` counts how many rules led here. A turn makes half a dozen of them, so it
    is a tuple: a third of the time a frozen dataclass takes.
    """

    name: str
    entity: str | None = None
    record: int | None = None
    at: dt.datetime | None = None
    old: Mapping[str, Any] = NOTHING
    data: Mapping[str, Any] = NOTHING
    actor: Actor = SYSTEM
    hop: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done after the turn, outside it: durable, with an idempotency key. ``payload`` is JSON."""

    kind: str
    payload: Mapping[str, Any]
    key: str
    due: dt.datetime
    entity: str | None = None
    record: int | None = None
    run: int | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """One due time. ``name`` says whose (``sla:golden_2h``, ``state:lead_stage``), ``step`` which of its moments
    (``warn``, ``due``, ``escalate.0``)."""

    name: str
    step: str
    entity: str
    record: int
    due: dt.datetime
    data: Mapping[str, Any] = field(default_factory=dict)

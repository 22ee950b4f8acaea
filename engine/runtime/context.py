"""What a turn knows: the site's parts, the open transaction, who acts, and what has happened so far. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.errors import NotFound, Problem
from engine.expression.evaluate import Environment
from engine.facts import SYSTEM, Actor, Event, Record
from engine.model.manifest import Manifest
from engine.plugins.registry import Registry
from engine.runtime.access import gone
from engine.runtime.compiled import Compiled
from engine.runtime.plans import EntityPlan
from engine.runtime.ring import Ring
from engine.store import changes, history
from engine.store.connection import Connection
from engine.store.files import Files
from engine.store.records import Records

T = TypeVar("T")
#: How many answers are kept for later turns before all are forgotten.
KEPT = 50_000


@dataclass(frozen=True)
class Parts:
    """What a running site is made of: one for a published manifest, shared by all its turns.

    ``publisher`` is who published it: rules that run as ``owner`` have their rights. ``revision`` is its number.
    ``parameters`` overrides parameters by name (scenarios).
    """

    manifest: Manifest
    registry: Registry
    schema: Any
    records: Records
    clock: Clock
    publisher: Actor = SYSTEM
    revision: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)
    kept: dict[Any, tuple[int, Any]] = field(default_factory=dict, compare=False, repr=False)
    """What turns keep for the next ones, each with the change counter it was read at."""
    send: Callable[[int], None] = field(default=lambda job: None, compare=False, repr=False)
    """Tells the executor of a job that is ready, after the commit."""
    files: Files = field(default_factory=Files, compare=False, repr=False)
    """Where the contents of files lie."""
    paused: set[str] = field(default_factory=set, compare=False, repr=False)
    """The rules that were paused for going in a circle; shared by all parts of a site."""
    earlier: set[str] = field(default_factory=set, compare=False, repr=False)
    """The entities whose records runs of earlier revisions' rules may wait for; shared as well."""
    ready: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What the floor above has made ready of the manifest, such as an entity's columns for a reader."""

    @cached_property
    def compiled(self) -> Compiled:
        """The manifest made ready to run."""
        return Compiled(self.manifest, self.registry)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.manifest.site.timezone)

    @cached_property
    def watched(self) -> frozenset[str]:
        """The entities whose records a run may wait for."""
        return self.compiled.watched()

    def day(self, instant: dt.datetime) -> dt.date:
        """The site's calendar day at that instant."""
        return instant.astimezone(self.zone).date()

    def parameters_on(self, day: dt.date) -> Mapping[str, Any]:
        """Every parameter's value on that day, the overrides included."""
        found = self.compiled.parameters(day)
        return {**found, **self.parameters} if self.parameters else found


class Context:
    """The first argument of everything that acts or asks.

    ``actor`` has the rights that apply, ``me`` is the user record behind what happens (they differ where a rule
    runs as somebody else). ``now`` stands still for the whole turn. ``via`` says which path it came by: "" for a
    person, else ``import``, ``trigger:<name>`` and the like.
    """

    __slots__ = ("_extras", "_parameters", "actor", "connection", "me", "now", "parts", "ring", "user", "via")

    def __init__(
        self,
        parts: Parts,
        connection: Connection,
        actor: Actor = SYSTEM,
        *,
        ring: Ring | None = None,
        now: dt.datetime | None = None,
        via: str = "",
        me: Mapping[str, Any] | None = None,
        user: int | None = None,
    ) -> None:
        self.parts = parts
        self.connection = connection
        self.actor = actor
        self.ring = ring if ring is not None else Ring()
        self.now = now if now is not None else parts.clock.now()
        self.via = via
        self.me = me if me is not None else (actor.values or None)
        self.user = user if user is not None else actor.user
        self._parameters: Mapping[str, Any] | None = None
        self._extras: Mapping[str, Any] | None = None

    @property
    def manifest(self) -> Manifest:
        """All definitions of the site."""
        return self.parts.manifest

    @property
    def registry(self) -> Registry:
        """All plugins."""
        return self.parts.registry

    @property
    def schema(self) -> Any:
        """The tables of the site."""
        return self.parts.schema

    @property
    def records(self) -> Records:
        """Reads and writes records."""
        return self.parts.records

    @property
    def clock(self) -> Clock:
        """The site's clock; within a turn ask ``now`` instead."""
        return self.parts.clock

    @property
    def compiled(self) -> Compiled:
        """The manifest made ready to run."""
        return self.parts.compiled

    @property
    def language(self) -> str:
        """The reader's language."""
        return self.actor.language

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Every parameter's value today."""
        if self._parameters is None:
            self._parameters = self.parts.parameters_on(self.today)
        return self._parameters

    @property
    def today(self) -> dt.date:
        """The site's calendar day of this turn."""
        if self.ring.today is None:
            self.ring.today = self.parts.day(self.now)
        return self.ring.today

    def plan(self, entity: str) -> EntityPlan:
        """The plan of an entity. Raises NotFound (R051) when the site has none of that name."""
        try:
            return self.parts.compiled.plan(entity)
        except KeyError:
            raise NotFound(Problem("R051", parameters={"entity": entity})) from None

    def derive(self, actor: Actor | None = None, via: str | None = None) -> Context:
        """The same turn with other rights or by another path; the person behind it stays."""
        # Every rule that fires gets one, so it is filled in by hand: what is not about rights or the path is shared.
        found = object.__new__(type(self))
        found.parts, found.connection, found.ring, found.now = self.parts, self.connection, self.ring, self.now
        found.actor = self.actor if actor is None else actor
        found.via = self.via if via is None else via
        found.me, found.user = self.me, self.user
        found._parameters, found._extras = self._parameters, self.extras
        return found

    # --- records

    def get(self, entity: str, record: int) -> Record | None:
        """The record as it stands in this turn; None when it is not there or in the trash."""
        key = (entity, record)
        found = self.ring.live.get(key)
        if found is None:
            lock = key in self.connection.contested
            found = self.records.get(self.connection, entity, record, lock=lock)
            if lock:
                self.connection.cache["held", entity, record] = True
            if found is not None:
                self.ring.live[key] = found
        return found

    def need(self, entity: str, record: int) -> Record:
        """The record, or NotFound (R052); Moved (R240) for one that went into another record the actor may see."""
        found = self.get(entity, record)
        if found is None:
            raise gone(self, entity, record)
        return found

    def hold(self, entity: str, record: int) -> Record:
        """The record as it is in the database now, kept from other turns until this one ends, or NotFound (R052).

        Who is about to change a record reads it so: of two turns that change different fields of it the second waits
        and goes on from what the first has left. Where this turn has looked at it before and has seen something else,
        it is run again from its start. On SQLite turns run one after another anyway.
        """
        key, cache = ("held", entity, record), self.connection.cache
        # Taking a savepoint back gives up its locks, and empties this cache.
        if self.connection.dialect == "postgresql" and key not in cache:
            known, seen = self.ring.live.get((entity, record)), cache.get(("seen", entity, record))
            found = self.records.get(self.connection, entity, record, lock=True)
            version, values = (found.version, values_of(found)) if found else (0, None)
            if (known and known.version != version) or (seen and seen != values):
                self.connection.contest((entity, record))
            cache[key] = True
            if found is not None:
                return self.keep(found)
        return self.need(entity, record)

    def keep(self, record: Record) -> Record:
        """Remember the record as it stands now."""
        self.ring.live[record.entity, record.id] = record
        return record

    def record(self, event: Event) -> Record | None:
        """The record an event is about, as it stands now."""
        if event.entity is None or event.record is None:
            return None
        return self.get(event.entity, event.record)

    def several(self, entity: str, ids: Iterable[int]) -> dict[int, Record]:
        """The records of these ids that exist; one read before, in whatever turn, is read again only after a change."""
        if entity in self.connection.touched:
            return self.records.get_many(self.connection, entity, ids)
        kept, number = self.parts.kept, self._changes(entity)
        found, missing = {}, []
        for one in ids:
            known = kept.get((entity, one, "record"))
            if known is not None and known[0] == number:
                found[one] = known[1]
            else:
                missing.append(one)
        if missing:
            read = self.records.get_many(self.connection, entity, missing)
            kept.update({(entity, one, "record"): (number, record) for one, record in read.items()})
            found |= read
        return found

    def _changes(self, entity: str) -> int:
        counts = self.connection.cache.get("changes")
        if counts is None:
            counts = self.connection.cache["changes"] = changes.counts(self.connection)
            if len(self.parts.kept) >= KEPT:
                self.parts.kept.clear()
        return counts.get(entity, 0)

    def fetch(self, entity: str, record: int) -> Mapping[str, Any] | None:
        """The values behind a link, with ``id``; None when there is none."""
        found = self.ring.live.get((entity, record))
        if found is None and (entity, record) in self.connection.contested:
            found = self.get(entity, record)
        if found is not None:
            return values_of(found)
        values = self.shared(entity, record, self._values)
        if self.connection.dialect == "postgresql":
            self.connection.cache["seen", entity, record] = values
        return values

    def _values(self, entity: str, record: int) -> Mapping[str, Any] | None:
        found = self.records.get(self.connection, entity, record)
        return None if found is None else values_of(found)

    def backlink(self, entity: str, record: int, name: str) -> Sequence[Mapping[str, Any]]:
        """The values of the records that link back through that field."""
        # An assignment asks the same of every candidate, for every row of an import.
        cache, key = self.connection.cache, ("backlink", entity, record, name)
        known = cache.get(key)
        if known is not None and known[0] not in self.connection.touched:
            return known[1]  # type: ignore[no-any-return]
        to, via = self.parts.compiled.backlink(entity, name)
        found = self.shared(to, (via, record), self._linking)
        cache[key] = (to, found)
        return found

    def _linking(self, entity: str, key: tuple[str, int]) -> Sequence[Mapping[str, Any]]:
        return [values_of(found) for found in self.records.find(self.connection, entity, {key[0]: key[1]})]

    def shared(self, entity: str, key: Any, read: Callable[[str, Any], T]) -> T:
        """What ``read(entity, key)`` gives, read again only when a record of that entity changed since, in whatever
        process: links and people are looked at far more often than they change. Not to be altered by the caller."""
        if entity in self.connection.touched:
            return read(entity, key)
        number = self._changes(entity)
        kept = self.parts.kept
        known = kept.get((entity, key))
        if known is not None and known[0] == number:
            return known[1]  # type: ignore[no-any-return]
        found = read(entity, key)
        kept[entity, key] = (number, found)
        return found

    def plain(self, record: Record) -> Mapping[str, Any]:
        """Its values for expressions, as ``values_of`` gives them, shared by all who look next: not to be altered."""
        known = self.ring.seen
        if known is None or known[0] is not record:
            known = self.ring.seen = (record, values_of(record))
        return known[1]

    # --- expressions

    def environment(
        self,
        entity: str | None,
        values: Mapping[str, Any],
        old: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> Environment:
        """Where an expression of that entity's scope finds its names. ``values`` are the record's, with ``id``."""
        names: dict[str, Any] = {**values, "me": self.me, "param": self.parameters}
        if entity is not None:
            names[entity] = values
        if old is not None:
            names["old"] = old
        if extra:
            names.update(extra)
        return Environment(names, self.fetch, self.backlink, self._now, self.parts.zone, self.extras)

    def scene_of(self, names: dict[str, Any]) -> Environment:
        """Where an expression finds exactly these names, and ``me`` and ``param``."""
        names["me"] = self.me
        names["param"] = self.parameters
        return Environment(names, self.fetch, self.backlink, self._now, self.parts.zone, self.extras)

    def _now(self) -> dt.datetime:
        return self.now

    @property
    def extras(self) -> Mapping[str, Any]:
        """What functions ask for beside the record: tables to decide by, history, calendars, users."""
        if self._extras is None:
            self._extras = {
                "decide": self._decide,
                "history": self._spells,
                "calendar": self.compiled.calendar,
                "manifest": self.manifest,
                "user": self._user,
                "team": self._team,
                "lookup": self._lookup,
            }
        return self._extras

    def _decide(self, name: str, environment: Environment | None = None, **given: Any) -> Any:
        table = self.compiled.table(name)
        return table.decide(environment or self.environment(None, {}), given or None)

    def _spells(self, entity: str | None, record: int | None) -> Sequence[Mapping[str, Any]]:
        if entity is None or record is None:
            return ()
        return [
            {"machine": one.machine, "state": one.state, "entered_at": one.entered_at, "left_at": one.left_at}
            for one in history.stays(self.connection, entity, record)
        ]

    def _user(self, login: str) -> Mapping[str, Any] | None:
        found = self.records.find(self.connection, "user", {"login": login}, 1)
        return values_of(found[0]) if found else None

    def _team(self, name: str) -> Mapping[str, Any] | None:
        found = self.records.find(self.connection, "team", {"name": name}, 1)
        return values_of(found[0]) if found else None

    def _lookup(self, entity: str, **given: Any) -> Mapping[str, Any] | None:
        """The one record of an entity with these values: what ``lookup`` finds without leaving the site."""
        if entity not in self.manifest.entities:
            return None
        found = self.records.find(self.connection, entity, given, 2)
        return values_of(found[0]) if len(found) == 1 else None

    def title(self, record: Record) -> str:
        """The record's title as its entity writes it; its kind and number where it has none."""
        plan = self.plan(record.entity)
        text = plan.title(values_of(record)).strip() if plan.title else ""
        return text or f"{plan.entity.label.text(self.language) or record.entity} {record.id}"


def values_of(record: Record) -> dict[str, Any]:
    """The record's values for expressions: every field, and ``id``."""
    values = dict(record.values)
    values["id"] = record.id
    return values

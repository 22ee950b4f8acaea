"""A small site on a database in memory, for tests of what runs: YAML in, turns out."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from engine.clock import UTC, VirtualClock
from engine.facts import SYSTEM, Actor, Record
from engine.load.pipeline import load
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType
from engine.runtime import scheduler, turn
from engine.runtime.acts import Acting
from engine.runtime.context import Parts, values_of
from engine.store import tables
from engine.store.database import Database
from engine.store.records import Records

T = TypeVar("T")
MONDAY = dt.datetime(2026, 1, 5, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


@functools.cache
def registry() -> Registry:
    """Every built-in plugin, found once."""
    return Registry.discover(entry_points=False)


class Stage:
    """A site that runs: ``do`` is a turn, ``ask`` a look."""

    def __init__(self, text: str, *, clock: dt.datetime = MONDAY, url: str = "sqlite://", **parameters: Any) -> None:
        loaded = load({"site.yaml": "kind: site\nname: stage\n", "custom/all.yaml": text}, registry())
        assert loaded.manifest is not None, "\n".join(problem.text() for problem in loaded.errors)
        self.manifest = loaded.manifest
        self.clock = VirtualClock(clock)
        types = registry().plugins[FieldType.slot]
        schema = tables.build(self.manifest, types)  # type: ignore[arg-type]
        self.database = Database.open(url, self.clock)
        self.database.write(schema.create)
        self.parts = Parts(self.manifest, registry(), schema, Records(schema), self.clock, parameters=parameters)
        self.people: dict[str, int] = {}

    def do(self, work: Callable[[Acting], T], actor: Actor = SYSTEM, **more: Any) -> turn.Turned[T]:
        """One turn."""
        return turn.run(self.parts, self.database, actor, work, **more)

    def ask(self, work: Callable[[Acting], T], actor: Actor = SYSTEM) -> T:
        """A look at the database as it is."""
        with self.database.read() as connection:
            return work(Acting(self.parts, connection, actor))

    def user(self, login: str, *roles: str, **values: Any) -> Actor:
        """A person with these roles."""
        given = {"login": login, "name": login, "roles": list(roles), **values}
        record = self.do(lambda context: context.create("user", given)).value
        self.people[login] = record.id
        return self.actor(login)

    def actor(self, login: str) -> Actor:
        """Who acts, as the doors would say it."""
        record = self.get("user", self.people[login])
        return Actor(record.id, login, tuple(record["roles"] or ()), values_of(record))

    def create(self, entity: str, actor: Actor = SYSTEM, **values: Any) -> Record:
        """A new record, as it stands when the turn is over."""
        done = self.do(lambda context: context.create(entity, values), actor)
        return self.get(entity, done.value.id)

    def update(self, record: Record, actor: Actor = SYSTEM, **values: Any) -> Record:
        """The record after the change and all that follows from it."""
        self.do(lambda context: context.update(record.entity, record.id, values), actor)
        return self.get(record.entity, record.id)

    def move(self, record: Record, transition: str, actor: Actor = SYSTEM, **values: Any) -> Record:
        """The record after a transition."""
        self.do(lambda context: context.transition(record.entity, record.id, transition, values), actor)
        return self.get(record.entity, record.id)

    def get(self, entity: str, record: int) -> Record:
        """The record as it rests."""
        found = self.ask(lambda context: context.get(entity, record))
        assert found is not None
        return found

    def find(self, entity: str, **values: Any) -> list[Record]:
        """Every record with these values."""
        return self.ask(lambda context: context.records.find(context.connection, entity, values))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of a system table."""
        return self.ask(lambda context: context.connection.execute(statement))

    def advance(self, **span: float) -> int:
        """Let time pass, with every timer at its own moment; how many fired."""
        return scheduler.play(self.parts, self.database, self.clock, self.clock.now() + dt.timedelta(**span))

    def told(self) -> list[str]:
        """The logins that were notified, oldest first."""
        names = {number: login for login, number in self.people.items()}
        return [names.get(each["user"], str(each["user"])) for each in self.find("notification")]


def problems_of(error: Any) -> Mapping[str, str]:
    """Field -> code of everything refused."""
    return {problem.field: problem.code for problem in error.problems}

"""A small sales site with teams, secrets and history, built by hand: no YAML, no packs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from engine.clock import VirtualClock
from engine.errors import Where
from engine.expression.live import Environment
from engine.expression.parse import Condition, parse
from engine.facts import SYSTEM, Actor, Record
from engine.model.entity import Entity, Field
from engine.model.manifest import Manifest
from engine.model.site import Site
from engine.model.state_machine import State, StateMachine, Transition
from engine.model.terms import Choice, Label
from engine.plugins.registry import Registry
from engine.plugins.scopes import record_scope
from engine.plugins.slots import FieldType
from engine.runtime.context import Context, Parts
from engine.store import tables
from engine.store.database import Database
from engine.store.query.ground import Ground
from engine.store.query.rights import Access, full
from engine.store.records import Records

ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2026, 1, 31, 4, tzinfo=dt.UTC)
SOURCES = ("website", "douyin", "expo")
STATES = ("new", "called", "diagnosed", "won")


def when(*texts: str) -> Condition:
    """A condition of all these expressions."""
    return Condition(tuple(parse(text, Where()) for text in texts))


def fields(**types: Any) -> dict[str, Field]:
    """Fields by name; a value is a type's name or a dict of the field's own parameters."""
    made = {}
    for name, kind in types.items():
        options = {"type": kind} if isinstance(kind, str) else kind
        made[name] = Field(name=name, label=Label(name), **options)
    return made


def entities() -> dict[str, Entity]:
    lead = fields(
        company={"type": "text", "search": True},
        phone={"type": "phone", "search": True, "index": True},
        source={"type": "choice", "choices": tuple(Choice(name) for name in SOURCES)},
        budget="money",
        heat="number",
        downloads="integer",
        frozen="yes_no",
        next_date="date",
        called_at="datetime",
        owner={"type": "user", "to": "user"},
        hospital={"type": "link", "to": "hospital"},
        secret="number",
        stage={"type": "state", "options": {"machine": "lead_stage"}},
        tasks={"type": "backlink", "to": "task", "via": "lead"},
    )
    return {
        "user": Entity(
            name="user", fields=fields(login="text", name="text", team={"type": "team", "to": "team"}, salary="number")
        ),
        "team": Entity(name="team", fields=fields(name="text")),
        "hospital": Entity(
            name="hospital", fields=fields(name="text", grade="text", owner={"type": "user", "to": "user"})
        ),
        "lead": Entity(name="lead", label=Label("线索", "Lead"), fields=lead),
        "task": Entity(name="task", fields=fields(title="text", hours="number", lead={"type": "link", "to": "lead"})),
    }


MACHINE = StateMachine(
    name="lead_stage",
    entity="lead",
    field="stage",
    initial="new",
    states={name: State(name=name, label=Label(name.upper()), final=name == "won") for name in STATES},
    transitions={"go": Transition(name="go", from_=("*",), to="won")},
)


class Shop:
    """The site with its database, and a Ground for whoever asks."""

    def __init__(self, url: str = "sqlite://", **documents: Any) -> None:
        self.manifest = Manifest(
            site=Site(name="shop"),
            entities=entities(),
            state_machines={"lead_stage": MACHINE},
            digest="shop",
            **documents,
        )
        self.registry = Registry.discover(["engine.plugins"], entry_points=False)
        self.kinds: Mapping[str, Any] = {kind.name: kind for kind in self.registry.all(FieldType)}
        self.schema = tables.build(self.manifest, self.kinds)
        self.records = Records(self.schema)
        self.clock = VirtualClock(NOW)
        self.database = Database.open(url, self.clock)
        self.database.write(lambda connection: self.schema.create(connection))

    def add(self, entity: str, at: dt.datetime = NOW, **values: Any) -> Record:
        """A record, written past every rule."""
        return self.database.write(lambda connection: self.records.insert(connection, entity, values, at, None))

    def enter(self, lead: int, *stays: tuple[str, float, float | None], machine: str = "lead_stage") -> None:
        """Stays of a lead: state, hours after NOW it was entered, hours after NOW it was left."""
        came = None
        rows = []
        for state, start, end in stays:
            moments = [
                None if hours is None else int((NOW.timestamp() + hours * 3600) * 1_000_000) for hours in (start, end)
            ]
            rows.append(("lead", lead, machine, state, came, *moments))
            came = state
        text = "INSERT INTO fl_history (entity, record, machine, state, came_from, entered_at, left_at) VALUES (?,?,?,?,?,?,?)"
        self.database.write(lambda connection: connection.many(text, rows))

    def context(self, connection: Any, actor: Actor = SYSTEM, now: dt.datetime = NOW) -> Context:
        """A context of that actor."""
        parts = Parts(self.manifest, self.registry, self.schema, self.records, self.clock)
        return Context(parts, connection, actor, now=now)

    def ground(self, connection: Any, me: Record | None = None, now: dt.datetime = NOW, **access: Access) -> Ground:
        """The ground of a reader; entities not named are open."""
        return Ground(
            manifest=self.manifest,
            schema=self.schema,
            field_types=self.kinds,
            functions=self.registry.plugins["function"],
            scope=lambda entity: record_scope(self.manifest, self.registry, entity),
            access=lambda entity: access.get(entity) or full(entity),
            dialect=connection.dialect,
            environment=Environment(
                names={"me": {"id": me.id, **me.values} if me else None, "param": {"limit": 3}},
                now=lambda: now,
                timezone=ZONE,
            ),
        )

"""A small shop of leads, in a database of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from engine.clock import UTC
from engine.model.entity import Duplicates, Entity, Field
from engine.model.manifest import Manifest
from engine.model.site import Site
from engine.model.terms import Choice
from engine.plugins.registry import Registry
from engine.store import tables
from engine.store.database import Database
from engine.store.records import Records

NOW = dt.datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


def entity(name: str, *fields: Field, **more: Any) -> Entity:
    """An entity of these fields."""
    return Entity(name=name, fields={field.name: field for field in fields}, **more)


def field(name: str, type: str, **more: Any) -> Field:
    """A field of that type."""
    return Field(name=name, type=type, **more)


def manifest(*entities: Entity) -> Manifest:
    """A site of these entities."""
    return Manifest(site=Site(name="shop"), entities={one.name: one for one in entities})


USER = entity(
    "user", field("login", "text", unique=True), field("name", "text", search=True), field("active", "yes_no")
)
LEAD = entity(
    "lead",
    field("company", "text", search=True),
    field("phone", "phone", search=True),
    field("uscc", "uscc"),
    field("owner", "user"),
    field("stage", "state"),
    field("source", "choice", choices=(Choice("web"), Choice("expo"))),
    field("heat", "number"),
    field("visits", "integer"),
    field("budget", "money"),
    field("called_at", "datetime"),
    field("due", "date"),
    field("after", "time"),
    field("length", "duration"),
    field("hot", "yes_no"),
    field("words", "list"),
    field("raw", "json"),
    field("address", "address"),
    field("tags", "links", to="tag"),
    field("orders", "backlink", to="order", via="lead"),
    unique=(("uscc",),),
    duplicates={"same": Duplicates(name="same", match={"phone": "exact", "company": 0.85})},
)
TAG = entity("tag", field("name", "text"), field("order", "link", to="order"))
ORDER = entity("order", field("lead", "link", to="lead"), field("number", "text"), field("group", "text"))


@pytest.fixture(scope="session")
def field_types() -> Mapping[str, Any]:
    """Every field type there is."""
    return Registry.discover(["engine.plugins.field_types"], entry_points=False).plugins["field_type"]


@pytest.fixture(scope="session")
def schema(field_types: Mapping[str, Any]) -> tables.Schema:
    """The tables of the shop."""
    return tables.build(manifest(USER, LEAD, TAG, ORDER), field_types)


@pytest.fixture
def records(schema: tables.Schema) -> Records:
    """Its records."""
    return Records(schema)


@pytest.fixture
def database(database_url: str, open_database: Callable[[str], Database], schema: tables.Schema) -> Database:
    """The shop, empty, on SQLite and on PostgreSQL."""
    opened = open_database(database_url)
    opened.write(schema.create)
    return opened

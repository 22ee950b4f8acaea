"""A small site for expression tests: three tables, their types, and one row seen by Python and by SQL alike."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.expression.evaluate import Environment
from engine.expression.scope import Scope, Type, list_of, record_of
from engine.expression.sql import SqlScope
from engine.expression.types import (
    ADDRESS,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    MONEY,
    NUMBER,
    TEXT,
    TIME,
    YES_NO,
)
from engine.plugins.registry import Registry
from engine.store.columns import JsonText

NOW = dt.datetime(2026, 3, 30, 1, 30, tzinfo=dt.UTC)
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")

FUNCTIONS = Registry.discover(["engine.plugins.functions"], entry_points=False).plugins["function"]

SYSTEM = {"id": INTEGER, "created_at": DATETIME}
FIELDS: Mapping[str, Mapping[str, Type]] = {
    "lead": {
        **SYSTEM, "stage": Type("text", choices=("new", "called", "won")), "name": TEXT, "other": TEXT,
        "n": NUMBER, "m": NUMBER, "i": INTEGER, "j": INTEGER, "amount": MONEY, "budget": MONEY, "flag": YES_NO, "done": YES_NO,
        "day": DATE, "due": DATE, "at": DATETIME, "seen": DATETIME, "span": DURATION, "clock": TIME,
        "tags": list_of(TEXT), "numbers": list_of(INTEGER), "place": ADDRESS, "hospital": record_of("hospital"),
        "owner": record_of("user"), "orders": list_of(record_of("order")), "watchers": list_of(record_of("user")),
    },
    "hospital": {**SYSTEM, "grade": TEXT, "owner": record_of("user"), "beds": INTEGER},
    "user": {**SYSTEM, "name": TEXT, "team": record_of("team"), "regions": list_of(TEXT)},
    "team": {**SYSTEM, "name": TEXT},
    "order": {**SYSTEM, "lead": record_of("lead"), "total": MONEY, "size": NUMBER, "count": INTEGER, "category": TEXT,
              "at": DATETIME, "hospital": record_of("hospital")},
}  # fmt: skip

COLUMNS = {
    "text": sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), "number": sa.Double(), "integer": sa.BigInteger(), "money": sa.BigInteger(),
    "yes_no": sa.Boolean(), "date": sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), "time": sa.Text(), "datetime": sa.BigInteger(), "duration": sa.BigInteger(),
    "record": sa.BigInteger(), "address": JsonText(), "list": JsonText(),
}  # fmt: skip


@dataclass
class Tables:
    """The tables of the small site."""

    metadata: sa.MetaData = field(default_factory=sa.MetaData)

    def __post_init__(self) -> None:
        for entity, fields in FIELDS.items():
            columns = [
                sa.Column(name, COLUMNS[kind.name], primary_key=name == "id", autoincrement=False)
                for name, kind in fields.items()
                if not (kind.name == "list" and kind.of and kind.of.name == "record")
            ]
            sa.Table(entity, self.metadata, *columns, sa.Column("deleted_at", sa.BigInteger()))
        self.links_table = sa.Table(
            "lead__watchers", self.metadata, sa.Column("source", sa.BigInteger()), sa.Column("target", sa.BigInteger())
        )
        self.history = sa.Table(
            "fl_history", self.metadata, sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
            sa.Column("entity", sa.Text()), sa.Column("record", sa.BigInteger()), sa.Column("machine", sa.Text()),
            sa.Column("state", sa.Text()), sa.Column("entered_at", sa.BigInteger()), sa.Column("left_at", sa.BigInteger()),
        )  # fmt: skip

    def table(self, entity: str) -> sa.Table:
        return self.metadata.tables[entity]

    def links(self, entity: str, name: str) -> sa.Table:
        assert (entity, name) == ("lead", "watchers")
        return self.links_table


TABLES = Tables()

SCOPE = Scope(
    names={**FIELDS["lead"], "lead": record_of("lead"), "me": record_of("user"), "param": Type("any")},
    entities=FIELDS,
    parameters={"limit": INTEGER, "window": DURATION, "words": list_of(TEXT), "price": MONEY},
    entity="lead",
)

ME = {"id": 1, "name": "li", "team": 1, "regions": ("北京", "上海"), "created_at": None}
PARAMETERS = {"limit": 2, "window": dt.timedelta(days=2), "words": ("a", "é"), "price": Decimal("12.5")}


def stored(value: Any, kind: Type) -> Any:
    """A Python value as the database has it."""
    if value is None:
        return None
    if kind.name == "money":
        return int(value * 10000)
    if kind.name == "datetime":
        return (value - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    if kind.name == "duration":
        return value // dt.timedelta(microseconds=1)
    if kind.name == "date":
        return value.isoformat()
    if kind.name == "time":
        return value.strftime("%H:%M")
    if kind.name in ("list", "address"):
        return json.dumps(value, ensure_ascii=False)
    return value


class World:
    """Rows in memory and in one database."""

    def __init__(self, engine: sa.Engine, zone: dt.tzinfo = SHANGHAI) -> None:
        self.engine, self.zone = engine, zone
        self.connection = engine.connect()
        TABLES.metadata.create_all(self.connection)
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.watchers: list[tuple[int, int]] = []
        self.history: list[dict[str, Any]] = []

    def fill(
        self,
        rows: Mapping[str, Sequence[Mapping[str, Any]]],
        watchers: Sequence[tuple[int, int]] = (),
        history: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Replace everything there is."""
        for table in TABLES.metadata.tables.values():
            self.connection.execute(sa.delete(table))
        self.rows = {}
        for entity, fields in FIELDS.items():
            own = [name for name, kind in fields.items() if not (kind.name == "list" and kind.of.name == "record")]
            table = TABLES.table(entity)
            self.rows[entity] = [{name: row.get(name) for name in own} for row in rows.get(entity, ())]
            for row in self.rows[entity]:
                values = {name: stored(value, fields[name]) for name, value in row.items()}
                self.connection.execute(sa.insert(table).values(**values))
        self.watchers, self.history = list(watchers), [dict(each) for each in history]
        for source, target in watchers:
            self.connection.execute(sa.insert(TABLES.links_table).values(source=source, target=target))
        for number, spell in enumerate(history):
            values = {name: stored(v, DATETIME) if name.endswith("_at") else v for name, v in spell.items()}
            self.connection.execute(sa.insert(TABLES.history).values(id=number, entity="lead", **values))
        self.connection.commit()

    def fetch(self, entity: str, ident: int) -> Mapping[str, Any] | None:
        return next((row for row in self.rows.get(entity, ()) if row["id"] == ident), None)

    def backlink(self, entity: str, ident: int, name: str) -> list[Mapping[str, Any]]:
        if name == "orders":
            return [row for row in self.rows["order"] if row["lead"] == ident]
        found = [self.fetch("user", target) for source, target in self.watchers if source == ident]
        return [row for row in found if row is not None]

    def environment(self, row: Mapping[str, Any] | None) -> Environment:
        names = {**(row or {}), "me": ME, "param": PARAMETERS}
        if row is not None:
            names["lead"] = row
        spells = {"history": lambda entity, ident: [s for s in self.history if s["record"] == ident]}
        return Environment(names, self.fetch, self.backlink, lambda: NOW, self.zone, spells)

    def sql_scope(self) -> SqlScope:
        return SqlScope(
            scope=SCOPE, functions=FUNCTIONS, tables=TABLES, dialect=self.engine.dialect.name,
            environment=self.environment(None), via={("lead", "orders"): "lead"},
        )  # fmt: skip

    def ask(self, column: sa.ColumnElement[Any]) -> dict[int, Any]:
        """The column's value for every lead."""
        lead = TABLES.table("lead")
        found = self.connection.execute(sa.select(lead.c.id, column.label("x")).select_from(lead)).all()
        self.connection.rollback()
        return {row[0]: row[1] for row in found}

    def where(self, condition: sa.ColumnElement[Any]) -> set[int]:
        """The leads for which the condition holds."""
        lead = TABLES.table("lead")
        found = set(self.connection.execute(sa.select(lead.c.id).where(condition)).scalars())
        self.connection.rollback()
        return found

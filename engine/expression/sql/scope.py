"""What the SQL compiler stands on: tables, the row, what is the same for every row, and lists of rows. Floor: 2."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

import sqlalchemy as sa

from engine.expression import live
from engine.expression.live import Environment
from engine.expression.scope import (
    ANY,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    MONEY,
    NONE,
    NUMBER,
    TEXT,
    TIME,
    YES_NO,
    Functions,
    Scope,
    Type,
    list_of,
)
from engine.expression.sql import dates


class Tables(Protocol):
    """The tables of a site (``engine.store.tables.Schema``)."""

    @property
    def history(self) -> sa.Table:
        """The table of states: entity, record, machine, state, entered_at, left_at."""
        ...

    def table(self, entity: str) -> sa.Table:
        """An entity's table."""
        ...

    def links(self, entity: str, field: str) -> sa.Table:
        """The table behind a many-to-many field: source, target."""
        ...


def _unlimited(entity: str, table: sa.FromClause) -> sa.ColumnElement[bool] | None:
    return None


@dataclass(frozen=True, slots=True)
class SqlScope:
    """Where an expression becomes SQL.

    ``row`` is the FROM element that bare names are columns of (the entity's table unless it is told otherwise);
    ``environment`` holds what is the same for every row: ``me``, ``param`` and other given records as ``names``, now,
    time zone. ``via`` names, for every backlink (entity, field), the field of the other entity that points back; a list of
    records that is not in it is a many-to-many field. ``limit`` adds a condition to every other table that is
    reached (what the reader may not see is not there).
    """

    scope: Scope
    functions: Functions
    tables: Tables
    dialect: str
    environment: Environment
    row: sa.FromClause | None = None
    via: Mapping[tuple[str, str], str] = field(default_factory=dict)
    limit: Callable[[str, sa.FromClause], sa.ColumnElement[bool] | None] = _unlimited

    def own(self) -> sa.FromClause:
        """The FROM element of the row itself."""
        return self.row if self.row is not None else self.tables.table(self.scope.entity or "")


SQL_TYPES: Mapping[str, sa.types.TypeEngine[Any]] = {
    "text": sa.Text(), "number": sa.Double(), "integer": sa.BigInteger(), "money": sa.BigInteger(),
    "yes_no": sa.Boolean(), "date": sa.Text(), "time": sa.Text(), "datetime": sa.BigInteger(),
    "duration": sa.BigInteger(), "record": sa.BigInteger(), "none": sa.Text(),
}  # fmt: skip


def type_of(value: Any) -> Type:
    """The type of a Python value that came from the environment."""
    if value is None:
        return NONE
    for kind, found in (
        (bool, YES_NO), (int, INTEGER), (float, NUMBER), (Decimal, MONEY), (str, TEXT), (dt.datetime, DATETIME),
        (dt.date, DATE), (dt.time, TIME), (dt.timedelta, DURATION),
    ):  # fmt: skip
        if isinstance(value, kind):
            return found
    if isinstance(value, list | tuple | set | frozenset):
        return list_of(next((type_of(each) for each in value if each is not None), ANY))
    return Type("record") if isinstance(value, Mapping) and "id" in value else ANY


def encode(value: Any, kind: Type) -> Any:
    """A Python value as it rests: money in ten-thousandths, spans and instants in microseconds, dates as text.

    Raises TypeError for one that has no such form.
    """
    value = live.ident(value)
    if value is None:
        return None
    if kind == MONEY:
        return int((live.money(value) * live.SCALE).to_integral_value())
    if kind == NUMBER:
        return float(value)
    if isinstance(value, dt.datetime):
        return dates.microseconds(value)
    if isinstance(value, dt.timedelta):
        return value // dates.MICROSECOND
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool | int | float | str):
        return value
    raise TypeError(type(value).__name__)


def decode(value: Any, kind: Type) -> Any:
    """What the database gave for an expression of that type, as the Python value (lists stay as they came)."""
    if value is None:
        return None
    if kind == MONEY:
        return Decimal(int(value)).scaleb(-4)
    if kind == DATETIME:
        return dates.EPOCH + dt.timedelta(microseconds=int(value))
    if kind == DURATION:
        return dt.timedelta(microseconds=int(value))
    if kind == DATE:
        return dt.date.fromisoformat(value)
    if kind == TIME:
        return dt.time.fromisoformat(value)
    if kind == YES_NO:
        return bool(value)
    return float(value) if kind == NUMBER else int(value) if kind == INTEGER else value or None


def bind(value: Any, kind: Type) -> sa.ColumnElement[Any]:
    """A Python value as a bound parameter in its stored form."""
    stored = encode(value, kind)
    name = "integer" if kind.name == "any" and isinstance(stored, int) else kind.name
    if stored is None:
        # Never a bare NULL: SQLAlchemy would turn ``owner == NULL`` into IS NULL, which is the opposite of no answer.
        return sa.cast(sa.null(), SQL_TYPES.get(name, sa.Text()))
    return sa.literal(stored, SQL_TYPES.get(name, sa.Text()))


@dataclass(frozen=True, slots=True)
class Rows:
    """A list that is rows of other tables: what is counted, summed, searched by a correlated subquery.

    ``element`` is the value of one row (a record's id for records) in its stored form, of type ``of``; ``loops`` are the
    FROM elements, ``where`` their conditions. ``table`` is the record's own FROM element, None for plain values.
    """

    of: Type
    element: sa.ColumnElement[Any]
    loops: tuple[sa.FromClause, ...]
    where: tuple[sa.ColumnElement[bool], ...] = ()
    table: sa.FromClause | None = None
    unique: bool = False

    def also(self, *conditions: sa.ColumnElement[bool]) -> Rows:
        """The same rows under further conditions."""
        return replace(self, where=(*self.where, *conditions))

    def select(self, *what: sa.ColumnElement[Any]) -> Any:
        """A select over the rows, correlated to everything outside them."""
        chosen = sa.select(*what).select_from(*self.loops).where(*self.where)
        return chosen.correlate_except(*self.loops)

    def value(self, aggregate: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """One aggregate over the rows, as a scalar."""
        found: sa.ColumnElement[Any] = self.select(aggregate).scalar_subquery()
        return found

    def exists(self) -> sa.ColumnElement[bool]:
        """True when there is a row; never NULL."""
        found: sa.ColumnElement[bool] = self.select(sa.literal_column("1")).exists()
        return found

    def count(self) -> sa.ColumnElement[int]:
        """How many rows, empty values among them (or how many different ones); never NULL."""
        return self.value(sa.func.count(self.element.distinct()) if self.unique else sa.func.count())

    def aggregate(self, name: str) -> sa.ColumnElement[Any]:
        """``sum``, ``min`` … over the values; NULL where there are none."""
        kind = SQL_TYPES[self.of.name]
        element = self.element.distinct() if self.unique else self.element
        return self.value(
            sa.cast(getattr(sa.func, name)(element), kind)
            if name == "sum"
            else getattr(sa.func, name)(element, type_=kind)
        )

    def values(self) -> Any:
        """A subquery with one column ``v``: the values that are not empty."""
        chosen = self.select(self.element.label("v")).where(self.element.isnot(None))
        return chosen.distinct() if self.unique else chosen


@dataclass(frozen=True, slots=True)
class History:
    """The states of the row: the table, and what ties it to the row."""

    table: sa.Table
    entity: str
    row: sa.FromClause

    def spells(self, state: sa.ColumnElement[Any], machine: sa.ColumnElement[Any] | None) -> tuple[Any, Any]:
        """The history under a name of its own, and the condition that picks the row's spells in that state."""
        spell = self.table.alias()
        own = sa.and_(spell.c.record == self.row.c.id, spell.c.entity == self.entity, spell.c.state == state)
        return spell, own if machine is None else sa.and_(own, spell.c.machine == machine)

    def scalar(self, spell: Any, chosen: Any) -> sa.ColumnElement[Any]:
        """A select over the spells as a scalar, correlated to the row."""
        found: sa.ColumnElement[Any] = chosen.correlate_except(spell).scalar_subquery()
        return found

"""Real tables from entities: real columns, real indexes, foreign keys. Floor: 3."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from engine.model.entity import Entity, Field
from engine.model.manifest import Manifest
from engine.store import columns as kind
from engine.store import settings, system
from engine.store.connection import Connection
from engine.store.query import indexes
from engine.store.statement import dialect_of

#: Columns every entity's table has before its own.
SYSTEM_COLUMNS = ("id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at")
#: The column a search reads: words, pinyin, initials and last digits of the fields with ``search: true``.
SEARCH = "search_text"
#: Field types whose column holds the id of a record.
LINKS = ("link", "user", "team")

#: Field types whose column holds the id of a file: who may read a file is asked of the records that hold it.
FILES = ("file", "image")

LIVE = "deleted_at IS NULL"


class Storable(Protocol):
    """What the store asks of a field type plugin (see engine.plugins.slots.FieldType)."""

    def column(self, field: Field) -> Any:
        """The SQL type of its column, None for none."""
        ...

    def to_store(self, value: Any) -> Any:
        """The Python value as the driver takes it."""
        ...

    def from_store(self, value: Any) -> Any:
        """What the driver gave, as the Python value."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """An entity as it rests. ``fields`` have a column each, ``many`` a table each; the converters of a field are left out
    where the driver already takes and gives the Python value."""

    entity: Entity
    table: sa.Table
    fields: tuple[str, ...]
    many: Mapping[str, sa.Table]
    to_store: Mapping[str, Callable[[Any], Any]]
    from_store: Mapping[str, Callable[[Any], Any]]
    searched: tuple[str, ...]


class Schema:
    """All tables of a site. System tables are attributes: ``schema.history``, ``schema.timers`` …

    ``initial`` gives, for a state field (entity, field), its machine and first state: what records have that are older
    than the machine.
    """

    def __init__(
        self,
        metadata: sa.MetaData,
        entities: Mapping[str, Stored],
        initial: Mapping[tuple[str, str], tuple[str, str]] | None = None,
    ) -> None:
        self.metadata = metadata
        self.entities = entities
        self.initial = initial or {}

    def __getattr__(self, name: str) -> sa.Table:
        table = self.__dict__["metadata"].tables.get(f"fl_{name}") if "metadata" in self.__dict__ else None
        if table is None:
            raise AttributeError(name)
        return table  # type: ignore[no-any-return]

    def table(self, entity: str) -> sa.Table:
        """The table of an entity. KeyError for a stranger."""
        return self.entities[entity].table

    def links(self, entity: str, field: str) -> sa.Table:
        """The table behind a many-to-many field: ``source``, ``target``."""
        return self.entities[entity].many[field]

    @functools.lru_cache(maxsize=4)  # noqa: B019 - only schemas in use are asked; older ones must not stay
    def statements(self, dialect: str) -> tuple[str, ...]:
        """The SQL that makes every table in an empty database, in order."""
        return self.making(dialect, self.metadata.tables.values())

    def making(self, dialect: str, tables: Iterable[sa.Table]) -> tuple[str, ...]:
        """The SQL that makes these tables with their keys and indexes, in order."""
        compiler = dialect_of(dialect)
        made: list[Any] = []
        tied: list[Any] = []
        for table in tables:
            if dialect == "sqlite":
                made.append(CreateTable(table))
            else:
                made.append(CreateTable(table, include_foreign_key_constraints=[]))
                tied += [
                    AddConstraint(key, isolate_from_table=False)
                    for key in sorted(table.foreign_key_constraints, key=lambda k: str(k.name))
                ]
            tied += [CreateIndex(index) for index in sorted(table.indexes, key=lambda i: str(i.name))]
        return tuple(str(step.compile(dialect=compiler)).strip() for step in [*made, *tied])

    def create(self, connection: Connection) -> None:
        """Make every table in an empty database."""
        for statement in self.statements(connection.dialect):
            connection.execute(statement)
        self.remember(connection)

    def shape(self) -> dict[str, Any]:
        """What the columns mean, which they do not tell themselves: the type of each field and where a link leads."""
        return {
            name: {
                "fields": {
                    field.name: f"{field.type}:{target_of(field)}" if field.type in (*LINKS, "links") else field.type
                    for field in stored.entity.fields.values()
                    if field.name in stored.fields or field.name in stored.many
                },
                "searched": list(stored.searched),
            }
            for name, stored in self.entities.items()
        }

    def remember(self, connection: Connection) -> None:
        """Keep the shape beside the tables, for the next change of them."""
        settings.put(connection, "shape", self.shape())


def build(manifest: Manifest, field_types: Mapping[str, Storable]) -> Schema:
    """The tables of every entity of the manifest, and the engine's own."""
    metadata = sa.MetaData()
    system.build(metadata)
    asked = indexes.wanted(manifest)
    entities = {
        name: _stored(metadata, entity, field_types, asked.get(name, ())) for name, entity in manifest.entities.items()
    }
    initial = {(m.entity, m.field): (m.name, m.initial) for m in manifest.state_machines.values()}
    return Schema(metadata, entities, initial)


def _stored(
    metadata: sa.MetaData,
    entity: Entity,
    field_types: Mapping[str, Storable],
    asked: Sequence[tuple[str, ...]] = (),
) -> Stored:
    columns: list[Any] = [
        sa.Column("id", kind.key(), primary_key=True, autoincrement=True),
        sa.Column("version", kind.integer(), nullable=False),
        sa.Column("created_at", kind.integer(), nullable=False),
        sa.Column("created_by", kind.integer()),
        sa.Column("updated_at", kind.integer(), nullable=False),
        sa.Column("updated_by", kind.integer()),
        sa.Column("deleted_at", kind.integer()),
    ]
    own: list[str] = []
    many: dict[str, sa.Table] = {}
    for field in entity.fields.values():
        if field.name in SYSTEM_COLUMNS:
            continue
        if field.type == "links":
            many[field.name] = _many(metadata, entity.name, field)
        column_type = field_types[field.type].column(field)
        if column_type is not None:
            columns.append(_column(entity.name, field, column_type))
            own.append(field.name)
    searched = tuple(name for name in own if entity.fields[name].search)
    if searched:
        columns.append(sa.Column(SEARCH, kind.text()))
    table = sa.Table(entity.name, metadata, *columns, sqlite_autoincrement=True)
    _indexes(table, entity, own, asked)
    types = {name: field_types[entity.fields[name].type] for name in own}
    moments = ("created_at", "updated_at")
    instant = field_types["datetime"]
    to_store = {name: t.to_store for name, t in types.items() if _overrides(t, "to_store")}
    from_store = {name: t.from_store for name, t in types.items() if _overrides(t, "from_store")}
    for name in moments:
        to_store[name], from_store[name] = instant.to_store, instant.from_store
    return Stored(entity, table, tuple(own), many, to_store, from_store, searched)


def _overrides(field_type: Storable, method: str) -> bool:
    """False when the method is the slot's own, which changes nothing: then it need not be called per value."""
    owner = next(cls for cls in type(field_type).__mro__ if method in vars(cls))
    return "slot" not in vars(owner)


def _column(entity: str, field: Field, column_type: Any) -> sa.Column[Any]:
    ties: list[Any] = []
    if field.type in LINKS:
        ties.append(sa.ForeignKey(f"{target_of(field)}.id", name=short(f"fk_{entity}_{field.name}")))
    return sa.Column(field.name, column_type, *ties)


def target_of(field: Field) -> str:
    """The entity a link, user or team field points to."""
    return field.to or field.type


def _many(metadata: sa.MetaData, entity: str, field: Field) -> sa.Table:
    name = f"{entity}__{field.name}"
    table = sa.Table(
        name,
        metadata,
        sa.Column(
            "source",
            kind.integer(),
            sa.ForeignKey(f"{entity}.id", name=short(f"fk_{name}_source")),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column(
            "target",
            kind.integer(),
            sa.ForeignKey(f"{target_of(field)}.id", name=short(f"fk_{name}_target")),
            primary_key=True,
            autoincrement=False,
        ),
    )
    sa.Index(short(f"ix_{name}_target"), table.c.target)
    return table


def _indexes(table: sa.Table, entity: Entity, own: list[str], asked: Sequence[tuple[str, ...]]) -> None:
    """Unique among what is not in the trash; what views sort by; a state or a link together with the time."""
    seen: set[tuple[str, ...]] = set()

    def add(columns: tuple[str, ...], unique: bool = False) -> None:
        begun = columns in seen or (not unique and any(known[: len(columns)] == columns for known in seen))
        if begun or not all(name in table.c for name in columns):
            return
        seen.add(columns)
        where: dict[str, Any] = {"sqlite_where": sa.text(LIVE), "postgresql_where": sa.text(LIVE)} if unique else {}
        name = short(f"{'ux' if unique else 'ix'}_{entity.name}_{'_'.join(columns)}")
        sa.Index(name, *[table.c[column] for column in columns], unique=unique, **where)

    for columns in (*entity.unique, *((name,) for name in own if entity.fields[name].unique)):
        add(tuple(columns), unique=True)
    for columns in asked:
        add(columns)
    for name in own:
        field = entity.fields[name]
        if field.type in (*LINKS, "state"):
            add((name, "created_at"))
        elif field.index:
            add((name,))
        elif field.type in FILES:
            # Few records have one: the others cost nothing.
            held = sa.text(f'"{name}" IS NOT NULL')
            named = short(f"fx_{entity.name}_{name}")
            sa.Index(named, table.c[name], sqlite_where=held, postgresql_where=held)
    for rule in entity.duplicates.values():
        for name, how in rule.match.items():
            if how == "exact":
                add((name,))
    for columns in entity.index:
        add(tuple(columns))
    add(("created_at",))
    gone = sa.text("deleted_at IS NOT NULL")
    sa.Index(short(f"ix_{entity.name}_deleted"), table.c.deleted_at, sqlite_where=gone, postgresql_where=gone)


def short(name: str) -> str:
    """A name that PostgreSQL takes whole (63 bytes), still unlike every other."""
    if len(name) <= 60:
        return name
    return f"{name[:51]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"

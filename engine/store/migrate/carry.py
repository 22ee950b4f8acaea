"""Operations carried out: all of them, or none. Floor: 3.

Adding and renaming never copy a table on either database. A column that is dropped is renamed, a column that changes its
type is set aside the same way while the converted values go into a new one. So a million records cost seconds, and
every step can be taken back by the transaction it runs in. The SQL comes from Alembic's operations.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.errors import Refused
from engine.failpoints import failpoint
from engine.model.entity import Field
from engine.store.connection import Connection
from engine.store.migrate import live
from engine.store.migrate.convert import Cleaning, converter, is_free
from engine.store.migrate.dropped import dropped, keep, restore
from engine.store.migrate.operation import Operation
from engine.store.tables import SEARCH, Schema

LOT = 2000
#: System tables that speak of an entity by its name. The audit log keeps the old name: its rows are sealed.
NAMING = (
    "fl_history",
    "fl_timers",
    "fl_jobs",
    "fl_runs",
    "fl_traces",
    "fl_score_cards",
    "fl_keys",
    "fl_dropped",
    "fl_imports",
    "fl_import_rows",
    "fl_merges",
)


def apply(
    connection: Connection,
    operations: Sequence[Operation],
    schema: Schema,
    field_types: Mapping[str, Cleaning],
    now: dt.datetime,
    *,
    allow_lossy: bool = False,
    timezone: str = "Asia/Shanghai",
    search_text: Callable[[Sequence[Any]], str] | None = None,
) -> None:
    """Change the tables so that they fit ``schema``, in the connection's transaction.

    Raises Refused, before anything is touched, when values would be lost and ``allow_lossy`` is not given, or when records
    break a new unique rule.
    """
    stops = [o.problem() for o in operations if o.clashes or (o.is_lossy and not allow_lossy)]
    if stops:
        raise Refused(stops)
    carrier = _Carrier(connection, schema, field_types, now, ZoneInfo(timezone), search_text)
    for operation in sorted(operations, key=_phase):
        getattr(carrier, operation.kind)(operation)
        failpoint("migration")
    schema.remember(connection)


def _phase(operation: Operation) -> int:
    """System tables first, for what is set aside is noted there; renamed tables before new ones, which may point to them."""
    first = ("add_system", "drop_index", "rename_table", "add_table")
    return first.index(operation.kind) if operation.kind in first else len(first)


class _Carrier:
    """Each operation's kind is the name of the method that carries it out."""

    def __init__(
        self,
        connection: Connection,
        schema: Schema,
        field_types: Mapping[str, Cleaning],
        now: dt.datetime,
        zone: dt.tzinfo,
        search_text: Callable[[Sequence[Any]], str] | None,
    ) -> None:
        from alembic.migration import MigrationContext
        from alembic.operations import Operations

        self.connection = connection
        self.schema = schema
        self.types = field_types
        self.now = now
        self.zone = zone
        self.search_text = search_text
        context = MigrationContext.configure(
            dialect_name=connection.dialect, opts={"as_sql": True, "output_buffer": io.StringIO()}
        )
        # Alembic writes the SQL, our own connection runs it: one transaction with everything else.
        context.impl.static_output = self._run  # type: ignore[method-assign]
        self.operations = Operations(context)

    def _has(self, table: str) -> bool:
        return table in live.tables(self.connection)

    def _run(self, text: str) -> None:
        self.connection.execute(text.strip().removesuffix(";"))

    def _rename_table(self, old: str, new: str) -> None:
        from alembic.operations import ops

        self.operations.invoke(ops.RenameTableOp(old, new))

    def _rename_column(self, table: str, old: str, new: str) -> None:
        from alembic.operations import ops

        self.operations.invoke(ops.AlterColumnOp(table, old, modify_name=new))

    def _add_column(self, table: str, name: str) -> None:
        from alembic.operations import ops

        made = self.schema.metadata.tables[table].c[name]
        ties = [sa.ForeignKey(key.target_fullname, name=str(key.name)) for key in made.foreign_keys]
        column: sa.Column[Any] = sa.Column(name, made.type, *ties)
        self.operations.invoke(ops.AddColumnOp(table, column, inline_references=True))

    def _aside(self, field: str) -> str:
        number = 1 + int(self.connection.scalar("SELECT COALESCE(MAX(id), 0) FROM fl_dropped"))
        return f"_dropped_{number}_{field}"[:60]

    # --- tables

    def add_table(self, operation: Operation) -> None:
        """All new tables with the first of them: they may point to each other."""
        if self._has(operation.entity):
            return
        names = {name for name in self.schema.entities if not self._has(name)}
        wanted = [
            table
            for name, table in self.schema.metadata.tables.items()
            if name.partition("__")[0] in names and not self._has(name)
        ]
        for statement in self.schema.making(self.connection.dialect, wanted):
            self.connection.execute(statement)

    def add_system(self, operation: Operation) -> None:
        if operation.field:
            self._add_column(operation.entity, operation.field)
            return
        for statement in self.schema.making(self.connection.dialect, [self.schema.metadata.tables[operation.entity]]):
            self.connection.execute(statement)

    def rename_table(self, operation: Operation) -> None:
        old, new = operation.was, operation.became
        self._rename_table(old, new)
        for name in list(live.tables(self.connection)):
            if name.startswith(f"{old}__"):
                self._rename_table(name, f"{new}__{name.removeprefix(f'{old}__')}")
        for table in NAMING:
            self.connection.execute(f"UPDATE {table} SET entity = ? WHERE entity = ?", (new, old))

    def drop_table(self, operation: Operation) -> None:
        name = f"{operation.entity}__{operation.field}" if operation.field else operation.entity
        place = self._aside(name)
        self._rename_table(name, place)
        keep(self.connection, operation.entity, operation.field, place, operation.was, operation.records, self.now)

    # --- fields

    def add_field(self, operation: Operation) -> None:
        if operation.became.startswith("links:"):
            table = self.schema.metadata.tables[f"{operation.entity}__{operation.field}"]
            for statement in self.schema.making(self.connection.dialect, [table]):
                self.connection.execute(statement)
        else:
            self._add_column(operation.entity, operation.field)

    def restore_field(self, operation: Operation) -> None:
        found = next(one for one in dropped(self.connection) if one.place == operation.was)
        restore(self.connection, found.id)

    def rename_field(self, operation: Operation) -> None:
        if self._has(f"{operation.entity}__{operation.was}"):
            self._rename_table(f"{operation.entity}__{operation.was}", f"{operation.entity}__{operation.field}")
        else:
            self._rename_column(operation.entity, operation.was, operation.field)

    def drop_field(self, operation: Operation) -> None:
        place = self._aside(operation.field)
        self._rename_column(operation.entity, operation.field, place)
        keep(self.connection, operation.entity, operation.field, place, operation.was, operation.records, self.now)

    def link_to_links(self, operation: Operation) -> None:
        entity, field = operation.entity, operation.field
        self.add_field(operation)
        self.connection.execute(
            f'INSERT INTO "{entity}__{field}" (source, target) SELECT id, "{field}" FROM "{entity}" WHERE "{field}" IS NOT NULL'
        )
        self.drop_field(operation)

    def retype_field(self, operation: Operation) -> None:
        if is_free(operation.was, operation.became):
            return
        entity, field = operation.entity, operation.field
        place = self._aside(field)
        self._rename_column(entity, field, place)
        self._add_column(entity, field)
        new = self.schema.entities[entity].entity.fields[field]
        old = Field(name=field, type=operation.was)
        convert = converter(self.types[operation.was], old, self.types[operation.became], new, self.zone)

        def converted(row: tuple[Any, ...]) -> tuple[Any, ...] | None:
            try:
                return (convert(row[1]), row[0])
            except ValueError:
                return None

        text = f'SELECT id, "{place}" FROM "{entity}" WHERE "{place}" IS NOT NULL AND id > ? ORDER BY id LIMIT {LOT}'
        self._rewrite(text, f'UPDATE "{entity}" SET "{field}" = ? WHERE id = ?', converted)
        keep(self.connection, entity, field, place, operation.was, operation.records, self.now)

    def _rewrite(self, select: str, update: str, change: Callable[[tuple[Any, ...]], tuple[Any, ...] | None]) -> None:
        """Lot by lot in the order of ids, so that memory stays flat whatever the table's size."""
        last = 0
        while rows := self.connection.execute(select, (last,)):
            changed = [new for row in rows if (new := change(row)) is not None]
            if changed:
                self.connection.many(update, changed)
            last = rows[-1][0]

    # --- contents

    def fill_state(self, operation: Operation) -> None:
        entity, field = operation.entity, operation.field
        machine, state = self.schema.initial[entity, field]
        self.connection.execute(f'UPDATE "{entity}" SET "{field}" = ? WHERE "{field}" IS NULL', (state,))
        self.connection.execute(
            "INSERT INTO fl_history (entity, record, machine, state, entered_at) "
            f'SELECT CAST(? AS TEXT), id, CAST(? AS TEXT), CAST(? AS TEXT), created_at FROM "{entity}" WHERE "{field}" = ?',
            (entity, machine, state, state),
        )

    def fill_search(self, operation: Operation) -> None:
        from engine.store.words import search_text

        stored = self.schema.entities[operation.entity]
        present = SEARCH in live.tables(self.connection)[operation.entity]
        if not stored.searched:
            if present:
                self.connection.execute(f'ALTER TABLE "{operation.entity}" DROP COLUMN {SEARCH}')
            return
        if not present:
            self._add_column(operation.entity, SEARCH)
        words = self.search_text or search_text
        columns = ", ".join(f'"{name}"' for name in stored.searched)
        convert = [stored.from_store.get(name) for name in stored.searched]

        def filled(row: tuple[Any, ...]) -> tuple[Any, ...]:
            values = [c(v) if c and v is not None else v for c, v in zip(convert, row[1:], strict=True)]
            return (words(values), row[0])

        text = f'SELECT id, {columns} FROM "{operation.entity}" WHERE id > ? ORDER BY id LIMIT {LOT}'
        self._rewrite(text, f'UPDATE "{operation.entity}" SET {SEARCH} = ? WHERE id = ?', filled)

    # --- indexes

    def drop_index(self, operation: Operation) -> None:
        from alembic.operations import ops

        self.operations.invoke(ops.DropIndexOp(operation.was, operation.entity))

    def add_index(self, operation: Operation) -> None:
        from alembic.operations import ops

        table = self.schema.metadata.tables[operation.entity]
        if operation.became in live.indexes(self.connection):
            return
        index = next(one for one in table.indexes if one.name == operation.became)
        self.operations.invoke(ops.CreateIndexOp.from_index(index))

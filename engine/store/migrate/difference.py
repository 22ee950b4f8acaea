"""The difference between the live tables and a new schema, as operations with record counts. Floor: 3.

The names of indexes tell their columns, and the shape kept beside the tables tells the types of fields, so nothing has to be
guessed from SQL types: an integer that becomes money looks the same to the database, and is not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from engine.model.entity import Field
from engine.store.connection import Connection
from engine.store.migrate import live
from engine.store.migrate.convert import Cleaning, converter, is_free
from engine.store.migrate.dropped import Dropped, dropped
from engine.store.migrate.operation import Operation
from engine.store.tables import SEARCH, Schema, Stored

SAMPLE = 5


def plan(
    connection: Connection, schema: Schema, field_types: Mapping[str, Cleaning], timezone: str = "Asia/Shanghai"
) -> list[Operation]:
    """Every operation, in the order it must be carried out; empty when the database already fits.

    Nothing is changed. Values of a field that changes its type are all tried, so the counts are exact.
    """
    return list(_Difference(connection, schema, field_types, ZoneInfo(timezone)).operations())


class _Difference:
    def __init__(
        self, connection: Connection, schema: Schema, field_types: Mapping[str, Cleaning], zone: dt.tzinfo
    ) -> None:
        self.connection = connection
        self.schema = schema
        self.types = field_types
        self.zone = zone
        self.tables = live.tables(connection)
        self.indexes = live.indexes(connection)
        self.old: Mapping[str, Any] = live.shape(connection)
        self.kept: list[Dropped] = dropped(connection) if "fl_dropped" in self.tables else []
        self.renamed = self._renamed_tables()
        self._follow_renames()

    def operations(self) -> Iterator[Operation]:
        for name, table in self.schema.metadata.tables.items():
            if name.startswith("fl_"):
                yield from self._system(name, {column.name for column in table.columns})
        changes = [operation for stored in self.schema.entities.values() for operation in self._entity(stored)]
        changes += self._gone()
        yield from self._index_changes(changes)

    def _renamed_tables(self) -> dict[str, str]:
        """New name -> old name."""
        found = {}
        for name, stored in self.schema.entities.items():
            former = stored.entity.renamed_from
            if name not in self.old and former and former in self.old and former not in self.schema.entities:
                found[name] = former
        return found

    def _follow_renames(self) -> None:
        """A link to a table that is only renamed still leads to the same records."""
        now = {old: new for new, old in self.renamed.items()}

        def followed(shape: str) -> str:
            kind, colon, target = shape.partition(":")
            return f"{kind}{colon}{now.get(target, target)}"

        self.old = {
            entity: {**before, "fields": {name: followed(shape) for name, shape in before["fields"].items()}}
            for entity, before in self.old.items()
        }

    def _system(self, name: str, columns: set[str]) -> Iterator[Operation]:
        present = self.tables.get(name)
        if present is None:
            yield Operation("add_system", name)
        else:
            for column in sorted(columns - present):
                yield Operation("add_system", name, column)

    def _count(self, table: str, column: str = "*") -> int:
        what = "*" if column == "*" else f'"{column}"'
        return int(self.connection.scalar(f'SELECT COUNT({what}) FROM "{table}"'))

    # --- entities

    def _entity(self, stored: Stored) -> Iterator[Operation]:
        name = stored.entity.name
        former = self.renamed.get(name, name)
        before = self.old.get(former)
        if before is None:
            yield Operation("add_table", name)
            return
        if former != name:
            yield Operation("rename_table", name, was=former, became=name, records=self._count(former))
        old_fields = dict(before["fields"])
        now = self.schema.shape()[name]["fields"]
        for field_name, shape in now.items():
            yield from self._field(stored, former, old_fields, stored.entity.fields[field_name], shape)
        for field_name, shape in old_fields.items():
            if field_name not in now and field_name not in self._taken(stored, old_fields):
                yield self._drop(former, name, field_name, shape)
        retyped = any(old_fields.get(word, now[word]) != now[word] for word in stored.searched)
        if list(stored.searched) != before["searched"] or retyped:
            yield Operation("fill_search", name, SEARCH, records=self._count(former) if stored.searched else 0)

    def _taken(self, stored: Stored, old_fields: Mapping[str, str]) -> set[str]:
        """Old fields that live on under another name."""
        fields = stored.entity.fields.values()
        return {
            f.renamed_from
            for f in fields
            if f.renamed_from and f.renamed_from in old_fields and f.name not in old_fields
        }

    def _drop(self, table: str, entity: str, column: str, shape: str, field: str = "") -> Operation:
        """``column`` is its name in the live ``table``, ``field`` the one a rename before gave it."""
        if shape.startswith("links:"):
            return Operation(
                "drop_table", entity, field or column, was=shape, records=self._count(f"{table}__{column}")
            )
        return Operation("drop_field", entity, field or column, was=shape, records=self._count(table, column))

    def _field(
        self, stored: Stored, table: str, old: Mapping[str, str], field: Field, shape: str
    ) -> Iterator[Operation]:
        entity, source = stored.entity.name, field.name
        if field.name not in old:
            if not field.renamed_from or field.renamed_from not in old:
                yield from self._add(entity, table, field, shape)
                return
            source = field.renamed_from
            place = f"{table}__{source}" if shape.startswith("links:") else table
            count = self._count(place) if place != table else self._count(table, source)
            yield Operation("rename_field", entity, field.name, was=source, became=field.name, records=count)
        was = old[source]
        if was == shape:
            return
        if was.startswith("link:") and shape == f"links:{was[5:]}":
            yield Operation(
                "link_to_links", entity, field.name, was=was, became=shape, records=self._count(table, source)
            )
        elif ":" in was or ":" in shape:
            # What a link meant cannot become anything else: keep the old aside, begin anew.
            yield self._drop(table, entity, source, was, field.name)
            yield Operation("add_field", entity, field.name, became=shape)
        else:
            yield self._retype(table, source, entity, field, was, shape)

    def _add(self, entity: str, table: str, field: Field, shape: str) -> Iterator[Operation]:
        for one in self.kept:
            if (one.entity, one.field, one.was) == (entity, field.name, shape):
                yield Operation("restore_field", entity, field.name, was=one.place, became=shape, records=one.records)
                return
        yield Operation("add_field", entity, field.name, became=shape)
        if (entity, field.name) in self.schema.initial:
            _, state = self.schema.initial[entity, field.name]
            yield Operation("fill_state", entity, field.name, became=state, records=self._count(table))

    def _retype(self, table: str, source: str, entity: str, field: Field, was: str, shape: str) -> Operation:
        records = self._count(table, source)
        lost, sample = 0, list[tuple[int, str]]()
        if not is_free(was, shape):
            convert = converter(self.types[was], Field(name=source, type=was), self.types[shape], field, self.zone)
            text = (
                f'SELECT "{source}", COUNT(*), MIN(id) FROM "{table}" WHERE "{source}" IS NOT NULL GROUP BY "{source}"'
            )
            for rows in self.connection.stream(text):
                for value, count, id in rows:
                    try:
                        convert(value)
                    except ValueError:
                        lost += count
                        if len(sample) < SAMPLE:
                            sample.append((int(id), str(value)[:60]))
        return Operation("retype_field", entity, field.name, was, shape, records, lost, tuple(sample))

    def _gone(self) -> Iterator[Operation]:
        moved = set(self.renamed.values())
        for name, before in self.old.items():
            if name in self.schema.entities or name in moved:
                continue
            for field, shape in before["fields"].items():
                if shape.startswith("links:"):
                    yield Operation("drop_table", name, field, was=shape, records=self._count(f"{name}__{field}"))
            yield Operation("drop_table", name, was="entity", records=self._count(name))

    # --- indexes

    def _index_changes(self, changes: list[Operation]) -> Iterator[Operation]:
        """Old indexes go before the columns they stand on change, new ones come last."""
        wanted = {
            str(index.name): table
            for name, table in self.schema.metadata.tables.items()
            if self._stands(name, changes)
            for index in table.indexes
        }
        moved = {(o.entity, o.field) for o in changes if o.kind == "retype_field" and not is_free(o.was, o.became)}
        rebuilt = {
            index
            for index, table in wanted.items()
            for column in next(i for i in table.indexes if i.name == index).columns
            if (table.name, column.name) in moved
        }
        for index, table_name in sorted(self.indexes.items()):
            if table_name.startswith("_dropped") or (index in wanted and index not in rebuilt):
                continue
            yield Operation("drop_index", table_name, was=index)
        yield from changes
        for index, table in sorted(wanted.items()):
            if index not in self.indexes or index in rebuilt:
                yield self._new_index(index, table)

    def _stands(self, table: str, changes: list[Operation]) -> bool:
        """False for a table that is only made by this plan: its indexes come with it."""
        entity, _, field = table.partition("__")
        if table in self.tables or self.renamed.get(entity, entity) != entity:
            return True
        return any(
            o.kind in ("restore_field", "rename_field") and (o.entity, o.field) == (entity, field) for o in changes
        )

    def _new_index(self, index: str, table: Any) -> Operation:
        found = next(i for i in table.indexes if i.name == index)
        names = [column.name for column in found.columns]
        present = self.tables.get(table.name, set())
        clashes = 0
        if found.unique and all(name in present for name in names) and not table.name.startswith("fl_"):
            columns = ", ".join(f'"{name}"' for name in names)
            filled = " AND ".join(f'"{name}" IS NOT NULL' for name in names)
            clashes = self.connection.scalar(
                f'SELECT COUNT(*) FROM (SELECT 1 FROM "{table.name}" WHERE deleted_at IS NULL AND {filled} '
                f"GROUP BY {columns} HAVING COUNT(*) > 1) AS twice"
            )
        return Operation("add_index", table.name, ", ".join(names), became=index, clashes=int(clashes))

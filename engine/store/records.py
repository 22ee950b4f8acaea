"""Records in and out of their tables. Floor: 3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.errors import Conflict, FlowloomError, NotFound, Problem, Refused, Stale
from engine.facts import Record
from engine.store.connection import Connection, Violation
from engine.store.layout import Layout
from engine.store.statement import insert_text
from engine.store.tables import LINKS, SEARCH, Schema, short, target_of

#: Ids in one question.
LOT = 500


class Records:
    """Every record of a site by entity and id.

    ``search_text`` makes the words a search finds a record by, from the values of its searched fields.
    """

    def __init__(self, schema: Schema, search_text: Callable[[Sequence[Any]], str] | None = None) -> None:
        from engine.store.words import search_text as words

        self.schema = schema
        self._search_text = search_text or words
        self._layouts = {name: Layout(stored) for name, stored in schema.entities.items()}

    # --- reading

    def get(
        self, connection: Connection, entity: str, id: int, *, lock: bool = False, trashed: bool = False
    ) -> Record | None:
        """The record, or None when there is none or it is in the trash (unless ``trashed``). ``lock`` keeps other
        turns from changing it until this one ends."""
        layout = self._layouts[entity]
        text = f"{layout.select} WHERE id = ?" + ("" if trashed else " AND deleted_at IS NULL")
        if lock and connection.dialect == "postgresql":
            # Not the key: records that link to this one may still be added, else two of them would wait for each other.
            text += " FOR NO KEY UPDATE"
        # The new rows that wait are written before a question about their table, unless it is about none of them.
        ask = connection.execute if connection.waits_for(entity, id) else connection.beside
        return next(iter(self._all(connection, layout, ask(text, (id,)))), None)

    def get_many(self, connection: Connection, entity: str, ids: Iterable[int]) -> dict[int, Record]:
        """The records that exist, by id."""
        layout = self._layouts[entity]
        wanted = sorted(set(ids))
        found: dict[int, Record] = {}
        for start in range(0, len(wanted), LOT):
            lot = wanted[start : start + LOT]
            marks = ", ".join("?" * len(lot))
            rows = connection.execute(f"{layout.select} WHERE id IN ({marks}) AND deleted_at IS NULL", lot)
            found.update({record.id: record for record in self._all(connection, layout, rows)})
        return found

    def versions(self, connection: Connection, entity: str, ids: Iterable[int]) -> dict[int, int]:
        """The versions of the records that exist, by id."""
        wanted = sorted(set(ids))
        found: dict[int, int] = {}
        for start in range(0, len(wanted), LOT):
            lot = wanted[start : start + LOT]
            marks = ", ".join("?" * len(lot))
            text = f'SELECT id, version FROM "{entity}" WHERE id IN ({marks}) AND deleted_at IS NULL'
            found.update(connection.execute(text, lot))
        return found

    def find(
        self,
        connection: Connection,
        entity: str,
        values: Mapping[str, Any],
        limit: int | None = None,
        *,
        rare: bool = False,
    ) -> list[Record]:
        """Records with exactly these values (None finds the empty ones), oldest first. ``rare`` is for a question that finds
        nothing most of the time: whole rows, which cost three times as much to ask for, are then asked for only where there are any.
        """
        layout = self._layouts[entity]
        cells: dict[str, Any] = {}
        for name, value in values.items():
            convert = layout.stored.to_store.get(name)
            cells[name] = convert(value) if convert and value is not None else value
        names = tuple([(name, cell is None) for name, cell in cells.items()])
        params = [cell for cell in cells.values() if cell is not None]
        # New rows that wait are written before a question about their table, unless none of them is an answer.
        waiting = connection.waits(entity, [(layout.place[name], cell) for name, cell in cells.items()])
        ask = connection.execute if waiting else connection.beside
        if rare and not ask(layout.find(names, 1, whole=False), params):
            return []
        return self._all(connection, layout, ask(layout.find(names, limit), params))

    def columns(self, entity: str) -> tuple[str, ...]:
        """The columns ``from_row`` expects, in order: id, version, the system fields, the fields."""
        return ("id", "version", *self._layouts[entity].read)

    def from_row(self, connection: Connection, entity: str, row: Sequence[Any]) -> Record:
        """A record from a row of ``columns(entity)`` that another query read."""
        return self._all(connection, self._layouts[entity], [row])[0]

    def from_rows(self, connection: Connection, entity: str, rows: Sequence[Sequence[Any]]) -> list[Record]:
        """The same for many rows; links are read once for all of them."""
        return self._all(connection, self._layouts[entity], rows)

    def _all(self, connection: Connection, layout: Layout, rows: Sequence[Sequence[Any]]) -> list[Record]:
        if not rows:
            return []
        links = self._targets(connection, layout, [row[0] for row in rows]) if layout.stored.many else {}
        return [self._record(layout, row, links) for row in rows]

    def _targets(
        self, connection: Connection, layout: Layout, ids: Sequence[int]
    ) -> dict[str, dict[int, tuple[int, ...]]]:
        """Field -> id -> what it links to, for the fields with a table of their own: one query a field, not one a record."""
        found: dict[str, dict[int, tuple[int, ...]]] = {}
        for name, table in layout.stored.many.items():
            lists: dict[int, list[int]] = {}
            for start in range(0, len(ids), LOT):
                lot = ids[start : start + LOT]
                marks = ", ".join("?" * len(lot))
                text = f'SELECT source, target FROM "{table.name}" WHERE source IN ({marks}) ORDER BY source, target'
                for source, target in connection.execute(text, lot):
                    lists.setdefault(source, []).append(target)
            found[name] = {source: tuple(targets) for source, targets in lists.items()}
        return found

    def _record(self, layout: Layout, row: Sequence[Any], links: Mapping[str, Mapping[int, tuple[int, ...]]]) -> Record:
        cells = list(row[2:])
        for position, convert in layout.decode:
            cell = cells[position]
            if cell is not None:
                cells[position] = convert(cell)
        values = dict(zip(layout.read, cells, strict=True))
        for name, targets in links.items():
            values[name] = targets.get(row[0], ())
        return Record(layout.name, row[0], row[1], values)

    # --- writing

    def insert(
        self, connection: Connection, entity: str, values: Mapping[str, Any], now: dt.datetime, user: int | None
    ) -> Record:
        """The new record. Raises Conflict when a unique value is taken, Refused when a link leads nowhere."""
        layout = self._layouts[entity]
        row, stored = self._row(layout, values, now, user)
        if layout.waits and connection.may_hold:
            if layout.early(connection.behind(entity), values):
                connection.settle()
            id = self._next(connection, entity)
            connection.hold(entity, layout.insert_with_id, id, [id, *row])
            connection.touch(entity)
            return Record(entity, id, 1, stored)
        connection.settle()
        try:
            id = connection.insert(layout.insert, row)
        except Violation as violation:
            raise self._refusal(connection, layout, violation, values) from violation
        if layout.stored.many:
            self._link(connection, layout, id, values, stored)
        connection.touch(entity)
        return Record(entity, id, 1, stored)

    def insert_many(
        self, connection: Connection, entity: str, rows: Sequence[Mapping[str, Any]], now: dt.datetime, user: int | None
    ) -> list[Record]:
        """The new records, in order: the quick way in for thousands. One bad row refuses all of them."""
        layout = self._layouts[entity]
        if not rows:
            return []
        connection.settle()
        connection.cache.pop(("last", entity), None)
        ready = [self._row(layout, values, now, user) for values in rows]
        ids = self._reserve(connection, entity, len(rows))
        try:
            connection.many(layout.insert_with_id, [(id, *row) for id, (row, _) in zip(ids, ready, strict=True)])
        except Violation as violation:
            raise self._refusal(connection, layout, violation, {}) from violation
        if layout.stored.many:
            for id, values, (_, stored) in zip(ids, rows, ready, strict=True):
                self._link(connection, layout, id, values, stored)
        connection.touch(entity)
        return [Record(entity, id, 1, stored) for id, (_, stored) in zip(ids, ready, strict=True)]

    def _next(self, connection: Connection, entity: str) -> int:
        """The next id, where one writer at a time gives them out."""
        last = connection.cache.get(("last", entity))
        if last is None:
            if connection.waits(entity, ()):
                connection.settle()
            last = connection.scalar("SELECT seq FROM sqlite_sequence WHERE name = ?", (entity,)) or 0
        connection.cache["last", entity] = last + 1
        return int(last) + 1

    def _reserve(self, connection: Connection, entity: str, count: int) -> Sequence[int]:
        """Ids nobody else will get. SQLite has one writer at a time; PostgreSQL hands them out by its sequence."""
        if connection.dialect == "sqlite":
            last = connection.scalar("SELECT seq FROM sqlite_sequence WHERE name = ?", (entity,)) or 0
            return range(last + 1, last + 1 + count)
        rows = connection.execute(
            f"SELECT nextval(pg_get_serial_sequence('\"{entity}\"', 'id')) FROM generate_series(1, {int(count)})"
        )
        return [id for (id,) in rows]

    def _row(
        self, layout: Layout, values: Mapping[str, Any], now: dt.datetime, user: int | None
    ) -> tuple[list[Any], dict[str, Any]]:
        stored = layout.stored
        get = values.get
        cells = list(map(get, stored.fields))
        kept: dict[str, Any] = {"created_at": now, "created_by": user, "updated_at": now, "updated_by": user}
        kept.update(zip(stored.fields, cells, strict=True))
        for position, convert in layout.encode:
            cell = cells[position]
            if cell is not None:
                cells[position] = convert(cell)
        moment = stored.to_store["created_at"](now)
        row = [1, moment, user, moment, user, *cells]
        if layout.search:
            row.append(self._search_text(list(map(get, stored.searched))))
        return row, kept

    def update(
        self, connection: Connection, record: Record, changes: Mapping[str, Any], now: dt.datetime, user: int | None
    ) -> Record:
        """The record with the changes, one version later. Raises Stale when somebody changed it since it was read,
        NotFound when it is gone, Conflict and Refused as ``insert`` does."""
        layout = self._layouts[record.entity]
        stored = layout.stored
        cells: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in stored.many:
                convert = stored.to_store.get(name)
                cells[name] = convert(value) if convert and value is not None else value
        merged = {**record.values, **changes, "updated_at": now, "updated_by": user}
        if layout.search and not cells.keys().isdisjoint(stored.searched):
            cells[SEARCH] = self._search_text([merged.get(name) for name in stored.searched])
        moment = stored.to_store["updated_at"](now)
        if layout.early(connection.behind(record.entity), changes):
            connection.settle()
        row = connection.held(record.entity, record.id)
        if row is not None and row[layout.place["version"]] == record.version:
            place = layout.place
            for name, cell in cells.items():
                row[place[name]] = cell
            row[place["version"]], row[place["updated_at"]], row[place["updated_by"]] = record.version + 1, moment, user
            connection.touch(record.entity)
            return Record(record.entity, record.id, record.version + 1, merged)
        connection.settle()
        params = [*cells.values(), moment, user, record.id, record.version]
        try:
            changed = connection.change(layout.update(tuple(cells)), params)
        except Violation as violation:
            raise self._refusal(connection, layout, violation, changes) from violation
        if not changed:
            raise self._lost(connection, layout, record)
        if stored.many:
            self._link(connection, layout, record.id, changes, merged)
        connection.touch(record.entity)
        return Record(record.entity, record.id, record.version + 1, merged)

    def trash(self, connection: Connection, record: Record, now: dt.datetime, user: int | None) -> Record:
        """Put it in the trash: not found any more, but restorable. Raises Stale as ``update`` does."""
        layout = self._layouts[record.entity]
        moment = layout.stored.to_store["updated_at"](now)
        text = (
            f'UPDATE "{layout.name}" SET deleted_at = ?, version = version + 1, updated_at = ?, updated_by = ? '
            "WHERE id = ? AND version = ? AND deleted_at IS NULL"
        )
        if not connection.change(text, (moment, moment, user, record.id, record.version)):
            raise self._lost(connection, layout, record)
        connection.touch(record.entity)
        return Record(
            record.entity, record.id, record.version + 1, {**record.values, "updated_at": now, "updated_by": user}
        )

    def restore(self, connection: Connection, entity: str, id: int, now: dt.datetime, user: int | None) -> Record:
        """Take it out of the trash. Raises NotFound when it is not there, Conflict when its unique value is taken now."""
        layout = self._layouts[entity]
        moment = layout.stored.to_store["updated_at"](now)
        text = (
            f'UPDATE "{layout.name}" SET deleted_at = NULL, version = version + 1, updated_at = ?, updated_by = ? '
            "WHERE id = ? AND deleted_at IS NOT NULL"
        )
        try:
            changed = connection.change(text, (moment, user, id))
        except Violation as violation:
            raise self._refusal(connection, layout, violation, {}) from violation
        record = self.get(connection, entity, id) if changed else None
        if record is None:
            raise NotFound(Problem("B012", parameters={"entity": entity, "id": id}))
        connection.touch(entity)
        return record

    def relink(self, connection: Connection, record: Record, field: str, value: Any) -> None:
        """Let a link of a record in the trash lead elsewhere (an id or None, a tuple of ids); its version stays."""
        layout = self._layouts[record.entity]
        if field in layout.stored.many:
            self._link(connection, layout, record.id, {field: value}, {})
        else:
            text = f'UPDATE "{layout.name}" SET "{field}" = ? WHERE id = ? AND deleted_at IS NOT NULL'
            connection.execute(text, (value, record.id))
        connection.touch(record.entity)

    def used_by(
        self, connection: Connection, entity: str, id: int, limit: int = 20, *, trashed: bool = False
    ) -> list[tuple[str, str, int]]:
        """Who links to this record: (entity, field, id), at most ``limit`` a field; with ``trashed`` also from the trash."""
        found: list[tuple[str, str, int]] = []
        for name, stored in self.schema.entities.items():
            for field in stored.entity.fields.values():
                if field.type not in (*LINKS, "links") or target_of(field) != entity:
                    continue
                if field.type == "links":
                    text = f'SELECT source FROM "{name}__{field.name}" WHERE target = ? LIMIT {int(limit)}'
                elif field.name in stored.fields:
                    there = "" if trashed else " AND deleted_at IS NULL"
                    text = f'SELECT id FROM "{name}" WHERE "{field.name}" = ?{there} LIMIT {int(limit)}'
                else:
                    continue
                found += [(name, field.name, source) for (source,) in connection.execute(text, (id,))]
        return found

    def _link(
        self, connection: Connection, layout: Layout, id: int, values: Mapping[str, Any], stored: dict[str, Any]
    ) -> None:
        for name, table in layout.stored.many.items():
            if name not in values:
                stored.setdefault(name, ())
                continue
            targets = tuple(sorted(set(values[name] or ())))
            connection.execute(f'DELETE FROM "{table.name}" WHERE source = ?', (id,))
            try:
                connection.many(insert_text(table.name, ["source", "target"]), [(id, target) for target in targets])
            except Violation as violation:
                raise Refused(Problem("R042", field=name, parameters={"field": name})) from violation
            stored[name] = targets

    # --- refusals

    def _lost(self, connection: Connection, layout: Layout, record: Record) -> FlowloomError:
        row = connection.one(
            f'SELECT version, updated_by, updated_at, deleted_at FROM "{layout.name}" WHERE id = ?', (record.id,)
        )
        if row is None or row[3] is not None:
            return NotFound(Problem("B011", parameters={"entity": layout.name, "id": record.id}))
        who = ""
        if row[1] is not None and "user" in self._layouts:
            person = self.get(connection, "user", row[1], trashed=True)
            who = str((person and (person["name"] or person["login"])) or row[1])
        at = layout.stored.from_store["updated_at"](row[2])
        return Stale(
            Problem("B010", parameters={"who": who or "system", "by": row[1], "at": at.isoformat(), "version": row[0]})
        )

    def _refusal(
        self, connection: Connection, layout: Layout, violation: Violation, values: Mapping[str, Any]
    ) -> FlowloomError:
        names = violation.columns or self._columns_of(layout, violation.constraint)
        if violation.kind == "unique":
            shown = ", ".join(str(values.get(name, "")) for name in names)
            return Conflict(
                [Problem("R041", field=name, parameters={"fields": ", ".join(names), "value": shown}) for name in names]
                or Problem("R041", parameters={"fields": violation.constraint, "value": ""})
            )
        names = names or self._nowhere(connection, layout, values)
        return Refused([Problem("R042", field=name, parameters={"field": name}) for name in names] or Problem("R042"))

    def _columns_of(self, layout: Layout, constraint: str) -> tuple[str, ...]:
        """PostgreSQL names the index or key; its columns stand in the schema."""
        table = layout.stored.table
        for index in table.indexes:
            if index.name == constraint:
                return tuple(column.name for column in index.columns)
        for name in layout.stored.fields:
            if constraint == short(f"fk_{layout.name}_{name}"):
                return (name,)
        return ()

    def _nowhere(self, connection: Connection, layout: Layout, values: Mapping[str, Any]) -> tuple[str, ...]:
        """SQLite does not say which link leads nowhere, so each is looked up."""
        if connection.dialect != "sqlite":
            return ()
        missing = []
        for name in layout.stored.fields:
            field, value = layout.stored.entity.fields[name], values.get(name)
            if field.type in LINKS and value is not None:
                known = connection.scalar(f'SELECT 1 FROM "{target_of(field)}" WHERE id = ?', (value,))
                if known is None:
                    missing.append(name)
        return tuple(missing)

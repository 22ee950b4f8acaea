"""Records in and out of their tables. Floor: 3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.errors import Conflict, FlowloomError, NotFound, Problem, Refused, Stale
from engine.facts import Record
from engine.store.connection import Connection, Violation
from engine.store.statement import insert_text
from engine.store.tables import LINKS, SEARCH, Schema, Stored, short, target_of

SYSTEM = ("version", "created_at", "created_by", "updated_at", "updated_by")


#: Ids in one question.
LOT = 500


class _Shelf:
    """The statements of one entity, made once."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        name = stored.entity.name
        self.name = name
        self.read = ("created_at", "created_by", "updated_at", "updated_by", *stored.fields)
        columns = ", ".join(f'"{column}"' for column in ("id", "version", *self.read))
        self.select = f'SELECT {columns} FROM "{name}"'
        written = [*SYSTEM, *stored.fields]
        self.search = bool(stored.searched)
        if self.search:
            written.append(SEARCH)
        self.written = tuple(written)
        self.insert = insert_text(name, written)
        self.insert_with_id = insert_text(name, ["id", *written])
        self.decode = tuple(
            (position, stored.from_store[column])
            for position, column in enumerate(self.read)
            if column in stored.from_store
        )
        self.encode = tuple(
            (position, stored.to_store[column])
            for position, column in enumerate(stored.fields)
            if column in stored.to_store
        )
        self.place = {column: position for position, column in enumerate(("id", *written))}
        links = {target_of(field) for name, field in stored.entity.fields.items() if name in stored.fields}
        alone = stored.entity.unique or any(field.unique for field in stored.entity.fields.values())
        #: A row may wait where no other row has to be asked about it: nothing unique, no list, no link to its own kind.
        self.waits = not (alone or stored.many or name in links)
        self.updates: dict[tuple[str, ...], str] = {}
        self.finds: dict[tuple[Any, ...], str] = {}

    def find(self, names: tuple[tuple[str, bool], ...], limit: int | None) -> str:
        """Records where these columns have a given value, or none where the second part says so."""
        text = self.finds.get((names, limit))
        if text is None:
            tests = ["deleted_at IS NULL", *(f'"{name}" IS NULL' if none else f'"{name}" = ?' for name, none in names)]
            text = f"{self.select} WHERE {' AND '.join(tests)} ORDER BY id"
            if limit is not None:
                text += f" LIMIT {int(limit)}"
            self.finds[names, limit] = text
        return text

    def update(self, names: tuple[str, ...]) -> str:
        """Set these columns, when the version is still the one that was read."""
        text = self.updates.get(names)
        if text is None:
            sets = "".join(f'"{name}" = ?, ' for name in names)
            text = self.updates[names] = (
                f'UPDATE "{self.name}" SET {sets}version = version + 1, updated_at = ?, updated_by = ? '
                "WHERE id = ? AND version = ? AND deleted_at IS NULL"
            )
        return text


class Records:
    """Every record of a site by entity and id.

    ``search_text`` makes the words a search finds a record by, from the values of its searched fields.
    """

    def __init__(self, schema: Schema, search_text: Callable[[Sequence[Any]], str] | None = None) -> None:
        from engine.store.words import search_text as words

        self.schema = schema
        self._search_text = search_text or words
        self._shelves = {name: _Shelf(stored) for name, stored in schema.entities.items()}

    # --- reading

    def get(
        self, connection: Connection, entity: str, id: int, *, lock: bool = False, trashed: bool = False
    ) -> Record | None:
        """The record, or None when there is none or it is in the trash (unless ``trashed``). ``lock`` keeps other
        turns from changing it until this one ends."""
        shelf = self._shelves[entity]
        text = f"{shelf.select} WHERE id = ?" + ("" if trashed else " AND deleted_at IS NULL")
        if lock and connection.dialect == "postgresql":
            # Not the key: records that link to this one may still be added, else two of them would wait for each other.
            text += " FOR NO KEY UPDATE"
        row = connection.one(text, (id,))
        return None if row is None else self._all(connection, shelf, [row])[0]

    def get_many(self, connection: Connection, entity: str, ids: Iterable[int]) -> dict[int, Record]:
        """The records that exist, by id."""
        shelf = self._shelves[entity]
        wanted = sorted(set(ids))
        found: dict[int, Record] = {}
        for start in range(0, len(wanted), LOT):
            lot = wanted[start : start + LOT]
            marks = ", ".join("?" * len(lot))
            rows = connection.execute(f"{shelf.select} WHERE id IN ({marks}) AND deleted_at IS NULL", lot)
            found.update({record.id: record for record in self._all(connection, shelf, rows)})
        return found

    def find(
        self, connection: Connection, entity: str, values: Mapping[str, Any], limit: int | None = None
    ) -> list[Record]:
        """Records with exactly these values (None finds the empty ones), oldest first."""
        shelf = self._shelves[entity]
        params = []
        for name, value in values.items():
            if value is not None:
                convert = shelf.stored.to_store.get(name)
                params.append(convert(value) if convert else value)
        text = shelf.find(tuple([(name, value is None) for name, value in values.items()]), limit)
        return self._all(connection, shelf, connection.execute(text, params))

    def columns(self, entity: str) -> tuple[str, ...]:
        """The columns ``from_row`` expects, in order: id, version, the system fields, the fields."""
        return ("id", "version", *self._shelves[entity].read)

    def from_row(self, connection: Connection, entity: str, row: Sequence[Any]) -> Record:
        """A record from a row of ``columns(entity)`` that another query read."""
        return self._all(connection, self._shelves[entity], [row])[0]

    def from_rows(self, connection: Connection, entity: str, rows: Sequence[Sequence[Any]]) -> list[Record]:
        """The same for many rows; links are read once for all of them."""
        return self._all(connection, self._shelves[entity], rows)

    def _all(self, connection: Connection, shelf: _Shelf, rows: Sequence[Sequence[Any]]) -> list[Record]:
        if not rows:
            return []
        links = self._targets(connection, shelf, [row[0] for row in rows]) if shelf.stored.many else {}
        return [self._record(shelf, row, links) for row in rows]

    def _targets(
        self, connection: Connection, shelf: _Shelf, ids: Sequence[int]
    ) -> dict[str, dict[int, tuple[int, ...]]]:
        """Field -> id -> what it links to, for the fields with a table of their own: one query a field, not one a record."""
        found: dict[str, dict[int, tuple[int, ...]]] = {}
        for name, table in shelf.stored.many.items():
            lists: dict[int, list[int]] = {}
            for start in range(0, len(ids), LOT):
                lot = ids[start : start + LOT]
                marks = ", ".join("?" * len(lot))
                text = f'SELECT source, target FROM "{table.name}" WHERE source IN ({marks}) ORDER BY source, target'
                for source, target in connection.execute(text, lot):
                    lists.setdefault(source, []).append(target)
            found[name] = {source: tuple(targets) for source, targets in lists.items()}
        return found

    def _record(self, shelf: _Shelf, row: Sequence[Any], links: Mapping[str, Mapping[int, tuple[int, ...]]]) -> Record:
        cells = list(row[2:])
        for position, convert in shelf.decode:
            cell = cells[position]
            if cell is not None:
                cells[position] = convert(cell)
        values = dict(zip(shelf.read, cells, strict=True))
        for name, targets in links.items():
            values[name] = targets.get(row[0], ())
        return Record(shelf.name, row[0], row[1], values)

    # --- writing

    def insert(
        self, connection: Connection, entity: str, values: Mapping[str, Any], now: dt.datetime, user: int | None
    ) -> Record:
        """The new record. Raises Conflict when a unique value is taken, Refused when a link leads nowhere."""
        shelf = self._shelves[entity]
        row, stored = self._row(shelf, values, now, user)
        if shelf.waits and connection.may_hold:
            id = self._next(connection, entity)
            connection.hold(entity, shelf.insert_with_id, id, [id, *row])
            connection.touch(entity)
            return Record(entity, id, 1, stored)
        connection.settle()
        try:
            id = connection.insert(shelf.insert, row)
        except Violation as violation:
            raise self._refusal(connection, shelf, violation, values) from violation
        if shelf.stored.many:
            self._link(connection, shelf, id, values, stored)
        connection.touch(entity)
        return Record(entity, id, 1, stored)

    def insert_many(
        self, connection: Connection, entity: str, rows: Sequence[Mapping[str, Any]], now: dt.datetime, user: int | None
    ) -> list[Record]:
        """The new records, in order: the quick way in for thousands. One bad row refuses all of them."""
        shelf = self._shelves[entity]
        if not rows:
            return []
        connection.settle()
        connection.cache.pop(("last", entity), None)
        ready = [self._row(shelf, values, now, user) for values in rows]
        ids = self._reserve(connection, entity, len(rows))
        try:
            connection.many(shelf.insert_with_id, [(id, *row) for id, (row, _) in zip(ids, ready, strict=True)])
        except Violation as violation:
            raise self._refusal(connection, shelf, violation, {}) from violation
        if shelf.stored.many:
            for id, values, (_, stored) in zip(ids, rows, ready, strict=True):
                self._link(connection, shelf, id, values, stored)
        connection.touch(entity)
        return [Record(entity, id, 1, stored) for id, (_, stored) in zip(ids, ready, strict=True)]

    def _next(self, connection: Connection, entity: str) -> int:
        """The next id, where one writer at a time gives them out."""
        last = connection.cache.get(("last", entity))
        if last is None:
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
        self, shelf: _Shelf, values: Mapping[str, Any], now: dt.datetime, user: int | None
    ) -> tuple[list[Any], dict[str, Any]]:
        stored = shelf.stored
        get = values.get
        cells = list(map(get, stored.fields))
        kept: dict[str, Any] = {"created_at": now, "created_by": user, "updated_at": now, "updated_by": user}
        kept.update(zip(stored.fields, cells, strict=True))
        for position, convert in shelf.encode:
            cell = cells[position]
            if cell is not None:
                cells[position] = convert(cell)
        moment = stored.to_store["created_at"](now)
        row = [1, moment, user, moment, user, *cells]
        if shelf.search:
            row.append(self._search_text(list(map(get, stored.searched))))
        return row, kept

    def update(
        self, connection: Connection, record: Record, changes: Mapping[str, Any], now: dt.datetime, user: int | None
    ) -> Record:
        """The record with the changes, one version later. Raises Stale when somebody changed it since it was read,
        NotFound when it is gone, Conflict and Refused as ``insert`` does."""
        shelf = self._shelves[record.entity]
        stored = shelf.stored
        names = [name for name in changes if name not in stored.many]
        params = []
        for name in names:
            value, convert = changes[name], stored.to_store.get(name)
            params.append(convert(value) if convert and value is not None else value)
        merged = {**record.values, **changes, "updated_at": now, "updated_by": user}
        if shelf.search and any(name in stored.searched for name in names):
            names.append(SEARCH)
            params.append(self._search_text([merged.get(name) for name in stored.searched]))
        moment = stored.to_store["updated_at"](now)
        row = connection.held(record.entity, record.id)
        if row is not None and row[shelf.place["version"]] == record.version:
            place = shelf.place
            for name, cell in zip(names, params, strict=True):
                row[place[name]] = cell
            row[place["version"]], row[place["updated_at"]], row[place["updated_by"]] = record.version + 1, moment, user
            connection.touch(record.entity)
            return Record(record.entity, record.id, record.version + 1, merged)
        connection.settle()
        params += [moment, user, record.id, record.version]
        try:
            changed = connection.change(shelf.update(tuple(names)), params)
        except Violation as violation:
            raise self._refusal(connection, shelf, violation, changes) from violation
        if not changed:
            raise self._lost(connection, shelf, record)
        if stored.many:
            self._link(connection, shelf, record.id, changes, merged)
        connection.touch(record.entity)
        return Record(record.entity, record.id, record.version + 1, merged)

    def trash(self, connection: Connection, record: Record, now: dt.datetime, user: int | None) -> Record:
        """Put it in the trash: not found any more, but restorable. Raises Stale as ``update`` does."""
        shelf = self._shelves[record.entity]
        moment = shelf.stored.to_store["updated_at"](now)
        text = (
            f'UPDATE "{shelf.name}" SET deleted_at = ?, version = version + 1, updated_at = ?, updated_by = ? '
            "WHERE id = ? AND version = ? AND deleted_at IS NULL"
        )
        if not connection.change(text, (moment, moment, user, record.id, record.version)):
            raise self._lost(connection, shelf, record)
        connection.touch(record.entity)
        return Record(
            record.entity, record.id, record.version + 1, {**record.values, "updated_at": now, "updated_by": user}
        )

    def restore(self, connection: Connection, entity: str, id: int, now: dt.datetime, user: int | None) -> Record:
        """Take it out of the trash. Raises NotFound when it is not there, Conflict when its unique value is taken now."""
        shelf = self._shelves[entity]
        moment = shelf.stored.to_store["updated_at"](now)
        text = (
            f'UPDATE "{shelf.name}" SET deleted_at = NULL, version = version + 1, updated_at = ?, updated_by = ? '
            "WHERE id = ? AND deleted_at IS NOT NULL"
        )
        try:
            changed = connection.change(text, (moment, user, id))
        except Violation as violation:
            raise self._refusal(connection, shelf, violation, {}) from violation
        record = self.get(connection, entity, id) if changed else None
        if record is None:
            raise NotFound(Problem("B012", parameters={"entity": entity, "id": id}))
        connection.touch(entity)
        return record

    def used_by(self, connection: Connection, entity: str, id: int, limit: int = 20) -> list[tuple[str, str, int]]:
        """Who links to this record: (entity, field, id), at most ``limit`` a field."""
        found: list[tuple[str, str, int]] = []
        for name, stored in self.schema.entities.items():
            for field in stored.entity.fields.values():
                if field.type not in (*LINKS, "links") or target_of(field) != entity:
                    continue
                if field.type == "links":
                    text = f'SELECT source FROM "{name}__{field.name}" WHERE target = ? LIMIT {int(limit)}'
                elif field.name in stored.fields:
                    text = f'SELECT id FROM "{name}" WHERE "{field.name}" = ? AND deleted_at IS NULL LIMIT {int(limit)}'
                else:
                    continue
                found += [(name, field.name, source) for (source,) in connection.execute(text, (id,))]
        return found

    def _link(
        self, connection: Connection, shelf: _Shelf, id: int, values: Mapping[str, Any], stored: dict[str, Any]
    ) -> None:
        for name, table in shelf.stored.many.items():
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

    def _lost(self, connection: Connection, shelf: _Shelf, record: Record) -> FlowloomError:
        row = connection.one(
            f'SELECT version, updated_by, updated_at, deleted_at FROM "{shelf.name}" WHERE id = ?', (record.id,)
        )
        if row is None or row[3] is not None:
            return NotFound(Problem("B011", parameters={"entity": shelf.name, "id": record.id}))
        who = ""
        if row[1] is not None and "user" in self._shelves:
            person = self.get(connection, "user", row[1], trashed=True)
            who = str((person and (person["name"] or person["login"])) or row[1])
        at = shelf.stored.from_store["updated_at"](row[2])
        return Stale(
            Problem("B010", parameters={"who": who or "system", "by": row[1], "at": at.isoformat(), "version": row[0]})
        )

    def _refusal(
        self, connection: Connection, shelf: _Shelf, violation: Violation, values: Mapping[str, Any]
    ) -> FlowloomError:
        names = violation.columns or self._columns_of(shelf, violation.constraint)
        if violation.kind == "unique":
            shown = ", ".join(str(values.get(name, "")) for name in names)
            return Conflict(
                [Problem("R041", field=name, parameters={"fields": ", ".join(names), "value": shown}) for name in names]
                or Problem("R041", parameters={"fields": violation.constraint, "value": ""})
            )
        names = names or self._nowhere(connection, shelf, values)
        return Refused([Problem("R042", field=name, parameters={"field": name}) for name in names] or Problem("R042"))

    def _columns_of(self, shelf: _Shelf, constraint: str) -> tuple[str, ...]:
        """PostgreSQL names the index or key; its columns stand in the schema."""
        table = shelf.stored.table
        for index in table.indexes:
            if index.name == constraint:
                return tuple(column.name for column in index.columns)
        for name in shelf.stored.fields:
            if constraint == short(f"fk_{shelf.name}_{name}"):
                return (name,)
        return ()

    def _nowhere(self, connection: Connection, shelf: _Shelf, values: Mapping[str, Any]) -> tuple[str, ...]:
        """SQLite does not say which link leads nowhere, so each is looked up."""
        if connection.dialect != "sqlite":
            return ()
        missing = []
        for name in shelf.stored.fields:
            field, value = shelf.stored.entity.fields[name], values.get(name)
            if field.type in LINKS and value is not None:
                known = connection.scalar(f'SELECT 1 FROM "{target_of(field)}" WHERE id = ?', (value,))
                if known is None:
                    missing.append(name)
        return tuple(missing)

"""How the rows of one entity are laid out, and the statements that read and write them. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.store.statement import insert_text
from engine.store.tables import SEARCH, Stored, target_of

SYSTEM = ("version", "created_at", "created_by", "updated_at", "updated_by")


class Layout:
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
        self.links = frozenset(links)
        alone = stored.entity.unique or any(field.unique for field in stored.entity.fields.values())
        #: A row may wait where no other row has to be asked about it: nothing unique, no list, no link to its own kind.
        self.waits = not (alone or stored.many or name in links)
        self.updates: dict[tuple[str, ...], str] = {}
        self.finds: dict[tuple[tuple[tuple[str, bool], ...], int | None, bool], str] = {}

    def find(self, names: tuple[tuple[str, bool], ...], limit: int | None, *, whole: bool = True) -> str:
        """Records (or their ids alone) where these columns have a given value, or none where the second part says so."""
        text = self.finds.get((names, limit, whole))
        if text is None:
            tests = ["deleted_at IS NULL", *(f'"{name}" IS NULL' if none else f'"{name}" = ?' for name, none in names)]
            select = self.select if whole else f'SELECT id FROM "{self.name}"'
            text = f"{select} WHERE {' AND '.join(tests)} ORDER BY id"
            if limit is not None:
                text += f" LIMIT {int(limit)}"
            self.finds[names, limit, whole] = text
        return text

    def early(self, behind: Sequence[str], values: Mapping[str, Any]) -> bool:
        """True when a row with these values may be written before one that it names: one of a table that waits behind."""
        if not behind or self.links.isdisjoint(behind):
            return False
        fields = self.stored.entity.fields
        return any(
            value is not None and name in fields and target_of(fields[name]) in behind for name, value in values.items()
        )

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

"""What duplicates are looked for in, asked for a whole lot of records at once and kept true while they come in. Floor: 5.

An import asks for every new row: who has these words, who has this number? Asked row by row that is a dozen questions each,
and each makes the rows that wait be written. So the words and numbers of a lot are asked for before its first row, and what
the lot itself brings is added as it comes. What was not asked for before is asked for then: the answers are the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.runtime.context import Context
from engine.store import changes, settings
from engine.store.connection import Connection
from engine.store.encode import to_text

#: A word that more records have than this is common: it proves little and finds too many.
COMMON = 100
#: Words whose records are kept at most from lot to lot (some 20 MB), and exact values in one question.
KEPT, ASKED = 60_000, 500
#: The setting that says what an entity's keys are made of, and how far those of older records are.
MADE = "keys:"

Key = tuple[str, str]
"""A field and one of its words."""

RECORDS: Mapping[str, str] = {
    "sqlite": "SELECT j.key, (SELECT group_concat(record) FROM (SELECT record FROM fl_keys WHERE entity = ? AND "
    "field = json_extract(j.value, '$[0]') AND key = json_extract(j.value, '$[1]') LIMIT {limit})) FROM json_each(?) AS j",
    "postgresql": "SELECT j.n - 1, (SELECT string_agg(CAST(record AS text), ',') FROM (SELECT record FROM fl_keys WHERE "
    "entity = ? AND field = j.pair->>0 AND key = j.pair->>1 LIMIT {limit}) AS k) "
    "FROM jsonb_array_elements(CAST(? AS jsonb)) WITH ORDINALITY AS j(pair, n)",
}


def records_of(connection: Connection, entity: str, keys: Sequence[Key]) -> dict[Key, list[int]]:
    """The records that have each key, one more than ``COMMON`` at most, in one question."""
    found: dict[Key, list[int]] = {key: [] for key in keys}
    if keys:
        text = RECORDS[connection.dialect].format(limit=COMMON + 1)
        for place, numbers in connection.execute(text, (entity, json.dumps(keys, ensure_ascii=False))):
            if numbers:
                found[keys[place]] = list(map(int, numbers.split(",")))
    return found


class Keyring:
    """The keys and exact values of one entity that a lot asks for. ``there`` is the highest id, ``values`` what the lot's own
    records hold, ``exact`` the fields whose values were asked for. Between ``enter`` and ``leave`` whoever looks for duplicates on that connection is answered from here.
    """

    def __init__(self, entity: str) -> None:
        self.entity = entity
        self.there = 1
        self.values: dict[int, Mapping[str, Any]] = {}
        self.exact: frozenset[str] = frozenset()
        #: The keys of the texts that the lot has entered, by field and text: looked for, looked up and kept, each is asked for thrice.
        self.texts: dict[tuple[str, str], tuple[Key, ...]] = {}
        self._lists: dict[Key, list[int]] = {}
        self._sought: set[tuple[str, Any]] = set()
        self._present: set[tuple[str, Any]] = set()
        self._row: list[Key] = []
        self._lot: list[Key] = []
        self._stood: tuple[Any, ...] = ()
        self._before = 0

    # --- for who takes a lot in

    def begin(self, context: Context, keys: Iterable[Key], exact: Mapping[str, Iterable[Any]]) -> None:
        """A transaction starts: ask for what its rows will ask for. ``exact`` are stored values by field."""
        connection, entity = context.connection, self.entity
        # Tried once and taken back: what came of it is not so.
        self._forget(self._lot)
        stood = (
            changes.count(connection, entity),
            context.parts.ready.get((MADE, entity), 0),
            to_text(settings.get(connection, MADE + entity)),
        )
        if stood != self._stood or entity in connection.touched or len(self._lists) > KEPT:
            self._lists.clear()
        self._stood = stood
        self.there = int(connection.scalar(f'SELECT MAX(id) FROM "{entity}"') or 1)
        self.values.clear()
        asked = [key for key in dict.fromkeys(keys) if key not in self._lists]
        self._lists |= records_of(connection, entity, asked)
        self._sought, self._present = set(), set()
        self.exact = frozenset(exact)
        for name, values in exact.items():
            self._seek(connection, name, sorted(set(values), key=str))

    def _seek(self, connection: Connection, name: str, values: Sequence[Any]) -> None:
        self._sought.update((name, value) for value in values)
        for start in range(0, len(values), ASKED):
            some = values[start : start + ASKED]
            # Also what is in the trash: it may be fetched out of it. Who is found here is looked at again anyway.
            text = f'SELECT DISTINCT "{name}" FROM "{self.entity}" WHERE "{name}" IN ({", ".join("?" * len(some))})'
            self._present.update((name, value) for (value,) in connection.execute(text, some))

    def enter(self, connection: Connection) -> None:
        """A row starts."""
        self._row, self._before = [], self.there
        connection.cache["keyring", self.entity] = self

    def leave(self, connection: Connection, kept: bool) -> None:
        """A row ends; what it wrote is forgotten unless it was ``kept``."""
        if kept and connection.cache.pop(("keyring", self.entity), None) is None:
            # A rule within the row was taken back, and nothing was told from there on: nothing is known for certain.
            self._lists.clear()
            self._sought.clear()
            self.values.clear()
            self.there = int(connection.scalar(f'SELECT MAX(id) FROM "{self.entity}"') or 1)
        elif kept:
            self._lot += self._row
        else:
            self._forget(self._row)
            self.there = self._before

    def done(self, touched: bool) -> None:
        """The lot is on disk; ``touched`` tells that it changed the entity at all."""
        count, *rest = self._stood
        self._stood = (count + touched, *rest)
        self._lot.clear()

    def _forget(self, keys: list[Key]) -> None:
        for key in keys:
            self._lists.pop(key, None)
        keys.clear()

    # --- for who looks

    def lists(self, connection: Connection, keys: Sequence[Key]) -> dict[Key, list[int]]:
        """The records that have each key, as ``records_of`` gives them."""
        known = self._lists
        try:
            return {key: known[key] for key in keys}
        except KeyError:
            known |= records_of(connection, self.entity, [key for key in keys if key not in known])
        return {key: known[key] for key in keys}

    def lacks(self, exact: Iterable[tuple[str, Any]]) -> bool:
        """True when certainly no record has one of these stored values in its field."""
        return not self._sought.intersection(exact) <= self._present

    # --- for who writes

    def written(self, record: int, values: Mapping[str, Any]) -> None:
        """A record was made or changed."""
        if record > self.there:
            self.there = record
        self.values[record] = values

    def holds(self, exact: Iterable[tuple[str, Any]]) -> None:
        """A record has these stored values now."""
        self._present.update(exact)

    def added(self, key: Key, record: int) -> None:
        """A record has this key now."""
        found = self._lists.get(key)
        if found is not None and len(found) <= COMMON:
            found.append(record)
        self._row.append(key)

    def removed(self, key: Key) -> None:
        """A record had this key and has it no more."""
        self._lists.pop(key, None)
        self._row.append(key)


def of(connection: Connection, entity: str) -> Keyring | None:
    """The keyring of the lot that is being taken in, if there is one."""
    found: Keyring | None = connection.cache.get(("keyring", entity))
    return found


def nobody(context: Context, entity: str, values: Mapping[str, Any]) -> bool:
    """True when certainly no record has all of these values: one of them was asked for before, and nobody has it."""
    ring = of(context.connection, entity)
    return ring is not None and ring.lacks(stored(context, entity, values))


def stored(context: Context, entity: str, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The values that have a column and are plain texts or numbers there, as the database has them."""
    shape = context.schema.entities[entity]
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        if value is None or name not in shape.fields:
            continue
        convert = shape.to_store.get(name)
        value = convert(value) if convert else value
        if isinstance(value, (str, int)):
            found.append((name, value))
    return found


def told(context: Context, entity: str) -> None:
    """Keys of that entity were written by something else: what is kept from lot to lot may not be true any more."""
    ready: dict[Any, Any] = context.parts.ready
    ready[MADE, entity] = ready.get((MADE, entity), 0) + 1

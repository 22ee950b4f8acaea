"""Search: 汉字, pinyin, initials, the last digits of a phone. Floor: 3.

Every record keeps the words it is found by in one column (``search_text``). That column also holds the words of fields some
readers may not see; for them each candidate is looked at again with only what they may see.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import sqlalchemy as sa

from engine.store.connection import Connection
from engine.store.query.sheet import Sheet
from engine.store.tables import SEARCH

_NUMBER = re.compile(r"\+?[\d\s()-]{4,}")


def words_of(text: str) -> tuple[str, ...]:
    """What was typed, as the words that must all be found: full width made half, capitals small, a phone number's
    spaces and dashes left out."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()[:200]
    if _NUMBER.fullmatch(plain):
        return (re.sub(r"[^\d]", "", plain),)
    return tuple(plain.split())


def search_limits(connection: Connection, sheet: Sheet, limits: list[Any], text: str) -> list[Any]:
    """What the search adds to the limits of a question."""
    ground, entity = sheet.ground, sheet.entity
    searched = ground.schema.entities[entity].searched
    hidden = ground.access(entity).hidden
    seen = tuple(name for name in searched if name not in hidden)
    words = words_of(text)
    if not words:
        return []
    if not seen:
        return [sa.false()]
    column = sheet.table.c[SEARCH]
    matches = [_within(ground.dialect, column, word) for word in words]
    if len(seen) == len(searched):
        return matches
    from engine.store.query.compiler import among

    return [among(ground, sheet.table.c.id, found_ids(connection, sheet, [*limits, *matches], seen, words))]


def found_ids(
    connection: Connection, sheet: Sheet, limits: list[Any], seen: tuple[str, ...], words: tuple[str, ...]
) -> list[int]:
    """The candidates that match by the fields the reader may see alone."""
    from engine.store.words import search_text

    table, stored = sheet.table, sheet.ground.schema.entities[sheet.entity]
    converts = [stored.from_store.get(name) for name in seen]
    select = sa.select(table.c.id, *(table.c[name] for name in seen)).select_from(sheet.table).where(*limits)
    found: list[int] = []
    for rows in connection.stream(select):
        for row in rows:
            cells = [
                convert(cell) if convert and cell is not None else cell
                for convert, cell in zip(converts, row[1:], strict=True)
            ]
            known = search_text(cells)
            if all(word in known for word in words):
                found.append(row[0])
    return found


def _within(dialect: str, column: Any, word: str) -> Any:
    # A plain look for the word: LIKE would fold case and read % and _ as signs, and takes twice as long.
    find = sa.func.strpos if dialect == "postgresql" else sa.func.instr
    return find(column, word) > 0

"""The engine's own tables in few words: ``"id key, entity text!, record integer"``. Floor: 3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from engine.store import columns as kind

KINDS: Mapping[str, Callable[[], Any]] = {
    "text": kind.text,
    "integer": kind.integer,
    "json": kind.json,
    "bytes": kind.bytes_,
}


def table(metadata: sa.MetaData, name: str, columns: str, *indexes: sa.Index, **more: Any) -> sa.Table:
    """A table laid into ``metadata``. Each column is its name and its kind (text, integer, json, bytes), with ``!`` where it may not
    be empty and ``*`` where it is part of the key; ``key`` is a number the database gives. ``more`` is what a database needs told beside. Raises
    KeyError for another kind."""
    return sa.Table(name, metadata, *(_column(*words.split()) for words in columns.split(",")), *indexes, **more)


def _column(name: str, said: str) -> sa.Column[Any]:
    if said == "key":
        return sa.Column(name, kind.key(), primary_key=True, autoincrement=True)
    made = KINDS[said.rstrip("!*")]()
    if said == "integer*":
        return sa.Column(name, made, primary_key=True, autoincrement=False)
    if said.endswith("*"):
        return sa.Column(name, made, primary_key=True)
    return sa.Column(name, made, nullable=not said.endswith("!"))

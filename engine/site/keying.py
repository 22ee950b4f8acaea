"""Keys that duplicates are found by, for records that were there before a rule asked for them. Floor: 6."""

from __future__ import annotations

import hashlib
import time
from functools import partial
from typing import Any

from engine.facts import SYSTEM
from engine.plugins import alike
from engine.runtime import keyring, resemblance
from engine.runtime.context import Context, Parts
from engine.site.running import Running
from engine.store import settings
from engine.store.connection import Connection

#: Records in one transaction, and seconds one tick may spend.
LOT, SECONDS = 500, 0.5


def catch_up(running: Running, seconds: float = SECONDS) -> int:
    """Go on giving keys to older records of entities whose rules have changed; how many got theirs. Cheap when all have."""
    parts, done = running.parts, 0
    behind = parts.ready.get("keys behind")
    if behind is None:
        with running.database.read() as connection:
            behind = [name for name in parts.manifest.entities if not _current(Context(parts, connection), name)]
        parts.ready["keys behind"] = behind
    ends = time.monotonic() + seconds
    while behind and time.monotonic() < ends:
        count = running.database.write(partial(_next, parts, behind[0]))
        done += count
        if not count:
            behind.pop(0)
    return done


def _next(parts: Parts, entity: str, connection: Connection) -> int:
    return _lot(Context(parts, connection, SYSTEM), entity)


def _mark(context: Context, entity: str) -> str:
    """What the keys of an entity are made of; another mark means that they must be made anew."""
    keyed = sorted(context.plan(entity).keyed)
    return hashlib.sha256(repr((alike.VERSION, keyed)).encode()).hexdigest()[:16] if keyed else ""


def _current(context: Context, entity: str) -> bool:
    known: dict[str, Any] = settings.get(context.connection, keyring.MADE + entity) or {}
    return known.get("mark", "") == _mark(context, entity) and known.get("after") is None


def _lot(context: Context, entity: str) -> int:
    """Keys for the next records; 0 when there are no more."""
    connection, mark = context.connection, _mark(context, entity)
    known: dict[str, Any] = settings.get(connection, keyring.MADE + entity) or {}
    if known.get("mark", "") != mark:
        connection.execute("DELETE FROM fl_keys WHERE entity = ?", (entity,))
        known = {"mark": mark, "after": 0}
    plan, records = context.plan(entity), context.records
    rows: list[Any] = []
    if plan.keyed and known.get("after") is not None:
        columns = ", ".join(f'"{column}"' for column in records.columns(entity))
        text = f'SELECT {columns} FROM "{entity}" WHERE id > ? ORDER BY id LIMIT {LOT}'
        rows = connection.execute(text, (known["after"],))
    for record in records.from_rows(connection, entity, rows):
        _keep(connection, entity, record.id, resemblance.all_keys(plan, record.values))
    keyring.told(context, entity)
    settings.put(connection, keyring.MADE + entity, {"mark": mark, "after": rows[-1][0] if rows else None})
    return len(rows)


def _keep(connection: Connection, entity: str, record: int, keys: list[tuple[str, str]]) -> None:
    # A record made or changed since the rule was published has its keys already.
    if keys:
        connection.many(
            "INSERT INTO fl_keys (entity, field, key, record) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(entity, field, key, record) for field, key in keys],
        )

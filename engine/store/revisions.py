"""Published revisions: numbered, content-addressed, one of them current. Floor: 3."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import NotFound, Problem
from engine.facts import Actor
from engine.store import settings
from engine.store.connection import Connection
from engine.store.encode import from_text, instant, micros, to_text

COLUMNS = "number, at, by_user, login, note, digest, changes"
POINTER = "revision"
#: Two who publish at once wait for each other, PostgreSQL only (SQLite has one writer anyway).
LOCK = 7211


@dataclass(frozen=True, slots=True)
class Revision:
    """Who published what, when and why. ``digest`` is the hash of its files; ``changes`` a summary as JSON."""

    number: int
    at: dt.datetime
    by_user: int | None
    login: str
    note: str
    digest: str
    changes: Any
    current: bool = False


def save(
    connection: Connection,
    files: Mapping[str, str],
    now: dt.datetime,
    actor: Actor,
    note: str = "",
    changes: Any = None,
) -> Revision:
    """Keep these files (path -> text) as the next revision; it is not current until ``point`` says so.

    A text that was kept before is not kept again.
    """
    digests = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in sorted(files.items())}
    for path, digest in digests.items():
        connection.execute(
            "INSERT INTO fl_blobs (digest, content) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (digest, files[path].encode()),
        )
    whole = hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()
    if connection.dialect == "postgresql":
        connection.execute("SELECT pg_advisory_xact_lock(?, 0)", (LOCK,))
    number = int(connection.scalar("SELECT COALESCE(MAX(number), 0) + 1 FROM fl_revisions"))
    connection.execute(
        "INSERT INTO fl_revisions (number, at, by_user, login, note, digest, files, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (number, micros(now), actor.user, actor.login, note, whole, to_text(digests), to_text(changes)),
    )
    return Revision(number, now, actor.user, actor.login, note, whole, changes)


def point(connection: Connection, number: int) -> None:
    """Make a revision the current one. Raises NotFound when there is none of that number."""
    if connection.scalar("SELECT 1 FROM fl_revisions WHERE number = ?", (number,)) is None:
        raise NotFound(Problem("B030", parameters={"number": number}))
    settings.put(connection, POINTER, number)


def current_number(connection: Connection) -> int | None:
    """The number of the current revision; None before the first publish. Cheap enough to ask before each turn."""
    number: int | None = settings.get(connection, POINTER)
    return number


def current(connection: Connection) -> Revision | None:
    """The current revision, or None."""
    number = current_number(connection)
    return None if number is None else get(connection, number)


def get(connection: Connection, number: int) -> Revision | None:
    """One revision, or None."""
    row = connection.one(f"SELECT {COLUMNS} FROM fl_revisions WHERE number = ?", (number,))
    return None if row is None else _revision(row, current_number(connection))


def listed(connection: Connection, limit: int = 100) -> list[Revision]:
    """The newest revisions first."""
    now = current_number(connection)
    rows = connection.execute(f"SELECT {COLUMNS} FROM fl_revisions ORDER BY number DESC LIMIT ?", (limit,))
    return [_revision(row, now) for row in rows]


def load(connection: Connection, number: int) -> dict[str, str]:
    """A revision's files, path -> text. Raises NotFound; B031 when a text does not match its hash any more."""
    kept = connection.scalar("SELECT files FROM fl_revisions WHERE number = ?", (number,))
    if kept is None:
        raise NotFound(Problem("B030", parameters={"number": number}))
    files = {}
    for path, digest in from_text(kept).items():
        content = connection.scalar("SELECT content FROM fl_blobs WHERE digest = ?", (digest,))
        if content is None or hashlib.sha256(bytes(content)).hexdigest() != digest:
            raise NotFound(Problem("B031", parameters={"number": number, "file": path}))
        files[path] = bytes(content).decode()
    return files


def _revision(row: tuple[Any, ...], current: int | None) -> Revision:
    number, at, by_user, login, note, digest, changes = row
    return Revision(number, instant(at), by_user, login, note or "", digest, from_text(changes), number == current)

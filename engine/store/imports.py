"""Files of rows that are taken in: how far each is, and what became of its rows. Floor: 3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.errors import Problem
from engine.store.connection import Connection
from engine.store.declared import table
from engine.store.encode import from_text, instant, micros, moment, to_text

COLUMNS = (
    "id, entity, file, digest, state, started_at, ended_at, by_user, position, good, bad, settings, upload, total, "
    "matched, twins, found, mended, error"
)
SELECT = f"SELECT {COLUMNS} FROM fl_imports"
ROW = ("import", "row", "action", "entity", "record", "version", "reason", "kind", "cells")
#: Of these a new one may begin, or an old one go on; what is in ``MOVING`` a worker has in hand.
MOVING = ("checking", "running", "undoing")


@dataclass(frozen=True, slots=True)
class Import:
    """One import. ``state``: draft, checking, checked, running, stopped, done, undoing or undone; ``position`` the row behind
    which it goes on; ``upload`` the id of its file ("" for one by the command line); ``found`` what was recognised in it;
    ``mended`` cells written anew, by row; ``total`` its rows, None while not counted."""

    id: int
    entity: str
    file: str
    digest: str
    state: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    by_user: int | None
    position: int
    good: int
    bad: int
    settings: Mapping[str, Any]
    upload: str
    total: int | None
    matched: int
    twins: int
    found: Mapping[str, Any]
    mended: Mapping[str, Mapping[str, str]]
    error: Problem | None

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were taken in as new (``created``), into what was there (``matched``), not at all (``bad``), and how many
        look like a record that is there (``twins``)."""
        return {
            "created": self.good - self.matched,
            "matched": self.matched,
            "bad": self.bad,
            "twins": self.twins,
        }


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a row: ``action`` is created, matched, bad, twin, undone or left; ``cells`` only where it was not taken."""

    row: int
    action: str
    record: int | None
    version: int | None
    problems: tuple[Problem, ...]
    cells: Mapping[str, str]


def build(metadata: sa.MetaData) -> None:
    """Lay the tables into ``metadata``."""
    table(
        metadata,
        "fl_imports",
        "id key, entity text!, file text!, digest text!, state text!, started_at integer!, ended_at integer, "
        "by_user integer, position integer!, good integer!, bad integer!, settings json, upload text, total integer, "
        "matched integer, twins integer, found json, mended json, error json",
    )
    table(
        metadata,
        "fl_import_rows",
        "import integer*, row integer*, action text!, entity text, record integer, version integer, reason json, "
        "kind text, cells json",
    )


# --- imports


def add(
    connection: Connection,
    entity: str,
    file: str,
    digest: str,
    state: str,
    now: dt.datetime,
    user: int | None,
    settings: Mapping[str, Any],
    upload: str = "",
    found: Mapping[str, Any] | None = None,
    position: int = 1,
) -> int:
    """The number of a new import."""
    return connection.insert(
        "INSERT INTO fl_imports (entity, file, digest, state, started_at, by_user, position, good, bad, settings, upload, "
        "found, matched, twins) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, 0, 0)",
        (entity, file, digest, state, micros(now), user, position, to_text(settings), upload, to_text(found)),
    )


def get(connection: Connection, number: int) -> Import | None:
    """An import, or None."""
    row = connection.one(f"{SELECT} WHERE id = ?", (number,))
    return None if row is None else _import(row)


def listed(
    connection: Connection, entity: str | None, user: int | None, before: int | None, limit: int
) -> list[Import]:
    """Imports, the latest first: into one entity, by one person, or all."""
    wanted = {"entity = ?": entity, "by_user = ?": user, "id < ?": before}
    chosen = {text: value for text, value in wanted.items() if value is not None}
    where = f" WHERE {' AND '.join(chosen)}" if chosen else ""
    rows = connection.execute(f"{SELECT}{where} ORDER BY id DESC LIMIT ?", (*chosen.values(), limit))
    return [_import(row) for row in rows]


def same_file(connection: Connection, entity: str, digest: str) -> list[Import]:
    """Imports of a file with this content into the entity, the latest first."""
    return [
        _import(row)
        for row in connection.execute(f"{SELECT} WHERE digest = ? AND entity = ? ORDER BY id DESC", (digest, entity))
    ]


def change(connection: Connection, number: int, states: Sequence[str], **values: Any) -> bool:
    """Set columns while it is in one of these states; False when it is in none of them by now."""
    kept = {name: _written(value) for name, value in values.items()}
    sets = ", ".join(f"{name} = ?" for name in kept)
    marks = ", ".join("?" * len(states))
    text = f"UPDATE fl_imports SET {sets} WHERE id = ? AND state IN ({marks})"
    return connection.change(text, (*kept.values(), number, *states)) == 1


def advance(connection: Connection, number: int, state: str, position: int, counts: Mapping[str, int]) -> bool:
    """It has come to this row, with so many more of each kind; False when it is not in that state by now: stopped."""
    return recount(connection, number, (state,), counts, position)


def recount(
    connection: Connection, number: int, states: Sequence[str], counts: Mapping[str, int], position: int | None = None
) -> bool:
    """So many more (or fewer) rows of each kind; False when it is in none of these states."""
    created, matched, bad, twins = (counts.get(name, 0) for name in ("created", "matched", "bad", "twins"))
    marks = ", ".join("?" * len(states))
    changed = connection.change(
        "UPDATE fl_imports SET position = COALESCE(?, position), good = good + ?, bad = bad + ?, "
        f"matched = COALESCE(matched, 0) + ?, twins = COALESCE(twins, 0) + ? WHERE id = ? AND state IN ({marks})",
        (position, created + matched, bad, matched, twins, number, *states),
    )
    return changed == 1


def drop(connection: Connection, number: int) -> None:
    """Nothing is known of it any more."""
    forget_rows(connection, number)
    connection.execute("DELETE FROM fl_imports WHERE id = ?", (number,))


def clear(connection: Connection, unused: dt.datetime, ended: dt.datetime) -> None:
    """Forget what was only tried and left since ``unused``, and, of what was over before ``ended``, the file and the cells."""
    old = connection.execute(
        "SELECT id FROM fl_imports WHERE state IN ('draft', 'checked') AND started_at < ?", (micros(unused),)
    )
    for (number,) in old:
        drop(connection, number)
    over = connection.execute(
        "SELECT id FROM fl_imports WHERE state IN ('done', 'undone', 'stopped') AND COALESCE(ended_at, started_at) < ? "
        "AND upload IS NOT NULL",
        (micros(ended),),
    )
    for (number,) in over:
        connection.execute('UPDATE fl_import_rows SET cells = NULL WHERE "import" = ?', (number,))
        connection.execute("UPDATE fl_imports SET upload = NULL, found = NULL, mended = NULL WHERE id = ?", (number,))


# --- rows


def keep_row(
    connection: Connection,
    number: int,
    row: int,
    action: str,
    entity: str,
    record: tuple[int, int] | None = None,
    problems: Sequence[Problem] = (),
    cells: Mapping[str, str] | None = None,
) -> None:
    """Write down what became of a row; ``record`` is the id and version it became."""
    reason = to_text([_plain(problem) for problem in problems]) if problems else None
    first = f"{problems[0].code}:{problems[0].field}" if problems else None
    id, version = record if record is not None else (None, None)
    values = (number, row, action, entity, id, version, reason, first, to_text(cells))
    connection.append("fl_import_rows", ROW, values)


def forget_rows(connection: Connection, number: int, row: int | None = None) -> None:
    """Nothing is known of its rows (or of one of them) any more."""
    one = "" if row is None else " AND row = ?"
    connection.execute(
        f'DELETE FROM fl_import_rows WHERE "import" = ?{one}', (number, *(() if row is None else (row,)))
    )


def rows(
    connection: Connection,
    number: int,
    actions: Sequence[str],
    kind: str | None = None,
    after: int = 0,
    limit: int = 50,
    *,
    backwards: bool = False,
) -> list[Kept]:
    """Rows with one of these actions, behind row ``after``: the first of them, or from the end the last."""
    marks = ", ".join("?" * len(actions))
    same = "" if kind is None else " AND kind = ?"
    found = connection.execute(
        f'SELECT row, action, record, version, reason, cells FROM fl_import_rows WHERE "import" = ? AND row > ? '
        f"AND action IN ({marks}){same} ORDER BY row {'DESC' if backwards else 'ASC'} LIMIT ?",
        (number, after, *actions, *(() if kind is None else (kind,)), limit),
    )
    return [
        Kept(row, action, record, version, tuple(map(_problem, from_text(reason) or ())), from_text(cells) or {})
        for row, action, record, version, reason, cells in found
    ]


def every(connection: Connection, number: int, actions: Sequence[str]) -> Iterator[Kept]:
    """All rows with one of these actions, in order, in lots."""
    after = 0
    while lot := rows(connection, number, actions, after=after, limit=500):
        yield from lot
        after = lot[-1].row


def kinds(connection: Connection, number: int, actions: Sequence[str]) -> list[tuple[Kept, str, int]]:
    """What is wrong with rows, by kind: (one of them, the kind, how many), the most first."""
    marks = ", ".join("?" * len(actions))
    counted = connection.execute(
        f'SELECT kind, COUNT(*), MIN(row) FROM fl_import_rows WHERE "import" = ? AND action IN ({marks}) '
        "AND kind IS NOT NULL GROUP BY kind ORDER BY COUNT(*) DESC, MIN(row)",
        (number, *actions),
    )
    return [(rows(connection, number, actions, kind, first - 1, 1)[0], kind, n) for kind, n, first in counted]


def set_row(connection: Connection, number: int, row: int, action: str, problems: Sequence[Problem] = ()) -> None:
    """Another thing became of a row."""
    reason = to_text([_plain(problem) for problem in problems] or None)
    text = 'UPDATE fl_import_rows SET action = ?, reason = ? WHERE "import" = ? AND row = ?'
    connection.execute(text, (action, reason, number, row))


def _written(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return micros(value)
    if isinstance(value, Problem):
        return to_text(_plain(value))
    return to_text(value) if isinstance(value, Mapping) else value


def _plain(problem: Problem) -> dict[str, Any]:
    return {**problem.json(), "parameters": dict(problem.parameters)}


def _problem(kept: Mapping[str, Any]) -> Problem:
    """The problem again, so that each reader gets it in their own language."""
    parameters = kept.get("parameters")
    # Kept by an earlier version: the sentence as it was said then.
    said = {"zh": str(kept.get("message") or ""), "en": str(kept.get("message") or "")} if parameters is None else None
    return Problem(
        str(kept.get("code") or "H000"),
        field=str(kept.get("field") or ""),
        parameters=parameters or {},
        suggestion=kept.get("suggestion"),
        message=said,
    )


def _import(row: tuple[Any, ...]) -> Import:
    number, entity, file, digest, state, started, ended, user, position, good, bad, settings, upload = row[:13]
    total, matched, twins, found, mended, error = row[13:]
    return Import(
        number,
        entity,
        file,
        digest,
        state,
        instant(started),
        moment(ended),
        user,
        position,
        good,
        bad,
        from_text(settings) or {},
        upload or "",
        total,
        matched or 0,
        twins or 0,
        from_text(found) or {},
        from_text(mended) or {},
        _problem(from_text(error)) if error else None,
    )

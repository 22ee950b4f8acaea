"""Files into and out of a site: an upload becomes an id that a record may hold; who may see that record may read it. Floor: 6."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from engine.errors import NotFound, Problem, Refused, Unavailable
from engine.facts import Actor
from engine.model.entity import Field
from engine.paper.press import Paper
from engine.runtime import attachment
from engine.runtime.context import Context
from engine.site import drafts
from engine.site.running import Running
from engine.store import disk, imports, settings, sniff
from engine.store.connection import Connection
from engine.store.encode import instant, micros
from engine.store.files import File, safe_name, shown_size
from engine.store.tables import FILES

#: An upload that no record takes is thrown away after this.
UNUSED = dt.timedelta(days=1)
#: Bytes of a person's uploads of one day that no record has taken, at most.
LOOSE = 1_000_000_000
#: What a record no longer holds is thrown away after this: as long as the trash keeps records.
LET_GO = dt.timedelta(days=30)
#: How often it is looked for what nobody needs, and how much of it goes in one turn.
EVERY = dt.timedelta(hours=1)
LOT = 200
SETTING = "files_swept"
#: Where the id of a file may stand besides records: what still waits must find its file.
MENTIONS = (
    ("fl_approvals", "content", ""),
    ("fl_approvals", "evidence", ""),
    ("fl_runs", "data", "ended_at IS NULL AND "),
    ("fl_runs", "progress", "ended_at IS NULL AND "),
    ("fl_jobs", "payload", "ended_at IS NULL AND "),
    ("fl_merges", "data", "state = 'done' AND "),
    ("fl_inbox", "body", "state IN ('new', 'parked', 'quarantined') AND "),
    ("fl_imports", "upload", ""),
)


class TooMany(Refused):
    """Somebody uploads and uploads, and puts nothing of it into a record."""

    status = 429


class TooLarge(Refused):
    """An upload behind the limit; nothing of it was kept."""

    status = 413


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an upload is for: the field says how much and what it takes. ``most`` in bytes."""

    entity: str
    field: Field
    most: int


class Attachments:
    """The files of one running site."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def wanted(self, actor: Actor, entity: str, field: str) -> Wanted:
        """What may be uploaded for a field, before anything is read. Raises NotFound (R051, R189), Forbidden."""
        with self._running.reading(actor) as context:
            found = attachment.asked_for(context, entity, field)
            return Wanted(entity, found, attachment.most(found))

    @staticmethod
    def refuse_longer(wanted: Wanted, length: int, around: int = 0) -> None:
        """Raise TooLarge for a body of that length, before any of it is read; ``around`` is what is not the file itself."""
        if length > wanted.most + around:
            parameters = {"file": "", "most": shown_size(wanted.most)}
            raise TooLarge(Problem("R180", field=wanted.field.name, parameters=parameters))

    def keep(
        self, actor: Actor, wanted: Wanted, name: str, stream: IO[bytes], *, seed: str = "", most: int | None = None
    ) -> File:
        """The file, on disk and known when this returns; no record has it yet. ``stream`` is read in parts.

        With a ``seed`` a repeat gives the same file; ``most`` is a lower limit than the field's. Raises TooLarge, Refused
        (R181 to R188), TooMany, Unavailable.
        """
        self._room(actor)
        write = self._running.database.write
        return keep(self._running, write, actor, wanted, name, stream, seed=seed, most=most)

    def _room(self, actor: Actor) -> None:
        """Raise TooMany for a person whose uploads of the last day that no record took fill all they may."""
        if actor.user is None:
            return
        since = micros(self._running.clock.now() - UNUSED)
        with self._running.database.read() as connection:
            text = "SELECT COALESCE(SUM(size), 0) FROM fl_files WHERE at > ? AND by_user = ? AND held IS NULL"
            loose = int(connection.scalar(text, (since, actor.user)))
        if loose > LOOSE:
            raise TooMany(Problem("R190", parameters={"size": shown_size(loose), "most": shown_size(LOOSE)}))

    @staticmethod
    def unkept(error: OSError) -> Unavailable:
        """What to say when the disk did not take an upload before it came here (B002, B003)."""
        return Unavailable(disk.problem(error, str(Path(tempfile.gettempdir()) / "upload")))

    def read(self, actor: Actor, id: str) -> tuple[File, IO[bytes]]:
        """A file and its bytes, for who may read it. Raises NotFound (B011) for none and for one they may not read alike."""
        with self._running.reading(actor) as context:
            file = self._visible(context, id)
            return file, self._running.files.open(context.connection, file)

    def about(self, actor: Actor, id: str) -> File:
        """What is known of a file, for who may read it. Raises NotFound."""
        with self._running.reading(actor) as context:
            return self._visible(context, id)

    def draft(self, actor: Actor, template: str, entity: str, record: int) -> tuple[str, Paper]:
        """(name, document) a template of the folder makes of a record now: to look at (see ``engine.site.drafts``)."""
        return drafts.draft(self._running, actor, template, entity, record)

    def _visible(self, context: Context, id: str) -> File:
        file = self._running.files.get(context.connection, id)
        if file is None or not attachment.readable(context, file):
            raise NotFound(Problem("B011", parameters={"entity": "file", "id": id}))
        return file


def keep(
    running: Running,
    write: Callable[[Callable[[Connection], File]], File],
    actor: Actor,
    wanted: Wanted,
    name: str,
    stream: IO[bytes],
    *,
    seed: str = "",
    most: int | None = None,
) -> File:
    """As ``Attachments.keep``; ``write`` runs what it is given in a transaction, its own or one that is open."""
    safe, files = safe_name(name), running.files
    now, user = running.clock.now(), actor.user
    try:
        with files.take(stream, min(wanted.most, most or wanted.most), safe) as taken:
            type = sniff.media_type(safe, taken.stream, taken.size)
            file = File("", safe, type, taken.size, taken.digest, now, user)
            wrong = attachment.unfit(wanted.field, file, actor.language)
            if wrong:
                raise Refused(wrong)
            files.keep(taken)
            return write(lambda connection: files.add(connection, taken, safe, type, now, user, seed))
    except Refused as error:
        problems = [replace(problem, field=wanted.field.name) for problem in error.problems]
        kind = TooLarge if any(problem.code == "R180" for problem in problems) else Refused
        raise kind(problems) from error


def from_folder(running: Running, context: Context, wanted: Wanted, folder: Path, name: str) -> File:
    """A file of a folder, named by a row that is taken in, in the open turn. Raises Refused (R043) for one that is not in it."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        label = wanted.field.label.text(context.language) or wanted.field.name
        parameters = {"label": label, "name": wanted.field.name, "value": name}
        raise Refused(Problem("R043", field=wanted.field.name, parameters=parameters))
    with path.open("rb") as stream:
        return keep(running, lambda work: work(context.connection), context.actor, wanted, path.name, stream)


def sweep_if_due(running: Running) -> int:
    """Throw away what nobody needs, once an hour among all processes; how many files went."""
    now = running.clock.now()
    with running.database.read() as connection:
        last = settings.get(connection, SETTING)
    if isinstance(last, int) and now < instant(last) + EVERY:
        return 0
    running.database.write(lambda connection: settings.put(connection, SETTING, micros(now)))
    return sweep(running)


def sweep(running: Running) -> int:
    """Throw away uploads no record took within a day, what no record holds any more since 30 days, and bytes without a
    file; how many files went. Records in the trash hold theirs."""
    now = running.clock.now()
    running.database.write(lambda connection: imports.clear(connection, now - UNUSED, now - LET_GO))
    columns = _columns(running)
    with running.database.read() as connection:
        loose = set(_loose(connection, columns, now))
        known = {id for (id,) in connection.execute("SELECT id FROM fl_files WHERE loose_since IS NOT NULL")}
    gone = 0
    for lot in _lots(sorted(loose | known)):
        gone += running.database.write(lambda connection, lot=lot: _settle(connection, columns, lot, now))  # type: ignore[misc]
    running.database.write(lambda connection: running.files.clear(connection, now))
    return gone


def _columns(running: Running) -> list[tuple[str, str]]:
    return [
        (entity.name, field.name)
        for entity in running.manifest.entities.values()
        for field in entity.fields.values()
        if field.type in FILES
    ]


def _loose(connection: Connection, columns: list[tuple[str, str]], now: dt.datetime) -> Iterator[str]:
    held = "".join(f' AND NOT EXISTS (SELECT 1 FROM "{e}" WHERE "{e}"."{f}" = fl_files.id)' for e, f in columns)
    text = f"SELECT id FROM fl_files WHERE at < ? AND loose_since IS NULL{held}"
    for (id,) in connection.execute(text, (micros(now - UNUSED),)):
        yield id


def _settle(connection: Connection, columns: list[tuple[str, str]], ids: list[str], now: dt.datetime) -> int:
    """Remember since when each is loose, forget it where it is needed again, and throw away what has been long enough."""
    gone = 0
    for id in ids:
        row = connection.one("SELECT held, loose_since FROM fl_files WHERE id = ?", (id,))
        if row is None:
            continue
        held, since = row
        if _needed(connection, columns, id):
            connection.execute("UPDATE fl_files SET loose_since = NULL WHERE id = ?", (id,))
        elif not held or (since is not None and instant(since) + LET_GO <= now):
            connection.execute("DELETE FROM fl_files WHERE id = ?", (id,))
            gone += 1
        elif since is None:
            connection.execute("UPDATE fl_files SET loose_since = ? WHERE id = ?", (micros(now), id))
    return gone


def _needed(connection: Connection, columns: list[tuple[str, str]], id: str) -> bool:
    if any(connection.one(f'SELECT 1 FROM "{e}" WHERE "{f}" = ? LIMIT 1', (id,)) for e, f in columns):
        return True
    mark = f"%{id}%"
    for table, column, still in MENTIONS:
        shown = (
            f"CAST({column} AS TEXT)"
            if column != "body" or connection.dialect == "sqlite"
            else "encode(body, 'escape')"
        )
        if connection.one(f"SELECT 1 FROM {table} WHERE {still}{shown} LIKE ? LIMIT 1", (mark,)):
            return True
    return False


def _lots(ids: list[str]) -> Iterable[list[str]]:
    return (ids[at : at + LOT] for at in range(0, len(ids), LOT))


__all__ = ["Attachments", "File", "TooLarge", "Wanted", "sweep"]

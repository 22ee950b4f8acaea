"""Imports carried by a worker: lot by lot under its lease, so that another goes on where one ended. Floor: 6."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from engine.errors import FlowloomError, NotFound, Problem, Unavailable
from engine.facts import SYSTEM, Actor
from engine.plugins.slots import Undone
from engine.runtime import access
from engine.runtime.run import Void
from engine.runtime.worker import LEASE
from engine.site import importing
from engine.site.people import People
from engine.site.running import Running
from engine.site.taking import Plan, Taken, Taker, note, note_trial
from engine.source.sheet import open_sheet
from engine.store import imports, jobs
from engine.store.connection import Connection
from engine.store.imports import Import

KIND = "import"
#: Rows in one transaction: others who write wait for it, and a stop comes behind it.
LOT = 100

Hold = Callable[[Connection], None]


class _Stopped(Exception):
    """Somebody stopped it: the lot in hand is taken back."""


def key_of(number: int) -> str:
    """The key of the job that carries an import."""
    return f"{KIND}:{number}"


class Carrying:
    """Does what an import's job asks for: try its rows, take them in, take them back."""

    def __init__(self, running: Running, people: People) -> None:
        self._running, self._people = running, people

    def carry(self, job: jobs.Kept, lease: str) -> None:
        """Go on with an import until it is through, stopped, or cannot go on. Raises Void when the lease was lost: whoever has it
        goes on behind the last lot that was kept; Unavailable while the database is away."""
        number = int(job.job.payload["import"])

        def hold(connection: Connection) -> None:
            if not jobs.hold(connection, job.id, lease, progress=True):
                raise Void
            jobs.renew(connection, [(job.id, lease)], self._running.clock.now() + LEASE)

        try:
            if job.claims >= jobs.DEATHS:
                raise Undone(Problem("R108", parameters={"times": jobs.DEATHS}), final=True)
            self._carry(number, hold)
        except (Void, Unavailable):
            raise
        except _Stopped:
            pass
        except Exception as error:
            self._failed(number, error)
        self._end(number, job.id, lease)

    def _carry(self, number: int, hold: Hold) -> None:
        with self._running.database.read() as connection:
            kept = imports.get(connection, number)
        if kept is None or kept.state not in imports.MOVING:
            return
        actor = self._actor(kept)
        if kept.state == "undoing":
            while importing.undo_some(self._running, actor, number, hold):
                pass
            return
        with self.at_hand(kept) as path:
            self._take(kept, actor, path, hold)

    def _actor(self, kept: Import) -> Actor:
        if kept.by_user is None:
            return SYSTEM
        actor = self._people.actor(kept.by_user)
        if actor is None:
            raise access.refused("import")
        access.check_permit(self._running.manifest, actor, "import")
        return actor

    @contextlib.contextmanager
    def at_hand(self, kept: Import) -> Iterator[Path]:
        """The import's file under its own name, while it is read. Raises NotFound (I065) when it is gone."""
        running = self._running
        with running.database.read() as connection:
            file = running.files.get(connection, kept.upload) if kept.upload else None
            if file is None:
                raise NotFound(Problem("I065", parameters={"number": kept.id}))
            stream = running.files.open(connection, file)
        with stream, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / file.name
            with path.open("wb") as copy:
                while part := stream.read(1 << 18):
                    copy.write(part)
            yield path

    def _take(self, kept: Import, actor: Actor, path: Path, hold: Hold) -> None:
        running, number = self._running, kept.id
        sheet = open_sheet(path, str(kept.found.get("sheet") or ""), int(kept.found.get("heading") or 1))
        if kept.total is None:
            total = sheet.count()
            running.database.write(lambda connection: imports.change(connection, number, (kept.state,), total=total))
        taker = Taker(running, actor, Plan.read(kept.entity, kept.settings), number, mended=kept.mended)
        trial = kept.state == "checking"

        def keep(connection: Connection, done: list[Taken]) -> None:
            hold(connection)
            written = note_trial if trial else _note(running)
            counts = written(connection, number, kept.entity, done)
            if not imports.advance(connection, number, kept.state, done[-1].row.number, counts):
                raise _Stopped

        rows = sheet.rows(after=kept.position)
        while lot := list(islice(rows, LOT)):
            if trial:
                done = taker.try_out(lot)
                running.database.write(lambda connection, done=done: keep(connection, done))  # type: ignore[misc]
            else:
                taker.take(lot, keep)
        if trial:
            running.database.write(
                lambda connection: imports.change(connection, number, ("checking",), state="checked")
            )
        else:
            importing.finish(running, number)

    def _failed(self, number: int, error: Exception) -> None:
        """Write down why it cannot go on; a person may start it again."""
        known = error.problems[0] if isinstance(error, FlowloomError | Undone) and error.problems else None
        if known is None:
            traceback.print_exception(error, file=sys.stderr)
        said, now = known or Problem("H000"), self._running.clock.now()

        def work(connection: Connection) -> None:
            imports.change(connection, number, ("checking",), state="draft", error=said)
            imports.change(connection, number, ("running", "undoing"), state="stopped", error=said, ended_at=now)

        self._running.database.write(work)

    def _end(self, number: int, id: int, lease: str) -> None:
        now = self._running.clock.now()

        def work(connection: Connection) -> None:
            found = imports.get(connection, number)
            # Started again while the last lot was in hand: it goes on.
            going = found is not None and found.state in imports.MOVING
            if not (jobs.release(connection, id, lease, now) if going else jobs.finish(connection, id, lease, now)):
                raise Void

        self._running.database.write(work)


def _note(running: Running) -> Callable[[Connection, int, str, list[Taken]], dict[str, int]]:
    def written(connection: Connection, number: int, name: str, done: list[Taken]) -> dict[str, int]:
        return note(running, connection, number, name, done)

    return written

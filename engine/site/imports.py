"""Imports as a page makes them: a file is looked at, tried, taken in by a worker, and taken back. Floor: 6."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from engine.errors import Conflict, Forbidden, NotFound, Problem, WrongUsage
from engine.facts import Actor, Job
from engine.runtime import access
from engine.site import importing, looking, reading, undoing
from engine.site.attachments import TooLarge
from engine.site.carrying import KIND, Carrying, key_of
from engine.site.people import People
from engine.site.running import Running
from engine.site.taking import Plan, Taker, count, note, note_trial
from engine.source.sheet import Row
from engine.store import audit, imports, jobs
from engine.store.connection import Connection
from engine.store.files import shown_size
from engine.store.imports import Import, Kept

#: Bytes of a file at most; larger ones go by the command, which reads them where they are.
MOST = 100_000_000
#: What is taken in can be arranged and tried as often as one likes before it begins.
BEFORE = ("draft", "checked")
#: Rows with something to look at.
WRONG = ("bad", "twin")


class Imports:
    """The imports of one running site. ``carrying`` does what takes long, in whatever process carries jobs."""

    def __init__(self, running: Running, people: People) -> None:
        self._running = running
        self.carrying = Carrying(running, people)

    # --- a file

    @staticmethod
    def refuse_longer(length: int) -> None:
        """Raise TooLarge (R180) for a body of that length, before any of it is read."""
        if length > MOST:
            raise TooLarge(Problem("R180", parameters={"file": "", "most": shown_size(MOST)}))

    def take_in(self, actor: Actor, entity: str, name: str, stream: IO[bytes]) -> dict[str, Any]:
        """A new import of a file, of which nothing is taken yet: what was recognised in it, and which column may be which field.

        Raises Forbidden, NotFound (R051), Refused (R180: too large), InvalidDocument for what is no table.
        """
        running = self._running
        self._may(actor, entity)
        now = running.clock.now()
        with running.files.take(stream, MOST, name) as taken, tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / looking.shown_name(name)
            taken.stream.seek(0)
            with path.open("wb") as copy:
                while part := taken.stream.read(1 << 18):
                    copy.write(part)
            with running.reading(actor) as context:
                look = looking.look(context, entity, path)
            running.files.keep(taken)

            def work(connection: Connection) -> int:
                file = running.files.add(connection, taken, path.name, look.media, now, actor.user)
                plan = Plan(entity, look.mapping)
                found = {**look.json(), "size": taken.size}
                number = imports.add(
                    connection, entity, file.name, look.digest, "draft", now, actor.user, plan.json(), file.id, found
                )
                imports.change(connection, number, ("draft",), total=look.total, position=look.heading)
                return number

            number = running.database.write(work)
        return self.read(actor, number)

    def arrange(
        self,
        actor: Actor,
        number: int,
        *,
        sheet: str | None = None,
        heading: int | None = None,
        mapping: Mapping[str, str] | None = None,
        constants: Mapping[str, Any] | None = None,
        match_on: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """Say how the file is to be read and which column goes where; what is not given stays. What was tried is forgotten.

        Raises NotFound, Forbidden, Conflict (I064), WrongUsage (I006, I014, I066), InvalidDocument.
        """
        kept = self._own(actor, number)
        plan, found = Plan.read(kept.entity, kept.settings), dict(kept.found)
        total = kept.total
        if sheet is not None or heading is not None:
            with self.carrying.at_hand(kept) as path, self._running.reading(actor) as context:
                new = looking.look(context, kept.entity, path, sheet or str(found.get("sheet") or ""), heading)
            found, total = {**new.json(), "size": found.get("size")}, new.total
            plan = Plan(kept.entity, new.mapping, plan.constants, plan.match_on)
        plan = Plan(
            kept.entity,
            plan.mapping if mapping is None else {name: column for name, column in mapping.items() if column},
            plan.constants if constants is None else constants,
            plan.match_on if match_on is None else tuple(match_on),
        )
        with self._running.reading(actor) as context:
            looking.check(context, plan, tuple(found.get("columns") or ()))

        def work(connection: Connection) -> None:
            values = {"settings": plan.json(), "found": found, "total": total, "mended": {}}
            self._change(connection, kept, BEFORE, state="draft", position=int(found.get("heading") or 1), **values)
            self._clean(connection, number)

        self._running.database.write(work)
        return self.read(actor, number)

    def drop(self, actor: Actor, number: int) -> None:
        """Throw a file away of which nothing was taken. Raises NotFound, Conflict (I064)."""
        kept = self._own(actor, number)

        def work(connection: Connection) -> None:
            self._change(connection, kept, (*BEFORE, "checking"), state="draft")
            imports.drop(connection, number)

        self._running.database.write(work)

    # --- going on

    def check(self, actor: Actor, number: int) -> dict[str, Any]:
        """Try every row from the beginning, in the background; nothing of it stays. Raises NotFound, Conflict (I064), WrongUsage
        (I007)."""
        kept = self._own(actor, number)
        self._ready(actor, kept)

        def work(connection: Connection) -> int | None:
            position = int(kept.found.get("heading") or 1)
            self._change(connection, kept, BEFORE, state="checking", position=position, error=None)
            self._clean(connection, number)
            return self._job(connection, number)

        return self._go(actor, number, work)

    def start(self, actor: Actor, number: int, *, again: bool = False) -> dict[str, Any]:
        """Take the rows in, in the background; one that was stopped goes on behind its last row. A file that was taken in
        before needs ``again``. Raises NotFound, Conflict (I012, I064), WrongUsage (I007)."""
        kept = self._own(actor, number)
        self._ready(actor, kept)

        def work(connection: Connection) -> int | None:
            if kept.state in BEFORE:
                for other in imports.same_file(connection, kept.entity, kept.digest):
                    if other.id != number and other.state == "done" and not again:
                        raise Conflict(Problem("I012", parameters={"number": other.id}))
                position = int(kept.found.get("heading") or 1)
                now = self._running.clock.now()
                self._change(connection, kept, BEFORE, state="running", position=position, error=None, started_at=now)
                self._clean(connection, number)
                audit.write(connection, now, actor, "import", entity=kept.entity, detail={"import": number})
            else:
                self._change(connection, kept, ("stopped",), state="running", error=None, ended_at=None)
            return self._job(connection, number)

        return self._go(actor, number, work)

    def stop(self, actor: Actor, number: int) -> dict[str, Any]:
        """What goes on ends behind the rows in hand. Raises NotFound, Conflict (I064) where nothing goes on."""
        kept = self._own(actor, number)
        if not kept.upload:
            # One by the command is stopped where it runs.
            raise Conflict(Problem("I064", parameters={"number": number}))

        def work(connection: Connection) -> None:
            now = self._running.clock.now()
            if not imports.change(connection, number, ("checking",), state="draft"):
                self._change(connection, kept, ("running",), state="stopped", ended_at=now)

        self._running.database.write(work)
        return self.read(actor, number)

    def undo(self, actor: Actor, number: int) -> dict[str, Any]:
        """Put what it created into the trash, in the background. Raises NotFound, Conflict (I011, I064)."""
        self._own(actor, number)
        importing.begin_undo(self._running, actor, number, ("done", "stopped"))
        return self._go(actor, number, lambda connection: self._job(connection, number))

    def take_back(self, actor: Actor, number: int) -> dict[str, Any]:
        """The same at once, for the command (see ``importing.undo``)."""
        return importing.undo(self._running, actor, number)

    def mend(self, actor: Actor, number: int, row: int, cells: Mapping[str, str]) -> dict[str, Any]:
        """Write cells of a bad row anew and try it again; after the import it is taken in at once where it is good.

        What ``rows`` gives of it; an empty ``problems`` where nothing is wrong any more. Raises NotFound, Conflict (I064, I067),
        WrongUsage (I006), Forbidden.
        """
        kept = self._own(actor, number)
        with self._running.database.read() as connection:
            bad = next(iter(imports.rows(connection, number, ("bad",), after=row - 1, limit=1)), None)
        if bad is None or bad.row != row:
            raise Conflict(Problem("I067", parameters={"row": row}))
        looking.check_columns(cells, tuple(kept.found.get("columns") or ()))
        mended = {**bad.cells, **cells}
        taker = Taker(self._running, actor, Plan.read(kept.entity, kept.settings), number)
        one = [Row(row, mended)]
        final = kept.state in ("done", "stopped")

        def keep(connection: Connection, done: Any) -> None:
            states = ("done", "stopped") if final else ("checked",)
            if not imports.recount(connection, number, states, _instead(count(done))):
                raise Conflict(Problem("I064", parameters={"number": number}))
            imports.forget_rows(connection, number, row)
            if final:
                note(self._running, connection, number, kept.entity, done)
            else:
                note_trial(connection, number, kept.entity, done)
                imports.change(connection, number, states, mended={**kept.mended, str(row): mended})

        if final:
            done = taker.take(one, keep)
        else:
            done = taker.try_out(one)
            self._running.database.write(lambda connection: keep(connection, done))
        after = Kept(row, done[0].action, None, None, done[0].problems, mended)
        return self._row(kept, after, actor.language)

    # --- seeing

    def listed(
        self, actor: Actor, *, entity: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """Imports, the latest first: one's own; every one for who may audit. Raises Forbidden."""
        access.check_permit(self._running.manifest, actor, "import")
        user = None if access.permits(self._running.manifest, actor, "audit") else actor.user
        with self._running.reading(actor) as context:
            found = imports.listed(context.connection, entity, user, before, limit)
            return [looking.told(context, each) for each in found if each.entity in context.manifest.entities]

    def read(self, actor: Actor, number: int) -> dict[str, Any]:
        """One import: what was recognised, how it is arranged, how far it is. Raises NotFound (I010), Forbidden."""
        kept = self._own(actor, number)
        with self._running.reading(actor) as context:
            same = imports.same_file(context.connection, kept.entity, kept.digest)
            earlier = next((each for each in same if each.id != number and each.state == "done"), None)
            told = looking.told(context, kept, whole=True)
            told["before"] = looking.told(context, earlier) if earlier is not None else None
            return told

    def rows(
        self, actor: Actor, number: int, kind: str | None = None, after: int = 0, limit: int = 50
    ) -> dict[str, Any]:
        """Rows to look at, in order (``items``: row, problems with their column, cells), of one ``kind`` or all; ``kinds`` how many
        there are of each; ``next`` the row behind which more come. Raises NotFound."""
        kept = self._own(actor, number)
        language = actor.language
        with self._running.database.read() as connection:
            found = imports.rows(connection, number, WRONG, kind, after, limit + 1)
            kinds = imports.kinds(connection, number, WRONG)
        said = [
            {
                "kind": name,
                "twin": one.action == "twin",
                "count": n,
                **(self._problem(kept, one.problems[0], language) if one.problems else {}),
            }
            for one, name, n in kinds
        ]
        items = [self._row(kept, each, language) for each in found[:limit]]
        return {"items": items, "kinds": said, "next": found[limit - 1].row if len(found) > limit else None}

    def records(self, actor: Actor, number: int, after: int = 0, limit: int = 50) -> dict[str, Any]:
        """What became of the rows that were taken: ``items`` with row, what was done (created, matched, undone, left) and the
        record's id and title where one may see it; ``next`` as for ``rows``. Raises NotFound."""
        kept = self._own(actor, number)
        with self._running.reading(actor) as context:
            actions = ("created", "matched", "undone", "left")
            found = imports.rows(context.connection, number, actions, None, after, limit + 1)
            items = []
            for each in found[:limit]:
                seen = reading.if_visible(context, kept.entity, each.record) if each.record else None
                why = [problem.what(actor.language) for problem in each.problems] if each.action == "left" else []
                items.append(
                    {
                        "row": each.row,
                        "action": each.action,
                        "id": each.record if seen is not None else None,
                        "title": seen.title if seen is not None else None,
                        "why": why,
                    }
                )
        return {"items": items, "next": found[limit - 1].row if len(found) > limit else None}

    def bad_rows(self, actor: Actor, number: int) -> tuple[str, Iterator[str]]:
        """(a name, the lines of a CSV) of the rows that were not taken. Raises NotFound."""
        kept = self._own(actor, number)
        columns = tuple(kept.found.get("columns") or ())

        def lines() -> Iterator[str]:
            with self._running.database.read() as connection:
                bad = imports.every(connection, number, ("bad",))
                first = next(bad, None)
                names = columns or tuple(first.cells if first is not None else ())
                every = ((each.row, each.problems, each.cells) for each in ([first] if first else []))
                rest = ((each.row, each.problems, each.cells) for each in bad)
                yield from importing.bad_lines(_both(every, rest), names, actor.language)

        stem = Path(kept.file).stem
        return f"{stem}-{'没导入的行' if actor.language == 'zh' else 'rows-not-taken'}.csv", lines()

    def lost(self, actor: Actor, number: int) -> dict[str, Any]:
        """What taking it back would mean: ``created`` go, ``changed`` (with the first titles) stay because somebody worked on them,
        ``matched`` keep what the file wrote, ``told`` reminders and ``rules`` that reached outside cannot be called back.

        Raises NotFound.
        """
        kept = self._own(actor, number)
        with self._running.reading(actor) as context:
            return undoing.lost(context, kept)

    # --- small things

    def _may(self, actor: Actor, entity: str) -> None:
        access.check_permit(self._running.manifest, actor, "import")
        with self._running.reading(actor) as context:
            context.plan(entity)
            if actor.is_system:
                return
            rights = access.access_of(context, entity)
            if rights.read is False:
                raise NotFound(Problem("R051", parameters={"entity": entity}))
            if not rights.may("create") and not rights.may("update"):
                raise Forbidden(Problem("A002", parameters={"entity": entity, "id": ""}))

    def _own(self, actor: Actor, number: int) -> Import:
        """The import, for whoever began it and for those who may audit. Raises NotFound (I010) for the others alike."""
        access.check_permit(self._running.manifest, actor, "import")
        with self._running.database.read() as connection:
            found = imports.get(connection, number)
        mine = actor.is_system or (found is not None and found.by_user == actor.user)
        if found is None or not (mine or access.permits(self._running.manifest, actor, "audit")):
            raise NotFound(Problem("I010", parameters={"number": number}))
        return found

    def _ready(self, actor: Actor, kept: Import) -> None:
        self._may(actor, kept.entity)
        if not kept.settings.get("mapping"):
            raise WrongUsage(Problem("I007", parameters={"entity": kept.entity}))

    @staticmethod
    def _change(connection: Connection, kept: Import, states: Sequence[str], **values: Any) -> None:
        if not imports.change(connection, kept.id, states, **values):
            raise Conflict(Problem("I064", parameters={"number": kept.id}))

    @staticmethod
    def _clean(connection: Connection, number: int) -> None:
        imports.forget_rows(connection, number)
        imports.change(connection, number, (*BEFORE, *imports.MOVING), good=0, bad=0, matched=0, twins=0)

    def _job(self, connection: Connection, number: int) -> int | None:
        now, key = self._running.clock.now(), key_of(number)
        jobs.add(connection, Job(KIND, {"import": number}, key, now), now)
        jobs.again(connection, key, now, ("done", "cancelled", "dead", "waiting"))
        found = jobs.by_key(connection, key)
        return found.id if found is not None else None

    def _go(self, actor: Actor, number: int, work: Callable[[Connection], int | None]) -> dict[str, Any]:
        job = self._running.database.write(work)
        if job is not None:
            self._running.tell(job)
        return self.read(actor, number)

    def _row(self, kept: Import, each: Kept, language: str) -> dict[str, Any]:
        problems = [self._problem(kept, problem, language) for problem in each.problems]
        return {"row": each.row, "action": each.action, "problems": problems, "cells": dict(each.cells)}

    @staticmethod
    def _problem(kept: Import, problem: Problem, language: str) -> dict[str, Any]:
        mapping = kept.settings.get("mapping") or {}
        said = problem.json(language)
        return {name: said.get(name, "") for name in ("code", "message", "fix", "field")} | {
            "column": mapping.get(problem.field)
        }


def _instead(counts: Mapping[str, int]) -> dict[str, int]:
    """One bad row less, and what became of it now."""
    return {**counts, "bad": counts["bad"] - 1}


def _both(first: Iterator[Any], rest: Iterator[Any]) -> Iterator[Any]:
    yield from first
    yield from rest

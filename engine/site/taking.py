"""Rows of a sheet become records, each in a turn of its own, many turns in one transaction. Floor: 6."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import FlowloomError, Problem, Refused
from engine.facts import Actor, Record
from engine.runtime import duplicate, entity, intake
from engine.runtime.acts import Acting
from engine.runtime.context import Context
from engine.runtime.keyring import Keyring
from engine.runtime.turn import Turned, turn
from engine.site import attachments, reading
from engine.site.running import Running
from engine.source.sheet import Row, shortened
from engine.store import imports
from engine.store.connection import Connection
from engine.store.tables import FILES

#: Rows in one transaction: together they are kept or, after a crash, not there; the next start goes on behind them.
LOT = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is taken in: field -> column, values for every row, and the fields that make two rows the same."""

    entity: str
    mapping: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)
    match_on: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """The same, to be kept: ``mapping``, ``constants`` and ``match_on``."""
        return {"mapping": dict(self.mapping), "constants": dict(self.constants), "match_on": list(self.match_on)}

    @classmethod
    def read(cls, entity: str, kept: Mapping[str, Any]) -> Plan:
        """The plan that was kept."""
        return cls(entity, kept.get("mapping") or {}, kept.get("constants") or {}, tuple(kept.get("match_on") or ()))


class Taken(NamedTuple):
    """What became of a row: ``action`` is created, matched or bad; ``twin`` says which record a new one looks like."""

    row: Row
    action: str
    record: Record | None = None
    problems: tuple[Problem, ...] = ()
    twin: Problem | None = None


class _TakenBack(Exception):
    """Ends a trial's transaction, so that nothing of it stays."""


class Taker:
    """Takes lots of rows in. ``number`` is the import's, 0 where nobody will ask for it; ``folder`` is where names in file fields
    are files, without one they are ids of uploads; ``mended`` cells written anew, by row."""

    def __init__(
        self,
        running: Running,
        actor: Actor,
        plan: Plan,
        number: int = 0,
        folder: Path | None = None,
        mended: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.running, self.actor, self.plan, self.number, self.folder = running, actor, plan, number, folder
        self.mended = mended or {}
        fields = running.manifest.entities[plan.entity].fields
        self.links = {
            name: fields[name].to or fields[name].type
            for name in (*plan.mapping, *plan.constants)
            if fields[name].type in intake.LINKS
        }
        self.named: dict[tuple[str, str], int | None] = {}
        self.files: dict[str, attachments.Wanted] = {}
        if folder is not None:
            known = attachments.Attachments(running)
            filed = [name for name in plan.mapping if fields[name].type in FILES]
            self.files = {name: known.wanted(actor, plan.entity, name) for name in filed}
        self._seen: dict[tuple[Any, ...], int] = {}
        asks = bool(running.manifest.entities[plan.entity].duplicates or plan.match_on)
        self._ring = Keyring(plan.entity) if asks else None

    def take(self, rows: Sequence[Row], keep: Callable[[Connection, list[Taken]], None]) -> list[Taken]:
        """One transaction for these rows and for what ``keep`` writes about them."""
        done: list[Taken] = []

        def work(connection: Connection) -> None:
            done.clear()
            self._expect(connection, rows)
            done.extend(self._row(connection, row) for row in rows)
            keep(connection, done)

        self.running.database.write(work)
        if self._ring is not None:
            self._ring.done(any(each.record is not None for each in done))
        return done

    def try_out(self, rows: Sequence[Row]) -> list[Taken]:
        """What would become of these rows, after those that were tried before; nothing of it stays."""
        done: list[Taken] = []

        def work(connection: Connection) -> None:
            done.clear()
            self._expect(connection, rows)
            done.extend(self._row(connection, row) for row in rows)
            raise _TakenBack

        try:
            self.running.database.write(work)
        except _TakenBack:
            self.named.clear()
        return [self._among_all(each) for each in done]

    def _among_all(self, done: Taken) -> Taken:
        """The same, knowing the rows of the lots before, which are not there any more: a row like one of them is no new record."""
        if done.record is None:
            return done
        plan = self.running.parts.compiled.plan(self.plan.entity)
        for names in (self.plan.match_on, *map(tuple, plan.unique)):
            values = tuple(done.record.values.get(name) for name in names)
            if not names or any(value is None for value in values):
                continue
            first = self._seen.setdefault((*names, *values), done.row.number)
            if first == done.row.number or done.action != "created":
                continue
            if names == self.plan.match_on:
                return Taken(done.row, "matched", done.record)
            label = " + ".join(plan.fields[name].field.label.text(self.actor.language) or name for name in names)
            parameters = {"row": first, "label": label, "name": names[0], "value": " + ".join(map(str, values))}
            return Taken(done.row, "bad", None, (Problem("I061", field=names[0], parameters=parameters),))
        return done

    def _expect(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Each row looks for its duplicates and for the record it matches; what they ask for is asked for all at once."""
        if self._ring is None:
            return
        context = Context(self.running.parts, connection, self.actor)
        exact, worded = duplicate.sought(context.plan(self.plan.entity), self.plan.match_on)
        sought = exact | worded
        columns = [(name, column) for name, column in self.plan.mapping.items() if name in sought]
        constants = {name: value for name, value in self.plan.constants.items() if name in sought}
        cells = map(self._cells, rows)
        entered = [{**constants, **{name: each.get(column) for name, column in columns}} for each in cells]
        duplicate.expect(context, self._ring, entered, self.plan.match_on)

    def _cells(self, row: Row) -> Mapping[str, str]:
        """The row's cells, as they are after those that were written anew."""
        mended = self.mended.get(str(row.number)) if self.mended else None
        return {**row.cells, **mended} if mended else row.cells

    def _row(self, connection: Connection, row: Row) -> Taken:
        if self._ring is None:
            return self._turn(connection, row)
        self._ring.enter(connection)
        taken = self._turn(connection, row)
        self._ring.leave(connection, taken.record is not None)
        return taken

    def _turn(self, connection: Connection, row: Row) -> Taken:
        def work(context: Acting) -> tuple[str, Record]:
            values = self._values(context, row)
            known = intake.known(context, self.plan.entity, self.plan.match_on, values)
            if known is not None:
                return "matched", entity.update(context, self.plan.entity, known.id, values)
            return "created", entity.create(context, self.plan.entity, values)

        try:
            with connection.savepoint():
                via = f"import:{self.number}" if self.number else "import"
                done = turn(self.running.parts, connection, self.actor, work, via=via, answer=_twin)
        except FlowloomError as error:
            if connection.broken is not None:
                raise
            return Taken(row, "bad", None, error.problems)
        action, record = done.value
        # A rule of duplicates may have completed the record that was there instead.
        merged = any(each.name == "duplicate_found" and each.data.get("then") == "merge" for each in done.events)
        return Taken(row, "matched" if merged else action, record, (), done.said)

    def _values(self, context: Acting, row: Row) -> dict[str, Any]:
        values: dict[str, Any] = dict(self.plan.constants)
        problems: list[Problem] = []
        for name in values.keys() & self.links.keys():
            values[name] = intake.linked(context, name, self.links[name], str(values[name]), problems, self.named)
        cells = self._cells(row)
        for name, column in self.plan.mapping.items():
            text = cells.get(column)
            if not text:
                continue
            # What Excel cut short always has a plus sign in it.
            if "+" in text and shortened(text):
                problems.append(Problem("I008", field=name, parameters={"value": text}))
                continue
            values[name] = text
            if name in self.files and self.folder is not None:
                values[name] = attachments.from_folder(self.running, context, self.files[name], self.folder, text).id
            if name in self.links:
                values[name] = intake.linked(context, name, self.links[name], text, problems, self.named)
        if problems:
            raise Refused(problems)
        return values


def _twin(context: Acting, done: Turned[tuple[str, Record]]) -> Problem | None:
    """That a new record looks like one that is there; which one only where the reader may see it."""
    for warning in done.warnings:
        if not isinstance(warning, Mapping) or warning.get("kind") != "duplicate":
            continue
        reasons = "、".join(f"{each['label']} {round(each['score'] * 100)}%" for each in warning["reasons"])
        field = warning["reasons"][0]["field"] if warning["reasons"] else ""
        other = warning["record"]
        title = reading.title_if_visible(context, warning["entity"], other)
        if title is None:
            return Problem("I063", field=field, parameters={"reasons": reasons})
        return Problem("I062", field=field, parameters={"title": title, "id": other, "reasons": reasons})
    return None


def note(running: Running, connection: Connection, number: int, name: str, done: Iterable[Taken]) -> dict[str, int]:
    """Write down what became of rows that were taken in; how many of each kind."""
    done = list(done)
    counts = count(done)
    ids = [each.record.id for each in done if each.record is not None]
    # Rules may have touched the record after it was made: undo compares with what it became in its own turn.
    became = running.parts.records.versions(connection, name, ids)
    for each in done:
        problems = each.problems or ((each.twin,) if each.twin else ())
        cells = each.row.cells if each.problems else None
        made = each.record
        record = (made.id, became.get(made.id, made.version)) if made is not None else None
        imports.keep_row(connection, number, each.row.number, each.action, name, record, problems, cells)
    return counts


def note_trial(connection: Connection, number: int, name: str, done: Iterable[Taken]) -> dict[str, int]:
    """Write down the rows of a trial a person should look at; how many of each kind."""
    done = list(done)
    for each in done:
        problems = each.problems or ((each.twin,) if each.twin else ())
        if problems:
            action = "bad" if each.problems else "twin"
            imports.keep_row(connection, number, each.row.number, action, name, None, problems, each.row.cells)
    return count(done)


def count(done: Sequence[Taken]) -> dict[str, int]:
    """How many rows are created, matched and bad, and how many look like a record that is there (``twins``)."""
    found = {"created": 0, "matched": 0, "bad": 0, "twins": 0}
    for each in done:
        found[each.action] += 1
        found["twins"] += each.twin is not None
    return found

"""A file of rows into records, through the product's own door: dry run, bad rows with their reason, resume, undo. Floor: 6."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from engine.errors import Conflict, FlowloomError, NotFound, Problem, Refused, WrongUsage, nearest
from engine.facts import Actor, Record
from engine.runtime import access, entity, intake
from engine.runtime.acts import Acting
from engine.runtime.context import Context
from engine.runtime.turn import turn
from engine.site import attachments
from engine.site.running import Running
from engine.source.sheet import Row, Sheet, open_sheet, shortened
from engine.store.connection import Connection
from engine.store.encode import from_text, micros, to_text
from engine.store.tables import FILES

#: Rows in one transaction: together they are kept or, after a crash, not there; the next start goes on behind them.
LOT = 500


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken, and every reason; ``cells`` are the row as it was."""

    row: int
    problems: tuple[Problem, ...]
    cells: Mapping[str, str]


@dataclass(slots=True)
class Report:
    """What became of a file. ``number`` is the import's (0 for a dry run), ``resumed_after`` the row it went on behind."""

    entity: str
    number: int = 0
    created: int = 0
    matched: int = 0
    bad: list[BadRow] = field(default_factory=list)
    resumed_after: int = 0
    mapping: Mapping[str, str] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    dry_run: bool = False

    def json(self, language: str = "zh") -> dict[str, Any]:
        """The same for machines."""
        return {
            "import": self.number,
            "entity": self.entity,
            "created": self.created,
            "matched": self.matched,
            "bad": [
                {"row": bad.row, "problems": [problem.json(language) for problem in bad.problems]} for bad in self.bad
            ],
            "resumed_after": self.resumed_after,
            "mapping": dict(self.mapping),
            "unmapped": list(self.unmapped),
            "dry_run": self.dry_run,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is taken in: field -> column, values for every row, and the fields that make two rows the same."""

    entity: str
    mapping: Mapping[str, str]
    constants: Mapping[str, Any] = field(default_factory=dict)
    match_on: tuple[str, ...] = ()


class _Taken(Exception):
    """Ends a dry run's transaction, so that nothing of it stays."""


def plan_of(
    running: Running,
    actor: Actor,
    sheet: Sheet,
    into: str,
    mapping: Mapping[str, str],
    constants: Mapping[str, Any],
    match_on: Sequence[str],
) -> Plan:
    """The mapping checked; where none is given, columns are found by the fields' names and labels.

    Raises WrongUsage naming unknown fields and columns, and Forbidden without the right to import.
    """
    parts = running.parts
    access.check_permit(parts.manifest, actor, "import")
    with running.reading(actor) as context:
        fields = context.plan(into).entity.fields
    problems = [
        Problem("I014", field=name, parameters={"name": name, "entity": into}, suggestion=nearest(name, fields))
        for name in (*mapping, *constants, *match_on)
        if name not in fields
    ]
    for column in mapping.values():
        if column not in sheet.columns:
            parameters = {"column": column, "known": "、".join(sheet.columns)}
            problems.append(Problem("I006", parameters=parameters, suggestion=nearest(column, sheet.columns)))
    if problems:
        raise WrongUsage(problems)
    chosen = dict(mapping)
    for name, one in fields.items():
        if name in chosen or name in constants:
            continue
        words = {name.lower(), one.label.zh.lower(), one.label.en.lower()} - {""}
        found = next((c for c in sheet.columns if c.lower() in words and c not in chosen.values()), None)
        if found is not None:
            chosen[name] = found
    if not chosen:
        raise WrongUsage(Problem("I007", parameters={"entity": into}))
    return Plan(into, chosen, constants, tuple(match_on))


def import_file(
    running: Running,
    actor: Actor,
    path: Path,
    into: str,
    mapping: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    match_on: Sequence[str] = (),
    *,
    dry_run: bool = False,
    again: bool = False,
    files: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Take a file in, row by row, each through the whole pipeline in a savepoint of its own.

    Good rows are kept, bad ones reported. Stopped half-way (a kill, a full disk), the same call goes on behind the last
    row that is on disk; no row comes twice. A file that was finished before is refused (I012) unless ``again``. What a row
    says in a file field is the name of a file in the folder ``files``; without one it is the id of an upload.
    """
    sheet = open_sheet(path)
    plan = plan_of(running, actor, sheet, into, mapping or {}, constants or {}, match_on)
    report = Report(into, mapping=plan.mapping, dry_run=dry_run)
    report.unmapped = tuple(c for c in sheet.columns if c and c not in plan.mapping.values())
    position = 1
    if not dry_run:
        report.number, position = _begin(running, actor, sheet, plan, again)
        report.resumed_after = position if position > 1 else 0
    rows = sheet.rows(after=position)
    taker = _Taker(running, actor, plan, report, files)
    while lot := list(islice(rows, LOT)):
        taker.take(lot, dry_run)
        progress(report.created + report.matched + len(report.bad))
    if not dry_run:
        _finish(running, report.number)
    return report


class _Taker:
    """Takes lots of rows into one import."""

    def __init__(self, running: Running, actor: Actor, plan: Plan, report: Report, files: Path | None = None) -> None:
        self.running = running
        self.actor = actor
        self.plan = plan
        self.report = report
        fields = running.manifest.entities[plan.entity].fields
        self.links = {
            name: fields[name].to or fields[name].type for name in plan.mapping if fields[name].type in intake.LINKS
        }
        self.named: dict[tuple[str, str], int | None] = {}
        self.folder = files
        self.files: dict[str, attachments.Wanted] = {}
        if files is not None:
            known = attachments.Attachments(running)
            filed = [name for name in plan.mapping if fields[name].type in FILES]
            self.files = {name: known.wanted(actor, plan.entity, name) for name in filed}

    def take(self, rows: Sequence[Row], dry_run: bool) -> None:
        """One transaction for these rows; with ``dry_run`` it is taken back at the end."""
        done: list[tuple[Row, str, Record | None, tuple[Problem, ...]]] = []

        def work(connection: Connection) -> None:
            done.clear()
            for row in rows:
                done.append(self._row(connection, row))
            if dry_run:
                raise _Taken
            self._note(connection, done)

        try:
            self.running.database.write(work)
        except _Taken:
            self.named.clear()
        for row, action, _, problems in done:
            if action == "bad":
                self.report.bad.append(BadRow(row.number, problems, row.cells))
            elif action == "created":
                self.report.created += 1
            else:
                self.report.matched += 1

    def _row(self, connection: Connection, row: Row) -> tuple[Row, str, Record | None, tuple[Problem, ...]]:
        def work(context: Acting) -> tuple[str, Record]:
            values = self._values(context, row)
            known = intake.known(context, self.plan.entity, self.plan.match_on, values)
            if known is not None:
                return "matched", entity.update(context, self.plan.entity, known.id, values)
            return "created", entity.create(context, self.plan.entity, values)

        try:
            with connection.savepoint():
                via = f"import:{self.report.number}" if self.report.number else "import"
                action, record = turn(self.running.parts, connection, self.actor, work, via=via).value
        except FlowloomError as error:
            if connection.broken is not None:
                raise
            return row, "bad", None, error.problems
        return row, action, record, ()

    def _values(self, context: Context, row: Row) -> dict[str, Any]:
        values: dict[str, Any] = dict(self.plan.constants)
        problems = []
        for name, column in self.plan.mapping.items():
            text = row.cells.get(column, "")
            if not text:
                continue
            if shortened(text):
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

    def _note(
        self, connection: Connection, done: Iterable[tuple[Row, str, Record | None, tuple[Problem, ...]]]
    ) -> None:
        number, good, bad, last = self.report.number, 0, 0, 0
        names = ("import", "row", "action", "entity", "record", "version", "reason")
        ids = [record.id for _, _, record, _ in done if record is not None]
        # Rules may have touched the record after it was made: undo compares with what it became in its own turn.
        became = self.running.parts.records.get_many(connection, self.plan.entity, ids)
        for row, action, record, problems in done:
            last = row.number
            reason = [problem.json() for problem in problems] or None
            latest = became.get(record.id, record) if record is not None else None
            cells = (number, row.number, action, self.plan.entity, latest and latest.id, latest and latest.version)
            connection.append("fl_import_rows", names, (*cells, to_text(reason)))
            good, bad = good + (action != "bad"), bad + (action == "bad")
        connection.execute(
            "UPDATE fl_imports SET position = ?, good = good + ?, bad = bad + ? WHERE id = ?", (last, good, bad, number)
        )


def _begin(running: Running, actor: Actor, sheet: Sheet, plan: Plan, again: bool) -> tuple[int, int]:
    """(number, row to go on behind): a new import, or the unfinished one of the same file and plan."""
    settings = to_text({"mapping": dict(plan.mapping), "constants": dict(plan.constants), "match_on": plan.match_on})

    def work(connection: Connection) -> tuple[int, int]:
        known = connection.execute(
            "SELECT id, state, position, settings FROM fl_imports WHERE digest = ? AND entity = ? ORDER BY id DESC",
            (sheet.digest, plan.entity),
        )
        for number, state, position, kept in known:
            if state == "running" and from_text(kept) == from_text(settings):
                return number, position
            if state == "done" and not again:
                raise Conflict(Problem("I012", parameters={"number": number}))
        now = micros(running.clock.now())
        number = connection.insert(
            "INSERT INTO fl_imports (entity, file, digest, state, started_at, by_user, position, good, bad, settings) "
            "VALUES (?, ?, ?, 'running', ?, ?, 1, 0, 0, ?)",
            (plan.entity, sheet.path.name, sheet.digest, now, actor.user, settings),
        )
        return number, 1

    return running.database.write(work)


def _finish(running: Running, number: int) -> None:
    now = micros(running.clock.now())
    running.database.write(
        lambda connection: connection.execute(
            "UPDATE fl_imports SET state = 'done', ended_at = ? WHERE id = ?", (now, number)
        )
    )


def undo(running: Running, actor: Actor, number: int) -> dict[str, Any]:
    """Put what an import created into the trash. Records somebody has worked on since stay, and are listed.

    Gives ``undone`` and ``kept`` (ids). Raises NotFound, Conflict when it was undone before.
    """
    access.check_permit(running.manifest, actor, "import")

    def work(connection: Connection) -> dict[str, Any]:
        state = connection.one("SELECT state, entity FROM fl_imports WHERE id = ?", (number,))
        if state is None:
            raise NotFound(Problem("I010", parameters={"number": number}))
        if state[0] == "undone":
            raise Conflict(Problem("I011", parameters={"number": number}))
        undone, kept = [], []
        for record, version in _created(connection, number):
            try:
                with connection.savepoint():
                    turn(running.parts, connection, actor, _removing(state[1], record, version), via=f"undo:{number}")
                undone.append(record)
            except FlowloomError:
                kept.append(record)
        connection.execute("UPDATE fl_imports SET state = 'undone' WHERE id = ?", (number,))
        return {"import": number, "undone": len(undone), "kept": kept}

    return running.database.write(work)


def _created(connection: Connection, number: int) -> Iterator[tuple[int, int]]:
    text = 'SELECT record, version FROM fl_import_rows WHERE "import" = ? AND action = ? ORDER BY row DESC'
    for record, version in connection.execute(text, (number, "created")):
        yield int(record), int(version)


def _removing(name: str, record: int, version: int) -> Callable[[Acting], None]:
    def work(context: Acting) -> None:
        if context.get(name, record) is not None:
            entity.delete(context, name, record, version=version)

    return work


def write_bad_rows(report: Report, path: Path, language: str = "zh") -> None:
    """The rows that were not taken, as a CSV that Excel opens: the row's number, why, and the cells as they were."""
    columns = list(dict.fromkeys(column for bad in report.bad for column in bad.cells))
    heading = ["行", "原因"] if language == "zh" else ["row", "reason"]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*heading, *columns])
        for bad in report.bad:
            reason = "; ".join(problem.what(language) for problem in bad.problems)
            writer.writerow([bad.row, reason, *(harmless(bad.cells.get(column, "")) for column in columns)])


def harmless(cell: str) -> str:
    """The cell as Excel may have it: what it would run as a formula is shown as text instead; negative numbers stay.

    Source: OWASP ASVS 5.0, 1.2.10.
    """
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True

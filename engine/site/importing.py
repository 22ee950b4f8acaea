"""A file of rows into records, through the product's own door: dry run, bad rows with their reason, resume, undo. Floor: 6."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from engine.errors import Conflict, FlowloomError, NotFound, Problem, WrongUsage, nearest
from engine.facts import Actor
from engine.runtime import access, entity
from engine.runtime.acts import Acting
from engine.runtime.turn import turn
from engine.site.running import Running
from engine.site.taking import LOT, Plan, Taken, Taker, note
from engine.source.sheet import Sheet, open_sheet
from engine.store import imports
from engine.store.connection import Connection
from engine.store.imports import Import

#: Records taken back in one transaction.
UNDONE_AT_ONCE = 100


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

    def add(self, done: Iterable[Taken]) -> None:
        """Count these rows too."""
        for each in done:
            if each.action == "bad":
                self.bad.append(BadRow(each.row.number, each.problems, each.row.cells))
            elif each.action == "created":
                self.created += 1
            else:
                self.matched += 1

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
    taker = Taker(running, actor, plan, report.number, files)

    def keep(connection: Connection, done: list[Taken]) -> None:
        counts = note(running, connection, report.number, into, done)
        imports.advance(connection, report.number, "running", done[-1].row.number, counts)

    while lot := list(islice(rows, LOT)):
        report.add(taker.try_out(lot) if dry_run else taker.take(lot, keep))
        progress(report.created + report.matched + len(report.bad))
    if not dry_run:
        finish(running, report.number)
    return report


def _begin(running: Running, actor: Actor, sheet: Sheet, plan: Plan, again: bool) -> tuple[int, int]:
    """(number, row to go on behind): a new import, or the unfinished one of the same file and plan."""

    def work(connection: Connection) -> tuple[int, int]:
        for known in imports.same_file(connection, plan.entity, sheet.digest):
            by_hand = not known.found
            if by_hand and known.state == "running" and Plan.read(plan.entity, known.settings) == plan:
                return known.id, known.position
            # One that a page began goes on there: here every row would come twice.
            if (known.state == "done" or (not by_hand and known.state in ("running", "stopped"))) and not again:
                raise Conflict(Problem("I012", parameters={"number": known.id}))
        now, name = running.clock.now(), sheet.path.name
        return imports.add(
            connection, plan.entity, name, sheet.digest, "running", now, actor.user, plan.json(), position=sheet.heading
        ), sheet.heading

    return running.database.write(work)


def finish(running: Running, number: int) -> None:
    """Every row has been looked at."""
    now = running.clock.now()
    running.database.write(
        lambda connection: imports.change(connection, number, ("running",), state="done", ended_at=now)
    )


# --- undo


def undo(running: Running, actor: Actor, number: int) -> dict[str, Any]:
    """Put what an import created into the trash. Records somebody has worked on since stay, and are listed.

    Gives ``undone`` and ``kept`` (ids). Broken off, the same call goes on. Raises NotFound, Conflict when it was undone before.
    """
    begin_undo(running, actor, number, ("running", "done", "stopped", "undoing"))
    while undo_some(running, actor, number):
        pass
    with running.database.read() as connection:
        kept = [each.record for each in imports.every(connection, number, ("left",))]
        undone = sum(1 for _ in imports.every(connection, number, ("undone",)))
    return {"import": number, "undone": undone, "kept": kept[::-1]}


def begin_undo(running: Running, actor: Actor, number: int, states: Sequence[str]) -> Import:
    """Let an import be one that is taken back. Raises Forbidden, NotFound, Conflict (I011, I064)."""
    access.check_permit(running.manifest, actor, "import")

    def work(connection: Connection) -> Import:
        found = imports.get(connection, number)
        if found is None:
            raise NotFound(Problem("I010", parameters={"number": number}))
        if found.state == "undone":
            raise Conflict(Problem("I011", parameters={"number": number}))
        if not imports.change(connection, number, states, state="undoing"):
            raise Conflict(Problem("I064", parameters={"number": number}))
        return found

    return running.database.write(work)


def undo_some(
    running: Running, actor: Actor, number: int, hold: Callable[[Connection], None] = lambda connection: None
) -> bool:
    """Take back some more of an import's records, the last ones first; False when none is left. ``hold`` is asked in the same
    transaction."""

    def work(connection: Connection) -> bool:
        hold(connection)
        found = imports.get(connection, number)
        assert found is not None
        lot = imports.rows(connection, number, ("created",), limit=UNDONE_AT_ONCE, backwards=True)
        for each in lot:
            problems: tuple[Problem, ...] = ()
            try:
                with connection.savepoint():
                    work = _removing(found.entity, each.record or 0, each.version or 0)
                    turn(running.parts, connection, actor, work, via=f"undo:{number}")
            except FlowloomError as error:
                if connection.broken is not None:
                    raise
                problems = error.problems
            imports.set_row(connection, number, each.row, "left" if problems else "undone", problems)
        if not lot:
            imports.change(connection, number, ("undoing",), state="undone", ended_at=running.clock.now())
        return bool(lot)

    return running.database.write(work)


def _removing(name: str, record: int, version: int) -> Callable[[Acting], None]:
    def work(context: Acting) -> None:
        if context.get(name, record) is not None:
            entity.delete(context, name, record, version=version)

    return work


# --- rows that were not taken


def write_bad_rows(report: Report, path: Path, language: str = "zh") -> None:
    """The rows that were not taken, as a CSV that Excel opens: the row's number, why, and the cells as they were."""
    columns = list(dict.fromkeys(column for bad in report.bad for column in bad.cells))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = ((bad.row, bad.problems, bad.cells) for bad in report.bad)
        file.writelines(bad_lines(rows, columns, language))


def bad_lines(
    rows: Iterable[tuple[int, Sequence[Problem], Mapping[str, str]]], columns: Sequence[str], language: str
) -> Iterator[str]:
    """The lines of such a CSV: heading, then one row each, nothing in them that Excel would run."""
    heading = ["行", "原因"] if language == "zh" else ["row", "reason"]
    yield _line([*heading, *map(harmless, columns)])
    for row, problems, cells in rows:
        reason = "; ".join(problem.what(language) for problem in problems)
        yield _line([str(row), harmless(reason), *(harmless(cells.get(column, "")) for column in columns)])


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue()


def harmless(cell: str) -> str:
    """The cell as Excel may have it: what it would run as a formula is shown as text instead; negative numbers stay.

    Source: OWASP ASVS 5.0, 1.2.10; OWASP CSV Injection (line feeds, and full-width signs that an Excel in Chinese takes for plain ones).
    """
    return f"'{cell}" if cell[:1] in "=+-@\t\r\n＝＋－＠" and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True

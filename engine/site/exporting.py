"""Records as CSV or XLSX that Excel opens right: BOM, text cells for numbers that are names, no formulas. Floor: 6."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from typing import Any

from engine.errors import Problem, WrongUsage
from engine.facts import Actor
from engine.runtime import view as views
from engine.runtime.access import permits
from engine.runtime.context import Context
from engine.runtime.view import Look
from engine.site.importing import harmless
from engine.site.running import Running
from engine.store.query import answer

LOT = 500


def export(
    running: Running, actor: Actor, entity: str, kind: str, look: Look, view: str | None = None
) -> Iterator[bytes]:
    """The list in parts of a file, however long it is; raises Forbidden (A005) before the first part.

    Everything is cut to what the actor may see, by the one compiler; fields that are ``personal`` are masked unless a role
    of the actor ``may: [personal]``.
    """
    if kind not in ("csv", "xlsx"):
        raise WrongUsage(Problem("H012", parameters={"name": "kind", "why": "csv | xlsx"}))
    rows = _rows(running, actor, entity, look, view)
    heading = next(rows)
    return _csv(heading, rows) if kind == "csv" else _xlsx(heading, rows)


def _rows(running: Running, actor: Actor, entity: str, look: Look, view: str | None) -> Iterator[list[str]]:
    with running.reading(actor) as context:
        chosen = views.view_of(context, view) if view else None
        asked = views.question(context, entity, chosen, look)
        found = views.export(context, entity, chosen, look)
        columns = _columns(context, asked)
        yield [_label(context, entity, column) for column in columns]
        whole = permits(context.manifest, actor, "personal")
        lot: list[Any] = []
        for record in found:
            lot.append(record)
            if len(lot) >= LOT:
                yield from _shown(context, lot, columns, whole)
                lot = []
        yield from _shown(context, lot, columns, whole)


def _columns(context: Context, asked: Any) -> list[answer.Output]:
    from dataclasses import replace

    from engine.runtime.ground import ground_of

    return list(answer.page(context.connection, ground_of(context), replace(asked, limit=1, cursor=None)).columns)


def _label(context: Context, entity: str, column: answer.Output) -> str:
    if column.field is not None:
        return column.field.label.text(context.language) or column.field.name
    return column.key


def _shown(context: Context, records: list[Any], columns: list[answer.Output], whole: bool) -> Iterator[list[str]]:
    names = views.linked(context, records, columns)
    hidden = [not whole and column.field is not None and column.field.personal for column in columns]
    for record in records:
        cells = [views.shown(context, column, record.values[column.key], names) for column in columns]
        yield [masked(cell) if mask else harmless(cell) for cell, mask in zip(cells, hidden, strict=True)]


def masked(text: str) -> str:
    """What is left of a personal value outside the house: enough to recognise it, too little to use it."""
    plain = text.replace(" ", "")
    if len(plain) < 8:
        return plain[:1] + "*" * (len(plain) - 1)
    return f"{plain[:3]}{'*' * (len(plain) - 7)}{plain[-4:]}"


def _csv(heading: list[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(heading)
    for number, row in enumerate(rows, start=1):
        writer.writerow(row)
        if number % LOT == 0:
            yield buffer.getvalue().encode("utf-8")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8")


def _xlsx(heading: list[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(heading)
    for row in rows:
        sheet.append(row)
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while part := file.read(1 << 16):
            yield part

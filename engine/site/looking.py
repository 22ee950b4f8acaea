"""What a file of rows is: its encoding, sheet and heading, its columns with samples, and which field each may be. Floor: 6."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from engine.errors import Problem, WrongUsage, nearest
from engine.model.entity import Field
from engine.plugins.slots import FieldType
from engine.runtime.access import access_of
from engine.runtime.context import Context
from engine.runtime.log import name_of
from engine.site import columns
from engine.site.taking import Plan
from engine.source import sheet as sheets
from engine.store import imports
from engine.store.files import safe_name
from engine.store.imports import Import

#: Rows looked at for samples, and how many of them are shown beside a column.
LOOKED, SHOWN = 200, 3
#: Bytes of a file whose rows are counted at once; those of a larger one are counted when it is tried.
TEXT_AT_ONCE, BOOK_AT_ONCE = 5_000_000, 500_000
MEDIA: Mapping[bool, str] = {
    True: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    False: "text/csv",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What was recognised. ``mapping`` is what is proposed (field -> column) and ``why`` says why: see ``columns.Guess``, and
    ``before`` for columns that were arranged so the last time. ``total`` rows, None where not counted yet."""

    digest: str
    encoding: str
    names: tuple[str, ...]
    name: str
    heading: int
    columns: tuple[str, ...]
    samples: Mapping[str, Sequence[str]]
    mapping: Mapping[str, str]
    why: Mapping[str, str]
    total: int | None

    @property
    def media(self) -> str:
        """Its media type."""
        return MEDIA[self.encoding == "xlsx"]

    def json(self) -> dict[str, Any]:
        """The same, to be kept and told."""
        return {
            "encoding": "utf-8" if self.encoding.startswith("utf-8") else self.encoding,
            "sheets": list(self.names),
            "sheet": self.name,
            "heading": self.heading,
            "columns": [column for column in self.columns if column],
            "samples": {name: list(cells) for name, cells in self.samples.items()},
            "why": dict(self.why),
        }


def shown_name(name: str) -> str:
    """The sender's name for the file as it may be kept."""
    return safe_name(name or "sheet")


def look(context: Context, entity: str, path: Path, name: str = "", heading: int | None = None) -> Look:
    """What stands in a file, for rows of ``entity``. Without a ``heading`` the row of the column names is found.

    Raises InvalidDocument for what is no table.
    """
    fields = list(open_fields(context, entity).values())
    if heading is None:
        heading = columns.heading_row(sheets.top(path, name), fields)
    sheet = sheets.open_sheet(path, name, heading)
    first = list(islice(sheet.rows(), LOOKED))
    cells = {
        column: list(dict.fromkeys(cell for row in first if (cell := row.cells.get(column, ""))))
        for column in sheet.columns
        if column
    }
    types = context.registry.plugins[FieldType.slot]
    guesses = columns.guesses([each for each in sheet.columns if each], cells, fields, types)
    mapping, why = {each.field: each.column for each in guesses}, {each.field: each.why for each in guesses}
    earlier = _earlier(context, entity, sheet.columns, {field.name for field in fields})
    if earlier:
        mapping, why = earlier, dict.fromkeys(earlier, "before")
    small = path.stat().st_size <= (BOOK_AT_ONCE if sheet.encoding == "xlsx" else TEXT_AT_ONCE)
    return Look(
        sheet.digest,
        sheet.encoding,
        sheets.sheets(path),
        sheet.name,
        heading,
        sheet.columns,
        {column: [cell[:80] for cell in found[:SHOWN]] for column, found in cells.items()},
        mapping,
        why,
        sheet.count() if small else None,
    )


def open_fields(context: Context, entity: str) -> dict[str, Field]:
    """The fields of an entity that the actor may fill from a file, by name."""
    rights = access_of(context, entity)
    return {
        name: field
        for name, field in context.plan(entity).entity.fields.items()
        if columns.fillable(field) and name not in rights.hidden and name not in rights.read_only
    }


def check(context: Context, plan: Plan, known: Sequence[str]) -> None:
    """Nothing where the plan can be carried out. Raises WrongUsage: I014 and I066 for fields, I006 for columns."""
    fields, hidden = context.plan(plan.entity).entity.fields, access_of(context, plan.entity).hidden
    usable = open_fields(context, plan.entity)
    problems = []
    for name in dict.fromkeys((*plan.mapping, *plan.constants, *plan.match_on)):
        if name not in fields or name in hidden:
            parameters = {"name": name, "entity": plan.entity}
            problems.append(Problem("I014", field=name, parameters=parameters, suggestion=nearest(name, usable)))
        elif name not in usable:
            label = fields[name].label.text(context.language) or name
            problems.append(Problem("I066", field=name, parameters={"name": label}))
    if problems:
        raise WrongUsage(problems)
    check_columns(plan.mapping.values(), known)


def check_columns(names: Iterable[str], known: Sequence[str]) -> None:
    """Nothing where all of these are columns of the file. Raises WrongUsage (I006)."""
    problems = [
        Problem("I006", parameters={"column": name, "known": "、".join(known)}, suggestion=nearest(name, known))
        for name in names
        if name not in known
    ]
    if problems:
        raise WrongUsage(problems)


def _earlier(context: Context, entity: str, found: Sequence[str], usable: set[str]) -> dict[str, str]:
    """How a file with these very columns was arranged the last time it was taken in."""
    for each in imports.listed(context.connection, entity, None, None, 50):
        if each.state == "done" and each.found.get("columns") == [column for column in found if column]:
            mapping: Mapping[str, str] = each.settings.get("mapping") or {}
            return {name: column for name, column in mapping.items() if name in usable}
    return {}


def told(context: Context, kept: Import, *, whole: bool = False) -> dict[str, Any]:
    """An import for people; with ``whole`` also what was recognised in its file and how it is arranged."""
    entity = context.manifest.entities.get(kept.entity)
    heading = int(kept.found.get("heading") or 1)
    shown: dict[str, Any] = {
        "number": kept.id,
        "entity": kept.entity,
        "label": entity.label.text(context.language) if entity is not None else kept.entity,
        "file": kept.file,
        "state": kept.state,
        "at": kept.started_at.isoformat(),
        "ended_at": kept.ended_at.isoformat() if kept.ended_at is not None else None,
        "by": name_of(context, kept.by_user),
        "by_command": not kept.found and not kept.upload,
        "total": kept.total,
        "done": max(0, kept.good + kept.bad),
        "counts": kept.counts,
        "error": kept.error.what(context.language) if kept.error is not None else None,
    }
    if whole:
        usable = open_fields(context, kept.entity) if entity is not None else {}
        shown["found"] = {name: kept.found.get(name) for name in ("encoding", "sheets", "sheet", "size")}
        shown["found"] |= {
            "heading": heading,
            "columns": [
                {"name": column, "samples": (kept.found.get("samples") or {}).get(column, [])}
                for column in kept.found.get("columns") or ()
            ],
            "why": kept.found.get("why") or {},
        }
        shown["plan"] = {
            "map": kept.settings.get("mapping") or {},
            "set": kept.settings.get("constants") or {},
            "match_on": kept.settings.get("match_on") or [],
        }
        shown["fields"] = list(usable)
        shown["may_update"] = access_of(context, kept.entity).may("update") if entity is not None else False
    return shown

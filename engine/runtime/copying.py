"""A record and what its rules need, copied into a database in memory. Floor: 5.

The copy holds the record, what it links to (and what that links to), its backlinks and those of its direct links, every
user and team, its clocks, open runs and approvals, and the counters of assignments. A link that leads out of the copy is
empty there. Nothing outside is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.facts import Record
from engine.runtime.context import Context
from engine.store.connection import Connection
from engine.store.statement import insert_text

#: Records a copy holds at most, beside users and teams; and backlinks followed for one record.
MOST, BACK = 2000, 200
#: Entities of which everything is copied.
WHOLE = ("team", "user")
#: Log-like tables about a record: table -> the columns that are copied.
ABOUT: Mapping[str, str] = {
    "fl_history": "id, entity, record, machine, state, came_from, entered_at, left_at, by_user, via, revision",
    "fl_timers": "id, name, step, entity, record, due, state, data, fired_at",
    "fl_approvals": "id, kind, entity, record, name, title, mode, state, asked_by, asked_at, due, level, content, evidence, "
    "rule, run, revision, ended_at, note",
}
#: Tables about the approvals of a record.
OF_APPROVAL: Mapping[str, str] = {
    "fl_seats": 'approval, position, "user", delegate',
    "fl_votes": 'approval, person, "user", position, decision, note, at',
    "fl_verdicts": 'approval, result, at, "user"',
}
RUNNING = "state NOT IN ('done', 'failed', 'stopped', 'skipped', 'dead', 'cancelled')"


def copy(source: Context, record: Record, target: Connection) -> int:
    """Fill an empty database with the record and what belongs to it; how many records that were."""
    # Records that link to one another can be written in no order: the keys are looked at when all is there.
    target.execute("PRAGMA defer_foreign_keys = ON")
    found = gathered(source, record)
    for one in found.values():
        _write(source, one, found, target)
    _logs(source, record, target)
    _shared(source, record, target)
    return len(found)


def gathered(context: Context, record: Record) -> dict[tuple[str, int], Record]:
    """The records of the copy by entity and id."""
    found: dict[tuple[str, int], Record] = {}
    for name in WHOLE:
        if name in context.manifest.entities:
            found |= {(name, one.id): one for one in context.records.find(context.connection, name, {}, 20_000)}
    most = len(found) + MOST
    found[record.entity, record.id] = record
    near = _follow(context, [record], found, most)
    for one in [record, *near]:
        if len(found) < most:
            found |= {
                (each.entity, each.id): each for each in _backlinks(context, one) if (each.entity, each.id) not in found
            }
    waiting: Sequence[Record] = [one for one in found.values() if one.entity not in WHOLE]
    while waiting and len(found) < most:
        waiting = _follow(context, waiting, found, most)
    return found


def _follow(
    context: Context, records: Iterable[Record], found: dict[tuple[str, int], Record], most: int
) -> list[Record]:
    """What these link to and is not there yet."""
    wanted: dict[str, set[int]] = {}
    for one in records:
        for entity, number in _links(context, one):
            if (entity, number) not in found:
                wanted.setdefault(entity, set()).add(number)
    new: list[Record] = []
    for entity, numbers in wanted.items():
        for each in context.records.get_many(
            context.connection, entity, sorted(numbers)[: max(0, most - len(found))]
        ).values():
            found[entity, each.id] = each
            new.append(each)
    return new


def _links(context: Context, record: Record) -> Iterator[tuple[str, int]]:
    plan = context.plan(record.entity)
    for name, field in plan.fields.items():
        value = record.values.get(name)
        if field.links_to is not None and isinstance(value, int):
            yield field.links_to, value
        elif field.field.type == "links" and field.field.to:
            yield from ((field.field.to, number) for number in value or ())
    for name in ("created_by", "updated_by"):
        if isinstance(record.values.get(name), int):
            yield "user", record.values[name]


def _backlinks(context: Context, record: Record) -> Iterator[Record]:
    for field in context.plan(record.entity).entity.fields.values():
        if field.type != "backlink" or record.entity in WHOLE:
            continue
        to, via = field.to or field.options.get("to", ""), field.via or field.options.get("via", "")
        yield from context.records.find(context.connection, to, {via: record.id}, BACK)


def _write(context: Context, record: Record, found: Mapping[tuple[str, int], Record], target: Connection) -> None:
    stored, plan = context.schema.entities[record.entity], context.plan(record.entity)
    columns = context.records.columns(record.entity)
    row: list[Any] = [record.id, record.version]
    for name in columns[2:]:
        value = record.values.get(name)
        field = plan.fields.get(name)
        leads = field.links_to if field is not None else None
        if leads is not None and isinstance(value, int) and (leads, value) not in found:
            value = None
        convert = stored.to_store.get(name)
        row.append(convert(value) if convert is not None and value is not None else value)
    target.execute(insert_text(record.entity, columns), row)
    for name, table in stored.many.items():
        to = plan.fields[name].field.to
        for number in record.values.get(name) or ():
            if (to, number) in found:
                target.execute(insert_text(table.name, ("source", "target")), (record.id, number))


def _rows(
    context: Context, target: Connection, table: str, columns: str, where: str, params: Sequence[Any] = ()
) -> int:
    names = [name.strip().strip('"') for name in columns.split(",")]
    rows = context.connection.execute(f"SELECT {columns} FROM {table} WHERE {where}", params)
    for row in rows:
        target.execute(insert_text(table, names), row)
    return len(rows)


def _logs(context: Context, record: Record, target: Connection) -> None:
    about = (record.id, record.entity)
    for table, columns in ABOUT.items():
        _rows(context, target, table, columns, "record = ? AND entity = ?", about)
    for table, columns in OF_APPROVAL.items():
        among = "approval IN (SELECT id FROM fl_approvals WHERE record = ? AND entity = ?)"
        _rows(context, target, table, columns, among, about)
    for table in ("fl_runs", "fl_jobs"):
        names = ", ".join(f'"{column.name}"' for column in context.schema.metadata.tables[table].columns)
        _rows(context, target, table, names, f"record = ? AND entity = ? AND {RUNNING}", about)


def _shared(context: Context, record: Record, target: Connection) -> None:
    """What belongs to nobody: numbers of sequences, loads of people, schedules over this kind of record, its files."""
    _rows(context, target, "fl_counters", "name, key, day, n", "name LIKE ?", (f"{record.entity}.%",))
    _rows(context, target, "fl_sequences", "name, period, last", "1 = 1")
    for trigger in context.manifest.triggers.values():
        if trigger.when.event == "schedule" and trigger.when.params.get("each") == record.entity:
            _rows(
                context,
                target,
                "fl_timers",
                ABOUT["fl_timers"],
                "name = ? AND state = 'waiting'",
                (f"cron:{trigger.name}",),
            )
    for field in context.plan(record.entity).entity.fields.values():
        if field.type in ("file", "image") and record.values.get(field.name):
            columns = "id, name, type, size, digest, at, by_user"
            _rows(context, target, "fl_files", columns, "id = ?", (record.values[field.name],))

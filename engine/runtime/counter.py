"""How many records each person holds and was given today, counted as they change, not by looking. Floor: 5.

An assignment that limits or compares loads would otherwise count the whole table for every new record. The counts are
rows of ``fl_counters``, changed in the same transaction as the record, so a hundred leads arriving at once see each
other. A count whose definition changed (other open states, another condition) has another name and is made afresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.expression.evaluate import Environment
from engine.facts import Record
from engine.runtime.context import Context
from engine.runtime.plans import CounterPlan, EntityPlan
from engine.store.connection import Connection

COLUMNS = ("name", "key", "day", "n")
ADD = (
    "INSERT INTO fl_counters (name, key, day, n) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (name, key, day) DO UPDATE SET n = fl_counters.n + excluded.n"
)
#: The day of the row that says a counter exists, also while nobody holds anything.
EXISTS = "-"

#: By the day (the empty one counts what is open) how many each person has.
Held = dict[str, dict[int, int]]


def is_open(context: Context, plan: EntityPlan, each: CounterPlan, record: Record) -> bool:
    """True while the record counts against its owner: ``open_if``, else any state that is not final."""
    if each.is_open is not None:
        # Names as they rest where the condition looks at nothing else: this is asked at every save.
        if each.near:
            return bool(each.is_open(Environment(record.values, timezone=context.parts.zone, extras=context.extras)))
        return bool(each.is_open(context.environment(plan.name, context.plain(record))))
    return not any(record.values.get(machine.field) in machine.finals for machine in plan.machines)


def moved(
    context: Context, plan: EntityPlan, before: Record | None, after: Record | None, changed: Iterable[str] = ()
) -> None:
    """Take a record that came, changed (these fields) or went into account. Costs nothing while nothing counts it."""
    for each in plan.counted:
        if before is not None and after is not None and each.reads.isdisjoint(changed):
            continue
        old = before.values.get(each.field) if before else None
        new = after.values.get(each.field) if after else None
        if old is None and new is None:
            continue
        was = before is not None and old is not None and is_open(context, plan, each, before)
        now = after is not None and new is not None and is_open(context, plan, each, after)
        if old == new and was == now:
            continue
        held, fresh = _held(context, plan, each)
        # A counter made just now already saw this record as it stands.
        if each.opens and not fresh:
            if was and old is not None:
                _add(context, each.name, held, old, "", -1)
            if now and new is not None:
                _add(context, each.name, held, new, "", 1)
        if each.daily and new is not None and new != old:
            _add(context, each.name, held, new, _day(context), 1)


def loads(context: Context, plan: EntityPlan, each: CounterPlan | None) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """(how many each person holds, how many each was given today), as of this moment of the turn. Who is not named has
    none; nobody is where nothing is counted."""
    held = _held(context, plan, each)[0] if each is not None else {}
    return held.get("", {}), held.get(_day(context), {})


def _day(context: Context) -> str:
    return context.today.isoformat()


def _add(context: Context, name: str, held: Held, user: int, day: str, number: int) -> None:
    context.connection.append("fl_counters", COLUMNS, (name, user, day, number), _summed, ADD)
    counts = held.setdefault(day, {})
    counts[user] = counts.get(user, 0) + number


def _summed(connection: Connection, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """One row for each count that moved, however often it did."""
    moves: dict[tuple[str, int, str], int] = {}
    for name, user, day, number in rows:
        moves[name, user, day] = moves.get((name, user, day), 0) + number
    return [(*count, number) for count, number in moves.items()]


def _held(context: Context, plan: EntityPlan, each: CounterPlan) -> tuple[Held, bool]:
    """The counts of one counter, and whether they were made just now."""
    connection, name = context.connection, each.name
    held: Held | None = connection.cache.get(("counter", name))
    if held is not None:
        return held, False
    if connection.dialect == "postgresql":
        # Whoever counts next waits here until this turn has ended: that is what keeps it fair.
        connection.execute(
            "SELECT n FROM fl_counters WHERE name = ? AND key = 0 AND day = ? FOR UPDATE", (name, EXISTS)
        )
    rows = connection.execute(
        "SELECT key, day, n FROM fl_counters WHERE name = ? AND day IN ('', ?, ?)", (name, _day(context), EXISTS)
    )
    held = {}
    for key, day, n in rows:
        held.setdefault(day, {})[key] = n
    fresh = EXISTS not in held
    connection.cache["counter", name] = held
    if fresh:
        _count(context, plan, each, held)
    return held, fresh


def _count(context: Context, plan: EntityPlan, each: CounterPlan, held: Held) -> None:
    counts: dict[int, int] = {}
    columns = ", ".join(f'"{column}"' for column in context.records.columns(plan.name))
    text = (
        f'SELECT {columns} FROM "{plan.name}" '
        f'WHERE deleted_at IS NULL AND "{each.field}" IS NOT NULL AND id > ? ORDER BY id LIMIT 1000'
    )
    last = 0
    while rows := context.connection.execute(text, (last,)):
        for row in rows:
            record = context.records.from_row(context.connection, plan.name, row)
            if is_open(context, plan, each, record):
                owner = record.values[each.field]
                counts[owner] = counts.get(owner, 0) + 1
        last = rows[-1][0]
    _add(context, each.name, held, 0, EXISTS, 1)
    for owner, number in counts.items():
        _add(context, each.name, held, owner, "", number)

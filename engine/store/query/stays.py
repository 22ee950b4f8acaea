"""How long records stay in the states of a machine, and how many got how far. Floor: 3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from engine.store.connection import Connection
from engine.store.query.ahead import NEVER, live
from engine.store.query.compiler import sheet_of
from engine.store.query.ground import Ground
from engine.store.query.question import Column, Query
from engine.store.query.tally import END, EVERY, FIRST, Counted, Take, by_place, looked_at_again, ranged, tables_of
from engine.store.query.terms import orderable, value_of

#: The parts of a state: records that reached it, records with a stay that ended, such stays, their microseconds.
TAKES = (Take("count"), Take("count"), Take("count"), Take("sum"))


class Stays:
    """Every state (and row, where a split is asked for) of a machine: (state, row) -> parts in the order of ``TAKES``.

    A record belongs to one row, so the records of all rows add up to those of the state. Refuses with Q001 when the
    machine's field is hidden from the reader. ``apart`` as in ``engine.store.query.tally.Prepared``.
    """

    takes = TAKES

    def __init__(
        self,
        ground: Ground,
        query: Query,
        machine: str,
        rows: Column | None = None,
        lots: bool = True,
        apart: Sequence[str] = (),
    ) -> None:
        sheet, limits = sheet_of(ground, query)
        ground.field(query.entity, ground.manifest.state_machines[machine].field)
        stay = ground.schema.history.alias("stay")
        keys: list[Any] = []
        if rows is not None:
            element, kind, field = value_of(sheet, rows)
            orderable(rows, kind, field)
            keys.append(element.label("row"))
        keys += [sheet.table.c[name].label(f"apart{place}") for place, name in enumerate(apart)]
        ended = stay.c.left_at.is_not(None)
        tied = sa.and_(stay.c.record == sheet.table.c.id, stay.c.entity == query.entity, stay.c.machine == machine)
        # First one row for each record and state: the index gives them in that order, so nobody has to count what differs.
        # A record has one row key: SQLite takes it as it is, PostgreSQL wants it among the groups.
        record = [sheet.table.c.id, stay.c.state, *(keys if ground.dialect == "postgresql" else ())]
        each = (
            sa.select(
                stay.c.state.label("state"),
                *keys,
                sa.func.count(stay.c.left_at).label("ends"),
                sa.func.sum(sa.case((ended, stay.c.left_at - stay.c.entered_at))).label("spent"),
            )
            .select_from(sheet.table.join(stay, tied))
            .where(*limits, *(ranged(sheet.table) if lots else ()))
            .group_by(*record)
            .subquery("each")
        )
        numbers = (
            sa.func.count(),
            sa.func.count(sa.case((each.c.ends > 0, 1))),
            sa.cast(sa.func.sum(each.c.ends), sa.BigInteger()),
            sa.cast(sa.func.sum(each.c.spent), sa.BigInteger()),
        )
        keys = [each.c.state, *(each.c[key.name] for key in keys)]
        select = sa.select(*keys, *numbers).select_from(each)
        self._width = len(keys)
        self._select = select.group_by(*by_place(keys))
        self.reads, self.again = tables_of(self._select), looked_at_again(sheet.table, self._select)
        self.foreseen = not any(live(ground, term) for term in query.where)

    def run(self, connection: Connection, ids: tuple[int, int] = EVERY) -> Counted:
        """The parts of every state and row, over the records with these ids."""
        rows = connection.execute(self._select, {FIRST: ids[0], END: ids[1]})
        return Counted({tuple(row[: self._width]): list(row[self._width :]) for row in rows}, NEVER)

"""Until when numbers stay true while nothing is written. Floor: 3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from engine.expression.parse import Condition, Expression, functions_of
from engine.expression.sql import dates
from engine.store.query import period
from engine.store.query.ground import Ground, Term
from engine.store.query.question import Query
from engine.store.query.sheet import Sheet
from engine.store.query.terms import parsed

#: The stored instant of what time alone never changes.
NEVER = 2**62


class Ahead:
    """The instants at which time alone changes what is taken from a sheet's rows.

    ``terms`` are conditions of the takes, ``others`` their values and groups. ``at`` are instants of the rows, of which those after ``now`` matter; ``midnight`` is the next local midnight where days count,
    else ``NEVER``; ``foreseen`` is False where the rows themselves, or a condition that is no comparison with a fixed span,
    depend on the moment.
    """

    def __init__(self, sheet: Sheet, query: Query, terms: Sequence[Term], others: Sequence[Any] = ()) -> None:
        ground = sheet.ground
        self.at: list[Any] = []
        self.midnight = NEVER
        self.foreseen = not any(live(ground, term) for term in (*query.where, *others))
        self.now = sa.literal(dates.microseconds(ground.now), sa.BigInteger())
        known: list[Any] = []
        for term in dict.fromkeys(term for term in terms if live(ground, term)):
            found = sheet.moments(term)
            if found is None:
                self.foreseen = False
                continue
            known += found.at
            if found.daily:
                day = ground.now.astimezone(ground.zone).date() + dt.timedelta(days=1)
                self.midnight = dates.microseconds(period.midnight(day, ground.zone))
        for element in known:
            if not any(element.compare(other) for other in self.at):
                self.at.append(element)


def live(ground: Ground, term: Condition | Expression | str) -> bool:
    """True when an answer depends on the moment it is asked at."""
    known = ground.functions
    if isinstance(term, str):
        term = parsed(term.removeprefix("="))
    return any("now" in getattr(known.get(name), "needs", ()) for name in functions_of(term))

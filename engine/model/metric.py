"""A metric: a number that explains itself. Floor: 3."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.terms import Bounds, Condition, Document, Expression, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How many records satisfy ``of``, per how many that satisfy ``per`` (which includes ``of``)."""

    of: Condition
    per: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An end of a duration: a state entered or left (first time), or a date-time expression."""

    entered: str | None = None
    left: str | None = None
    at: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time between two moments of one record, shown as median, avg, p90, min or max, in hours, days …"""

    from_: Moment
    to: Moment
    show: str = "median"
    unit: str = "hours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric(Document):
    """Exactly one of the measures is given; ``measure`` names it."""

    entity: str
    count: Condition | None = None
    sum: Expression | None = None
    avg: Expression | None = None
    median: Expression | None = None
    p90: Expression | None = None
    min: Expression | None = None
    max: Expression | None = None
    ratio: Ratio | None = None
    duration: Span | None = None
    share: Condition | None = None
    fill_rate: tuple[str, ...] = ()
    where_: Condition | None = None
    time: str = "created_at"
    by: tuple[Expression, ...] = ()
    good: Bounds | None = None
    unit: Label = Label()

    @property
    def measure(self) -> str:
        """The name of the one measure that is given."""
        for name in MEASURES:
            if getattr(self, name) not in (None, ()):
                return name
        return "count"


MEASURES = ("count", "sum", "avg", "median", "p90", "min", "max", "ratio", "duration", "share", "fill_rate")

"""How each measure is put together from parts that add up. Floor: 5.

A measure says which parts to take from the rows (counts, sums, values), how they become one number, and which records are
behind that number: behind a ratio its denominator, and among them its numerator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.errors import Where
from engine.expression.parse import Condition, Expression, parse
from engine.model.metric import Metric, Moment, Span
from engine.store.query.spread import quantile
from engine.store.query.tally import Take

#: What a duration is counted in, in microseconds.
UNITS = {"seconds": 1e6, "minutes": 6e7, "hours": 3.6e9, "days": 8.64e10, "weeks": 6.048e11}
UNIT_WORDS = {
    "zh": {"seconds": "秒", "minutes": "分钟", "hours": "小时", "days": "天", "weeks": "周"},
    "en": {"seconds": "seconds", "minutes": "minutes", "hours": "hours", "days": "days", "weeks": "weeks"},
}
#: Measures that are a share of one.
SHARES = frozenset({"ratio", "share", "fill_rate"})
#: Measures that are zero, not unknown, where there are no records.
COUNTED = frozenset({"count", "sum"})

Terms = tuple[Condition | Expression, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """``takes`` and ``finish`` (parts -> number in stored form, None of nothing); ``counted`` is the part that counts the
    records behind the number; ``behind`` picks them, ``above`` those of the numerator where there is one. ``of`` is the
    value whose type the number has, None for counts and shares."""

    takes: tuple[Take, ...]
    finish: Callable[[Sequence[Any]], float | None]
    counted: int
    behind: Terms
    above: Terms | None = None
    of: Expression | None = None


def recipe(metric: Metric, where: Terms = ()) -> Recipe:
    """The recipe of a metric, over rows where ``where`` holds besides its own."""
    only = (*((metric.where_,) if metric.where_ else ()), *where)
    made: Recipe = _MEASURES[metric.measure](metric, only)
    return made


def _count(metric: Metric, only: Terms) -> Recipe:
    behind = (*only, *_unless_always(metric.count))
    return Recipe((Take("count", None, behind),), lambda parts: parts[0], 0, behind)


def _unless_always(condition: Condition | None) -> Terms:
    """The condition, or nothing where it is the literal True: every row, without asking each."""
    if condition is None or all(
        isinstance(part, Expression) and part.text.strip() == "True" for part in condition.parts
    ):
        return ()
    return (condition,)


def _value(metric: Metric, only: Terms) -> Recipe:
    of: Expression = getattr(metric, metric.measure)
    return _spread(of, metric.measure, only)


def _spread(of: Expression, show: str, only: Terms) -> Recipe:
    behind = (*only, _filled(of))
    if show in ("median", "p90"):
        share = 0.5 if show == "median" else 0.9
        return Recipe((Take("values", of, only),), lambda parts: quantile(parts[0], share), -1, behind, of=of)
    takes = (Take("sum" if show == "avg" else show, of, only), Take("count", of, only))
    if show == "avg":
        return Recipe(takes, lambda parts: parts[0] / parts[1] if parts[1] else None, 1, behind, of=of)
    if show == "sum":
        return Recipe(takes, lambda parts: parts[0] or 0, 1, behind, of=of)
    return Recipe(takes, lambda parts: parts[0], 1, behind, of=of)


def _ratio(metric: Metric, only: Terms) -> Recipe:
    assert metric.ratio is not None
    behind = (*only, *_unless_always(metric.ratio.per))
    above = (*behind, metric.ratio.of)
    return Recipe((Take("count", None, above), Take("count", None, behind)), _divided, 1, behind, above)


def _share(metric: Metric, only: Terms) -> Recipe:
    assert metric.share is not None
    above = (*only, metric.share)
    return Recipe((Take("count", None, above), Take("count", None, only)), _divided, 1, only, above)


def _divided(parts: Sequence[Any]) -> float | None:
    return parts[0] / parts[1] if parts[1] else None


def _fill_rate(metric: Metric, only: Terms) -> Recipe:
    names = metric.fill_rate
    takes = (*(Take("count", name, only) for name in names), Take("count", None, only))
    complete = tuple(Condition((parse(f"{name} is not None"),)) for name in names)

    def finish(parts: Sequence[Any]) -> float | None:
        return sum(parts[:-1]) / (parts[-1] * len(names)) if parts[-1] else None

    return Recipe(takes, finish, len(names), only, (*only, *complete))


def _duration(metric: Metric, only: Terms) -> Recipe:
    assert metric.duration is not None
    return _spread(span_of(metric.duration, metric.where), metric.duration.show, only)


def span_of(span: Span, where: Where = Where()) -> Expression:
    """The time between the two moments as one expression: empty where either is."""
    return parse(f"({_moment(span.to)}) - ({_moment(span.from_)})", where)


def _moment(moment: Moment) -> str:
    if moment.entered:
        return f"entered_at({moment.entered!r}, first=True)"
    if moment.left:
        return f"left_at({moment.left!r})"
    return moment.at.text if moment.at else "None"


def _filled(of: Expression) -> Expression:
    return parse(f"({of.text}) is not None", of.where)


_MEASURES: dict[str, Callable[[Metric, Terms], Recipe]] = {
    "count": _count,
    "sum": _value,
    "avg": _value,
    "median": _value,
    "p90": _value,
    "min": _value,
    "max": _value,
    "ratio": _ratio,
    "share": _share,
    "fill_rate": _fill_rate,
    "duration": _duration,
}


def records_behind(made: Recipe, parts: Sequence[Any]) -> int:
    """How many records are behind the number."""
    if made.counted >= 0:
        return int(parts[made.counted])
    return sum(len(run) for run in parts[0])


def plain(metric: Metric, kind: str, stored: float | None) -> float | int | Decimal | None:
    """The number in the metric's own unit: hours, yuan, days; shares stay shares of one."""
    if stored is None:
        return None
    if metric.duration is not None:
        return stored / UNITS[metric.duration.unit]
    if kind == "money":
        return (
            Decimal(stored).scaleb(-4).quantize(Decimal("0.0001"))
            if isinstance(stored, int)
            else round(stored / 1e4, 4)
        )
    if kind == "duration":
        return stored / UNITS["hours"]
    return stored

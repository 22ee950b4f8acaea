"""A metric answers: a number, its course over time, its groups, the records behind it, its definition. Floor: 5.

Everything is asked through the one compiler of questions, so a metric counts only what its reader may see, and one
that needs a hidden field is refused whole rather than told wrong.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import Forbidden, NotFound, Problem, WrongUsage
from engine.expression.parse import Condition, Expression, parse
from engine.model.metric import Metric
from engine.model.terms import Bounds
from engine.runtime import amount, recipe
from engine.runtime.context import Context
from engine.runtime.ground import ground_of
from engine.runtime.labels import Labels
from engine.store.query import period, tally
from engine.store.query.ground import Ground
from engine.store.query.question import Column, Filter, Query, text_of
from engine.store.query.sheet import Sheet
from engine.store.query.tally import Parts, Scan
from engine.store.query.terms import value_of

#: Problems that say a name is not there: a hidden field, or one that does not exist.
UNKNOWN = frozenset({"Q001", "X013", "X014"})
#: The most points of a series and groups of a split that are shown.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a metric. ``first`` and ``last`` are days, both included, open where None; ``each`` splits by hour,
    day, week, month, quarter or year; ``by`` by a field or an expression; ``filters`` and ``where`` narrow the rows."""

    first: dt.date | None = None
    last: dt.date | None = None
    each: str | None = None
    by: Column | None = None
    filters: tuple[Filter, ...] = ()
    where: tuple[Condition | Expression | str, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """One number. ``value`` in the metric's unit (a share as a share of one), None where there is nothing to say;
    ``shown`` as text; ``count`` the records behind it; ``point`` names it for a drill-down; ``at`` where a bucket begins."""

    value: Any
    shown: str
    count: int
    label: str = ""
    point: str = ""
    at: str = ""
    key: Any = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A metric as it stands: the whole, the series and the groups that were asked for, and whether it is good."""

    metric: Metric
    whole: Value
    good: bool | None
    series: tuple[Value, ...] = ()
    groups: tuple[Value, ...] = ()
    kind: str = ""


def metric_of(context: Context, name: str) -> Metric:
    """The metric of that name; raises NotFound (Q007)."""
    found = context.manifest.metrics.get(name)
    if found is None:
        raise NotFound(Problem("Q007", parameters={"kind": "metric", "name": name}))
    return found


def read(context: Context, name: str, asked: Ask = Ask()) -> Reading:
    """The metric read now; raises Forbidden (Q008) when it needs what the reader may not see."""
    metric, ground = metric_of(context, name), ground_of(context)
    made = recipe.recipe(metric)
    return reading(context, ground, metric, asked, _scan(context, ground, metric, scan_of(metric, made, asked)))


def scan_of(metric: Metric, made: recipe.Recipe, asked: Ask) -> Scan:
    """What has to be taken from the rows to answer."""
    query = Query(
        entity=metric.entity, filters=asked.filters, where=asked.where, during=period_of(metric.time, asked), limit=None
    )
    group = (asked.by,) if asked.by is not None else ()
    return Scan(query, made.takes, group, (metric.time, asked.each) if asked.each and asked.by is None else None)


def period_of(field: str, asked: Ask) -> tuple[tuple[str, Any, Any], ...]:
    """The days asked for as a limit on the metric's time; raises WrongUsage (Q009) when they end before they begin."""
    if asked.first is None and asked.last is None:
        return ()
    if asked.first and asked.last and asked.last < asked.first:
        raise WrongUsage(Problem("Q009", parameters={"from": asked.first, "to": asked.last}))
    return ((field, asked.first, asked.last + dt.timedelta(days=1) if asked.last else None),)


def _scan(context: Context, ground: Ground, metric: Metric, asked: Scan) -> Parts:
    parts: Parts = refused(
        "metric", metric.name, asked.query.where, lambda: tally.scan(context.connection, ground, asked)
    )
    return parts


def refused(kind: str, name: str, own: Sequence[Any], make: Any) -> Any:
    """What ``make`` gives. Where a document names what the reader may not see it is refused by the document's name, so
    that the refusal tells nothing about its insides; what the reader typed themselves keeps its own problems."""
    try:
        return make()
    except WrongUsage as error:
        if any(isinstance(term, str) for term in own) or any(problem.code not in UNKNOWN for problem in error.problems):
            raise
        raise Forbidden(Problem("Q008", parameters={"kind": kind, "name": name})) from error


def reading(
    context: Context, ground: Ground, metric: Metric, asked: Ask, split: Parts, where: recipe.Terms = ()
) -> Reading:
    """The numbers made of their parts; the whole is all groups put together."""
    made = recipe.recipe(metric, where)
    kind = _kind(ground, metric, made)
    form = amount.Form(metric, kind, context.language, context.manifest.site.currency)

    def value(parts: Any, **more: Any) -> Value:
        number = recipe.plain(metric, kind, made.finish(parts))
        return Value(number, form.shown(number), recipe.records_behind(made, parts), **more)

    empty = tally.nothing(made.takes)
    whole = tally.merge(made.takes, [{(): parts} for parts in split.values()] or [{}])
    total = value(whole.get((), empty))
    series: tuple[Value, ...] = ()
    groups: tuple[Value, ...] = ()
    if asked.each and not asked.by:
        numbers = {key[0]: parts for key, parts in split.items() if key[0] is not None}
        series = tuple(
            value(
                numbers.get(number, empty), label=_bucket_label(asked.each, start), point=f"each:{asked.each}:{number}",
                at=start.isoformat(), key=number,
            )
            for number, start in _buckets(asked.each, numbers, asked)
        )  # fmt: skip
    elif asked.by is not None:
        labels = Labels(context, ground, metric.entity, asked.by)
        labels.load(key[0] for key in split)
        made_groups = [
            value(parts, label=labels.text(key[0]), point=f"by:{amount.token(key[0])}", key=key[0])
            for key, parts in split.items()
        ]
        groups = tuple(labels.ordered(made_groups))[:MOST]
    return Reading(metric, total, judged(metric.good, total.value), series, groups, kind)


def _kind(ground: Ground, metric: Metric, made: recipe.Recipe) -> str:
    if metric.measure in recipe.SHARES:
        return "share"
    if made.of is None:
        return "count"
    return value_of(Sheet(ground, metric.entity), made.of)[1].name


def _buckets(each: str, numbers: Any, asked: Ask) -> list[tuple[int, dt.date]]:
    """Every bucket of the period, or from the first to the last that has records, the latest ``MOST`` of them."""
    if not numbers and not (asked.first and asked.last):
        return []
    first = period.number_of(each, asked.first) if asked.first else min(numbers)
    last = period.number_of(each, asked.last) if asked.last else max(numbers)
    first = max(first, last - MOST + 1)
    return list(zip(range(first, last + 1), period.between(each, first, last), strict=True))


def _bucket_label(each: str, start: dt.date) -> str:
    if each == "hour":
        return start.strftime("%m-%d %H:00")
    if each == "year":
        return str(start.year)
    if each == "quarter":
        return f"{start.year} Q{(start.month + 2) // 3}"
    return start.strftime("%Y-%m") if each == "month" else start.isoformat()


def judged(good: Bounds | None, value: Any) -> bool | None:
    """True or False where the metric says what is good and there is a number, else None."""
    if good is None or value is None:
        return None
    above = good.above is None or value > good.above
    return above and (good.below is None or value < good.below)


# --- the records behind a number


def behind(context: Context, name: str, asked: Ask = Ask(), point: str = "", part: str = "") -> Query:
    """The question whose answer is exactly the records behind a number.

    ``point`` is the ``point`` of a value of the series or the groups, empty for the whole; ``part`` is ``above`` for the numerator
    of a ratio or share (or the complete records of a fill rate), ``missing`` for those in the denominator only.
    """
    metric = metric_of(context, name)
    made = recipe.recipe(metric)
    terms: tuple[Any, ...] = made.behind
    if part == "above" and made.above is not None:
        terms = made.above
    elif part == "missing" and made.above is not None:
        terms = (*made.behind, _not(made.above[len(made.behind) :]))
    query = Query(
        entity=metric.entity,
        filters=asked.filters,
        where=(*terms, *asked.where),
        during=period_of(metric.time, asked),
        sort=(f"-{metric.time}",),
    )
    return at_point(metric.time, asked, query, point)


def at_point(time: str, asked: Ask, query: Query, point: str) -> Query:
    """The question narrowed to one point of a series or one group; raises WrongUsage (Q011) for no such point."""
    if not point:
        return query
    way, _, rest = point.partition(":")
    try:
        if way == "by" and asked.by is not None:
            return dataclasses.replace(query, matches=(*query.matches, (asked.by, amount.untoken(rest))))
        if way == "each":
            each, _, number = rest.partition(":")
            start, end = period.start_of(each, int(number)), period.start_of(each, int(number) + 1)
            return dataclasses.replace(query, during=(*query.during, (time, start, end)))
    except (ValueError, KeyError, OverflowError):
        pass
    raise WrongUsage(Problem("Q011", parameters={"point": point}))


def _not(terms: tuple[Any, ...]) -> Condition:
    texts = [_text(term) for term in terms]
    return Condition((parse("not (" + " and ".join(f"({text})" for text in texts) + ")"),))


def _text(term: Condition | Expression) -> str:
    if isinstance(term, Expression):
        return term.text
    joined = (" or " if term.any else " and ").join(f"({_text(part)})" for part in term.parts)
    return joined or ("False" if term.any else "True")


__all__ = ["Ask", "Reading", "Value", "at_point", "behind", "judged", "metric_of", "period_of", "read", "reading", "refused",
           "scan_of", "text_of"]  # fmt: skip

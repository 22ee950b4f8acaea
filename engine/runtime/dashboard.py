"""A dashboard: its tiles read together, each number one that opens to its records. Floor: 5."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import FlowloomError, NotFound, Problem
from engine.model.dashboard import Dashboard, Tile
from engine.model.entity import SYSTEM_FIELDS
from engine.model.state_machine import StateMachine
from engine.plugins.slots import Chart
from engine.runtime import metric as metrics
from engine.runtime import recipe, stages, view
from engine.runtime.amount import Form
from engine.runtime.context import Context
from engine.runtime.definition import Definition, define
from engine.runtime.ground import ground_of
from engine.runtime.kept import Kept, moment
from engine.runtime.metric import Ask, Reading, Value, refused
from engine.runtime.shared import Sharing
from engine.store.query.ground import Ground
from engine.store.query.question import Filter, Query
from engine.store.query.tally import Scan, Take

#: Rows a tile with a view shows.
ROWS = 8
#: ``< 5%``, ``>= 8``, ``60%``; a unit may follow.
TARGET = re.compile(r"\s*(<=|>=|<|>|=)?\s*(-?\d+(?:\.\d+)?)\s*(%)?\s*\S*\s*")


@dataclass(frozen=True, slots=True)
class Range:
    """What the reader set at the top of the page: days (both included, open where None) and fields."""

    first: dt.date | None = None
    last: dt.date | None = None
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A tile as it stands. ``data`` is plain JSON for its chart, ``option`` what ECharts draws; ``records`` holds the page of a
    view's tile; ``problem`` stands instead of all of it where the tile cannot be shown to this reader."""

    name: str
    label: str
    show: str
    width: int = 1
    data: Mapping[str, Any] = field(default_factory=dict)
    option: Mapping[str, Any] = field(default_factory=dict)
    value: float | None = None
    shown: str = ""
    good: bool | None = None
    target: str = ""
    count: int | None = None
    definition: Definition | None = None
    records: Any = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard as it stood at ``as_of``."""

    dashboard: Dashboard
    tiles: Mapping[str, Shown]
    as_of: dt.datetime

    @property
    def counting(self) -> bool:
        """True while some of its numbers are still counted in the background."""
        return any(tile.problem is not None and tile.problem.code == "Q013" for tile in self.tiles.values())


def dashboard_of(context: Context, name: str) -> Dashboard:
    """The dashboard of that name; raises NotFound (Q007)."""
    found = context.manifest.dashboards.get(name)
    if found is None:
        raise NotFound(Problem("Q007", parameters={"kind": "dashboard", "name": name}))
    return found


def read(context: Context, name: str, asked: Range = Range(), kept: Kept | None = None) -> Board:
    """The dashboard read now, or as it was up to a minute ago where nothing changed since.

    ``kept`` is what the process keeps between looks; without it everything is read. A tile that fails, or that the reader
    may not see, shows its problem and leaves the others alone.
    """
    document = dashboard_of(context, name)
    kept = kept if kept is not None else Kept()
    now = moment(context.connection, context.now)
    actor = context.actor
    key = (
        context.manifest.digest or id(context.manifest), name, asked, context.language,
        actor.login, actor.roles, repr(sorted(actor.values.items(), key=str)),
    )  # fmt: skip
    made: Board | None = kept.page(repr(key), now)
    if made is None:
        ground = ground_of(context)
        sharing = Sharing(context, ground, kept, now)
        finish = {
            tile.name: _begin(context, ground, sharing, document, tile, asked) for tile in document.tiles.values()
        }
        made = Board(
            document, {tile: _done(context, document, tile, make) for tile, make in finish.items()}, context.now
        )
        if not made.counting:
            kept.keep_page(repr(key), now, made)
    return made


def tile_of(context: Context, name: str, tile: str) -> Tile:
    """A tile of a dashboard; raises NotFound (Q007)."""
    found = dashboard_of(context, name).tiles.get(tile)
    if found is None:
        raise NotFound(Problem("Q007", parameters={"kind": "tile", "name": f"{name}.{tile}"}))
    return found


Make = Callable[[], Shown]


def _begin(context: Context, ground: Ground, sharing: Sharing, document: Dashboard, tile: Tile, asked: Range) -> Make:
    """Say what the tile needs, so that it can be read with the others; what comes back finishes it."""
    blank = _blank(context, tile)
    try:
        if tile.metric:
            return _metric(context, ground, sharing, tile, blank, asked)
        if tile.view:
            return _view(context, sharing, tile, blank, asked)
        machine = context.manifest.state_machines[tile.funnel or tile.heatmap or ""]
        return _stages(context, ground, sharing, tile, machine, blank, asked)
    except FlowloomError as error:
        problem = error.problems[0]
        return lambda: replace(blank, problem=problem)


def _done(context: Context, document: Dashboard, name: str, make: Make) -> Shown:
    try:
        return make()
    except FlowloomError as error:
        return replace(_blank(context, document.tiles[name]), problem=error.problems[0])


def _blank(context: Context, tile: Tile) -> Shown:
    language, manifest = context.language, context.manifest
    label = tile.label.text(language)
    for documents, name in (
        (manifest.metrics, tile.metric), (manifest.views, tile.view),
        (manifest.state_machines, tile.funnel or tile.heatmap),
    ):  # fmt: skip
        if not label and name and name in documents:
            label = documents[name].label.text(language) or name
    return Shown(tile.name, label or tile.name, tile.show, tile.width, target=tile.target)


def asked_of(context: Context, tile: Tile, entity: str, asked: Range) -> Ask:
    """What a tile asks of its metric: the page's days and filters as far as its entity has such fields, and its own."""
    fields = {**SYSTEM_FIELDS, **context.manifest.entities[entity].fields}
    filters = tuple(each for each in asked.filters if each.field in fields)
    where = (tile.where_,) if tile.where_ else ()
    return Ask(asked.first, asked.last, tile.each, tile.by, filters, where)


def _metric(context: Context, ground: Ground, sharing: Sharing, tile: Tile, blank: Shown, asked: Range) -> Make:
    metric = metrics.metric_of(context, tile.metric or "")
    ask = asked_of(context, tile, metric.entity, asked)
    own_where = (tile.where_,) if tile.where_ else ()
    own = recipe.recipe(metric, own_where)
    scan = metrics.scan_of(metric, own, replace(ask, where=()))
    wanted = refused("metric", metric.name, (), lambda: sharing.add(scan))

    def make() -> Shown:
        reading = metrics.reading(context, ground, metric, ask, sharing.parts(wanted), own_where)
        data = data_of(reading, tile)
        good = met(tile.target, reading.whole.value)
        return drawn(
            context,
            replace(
                blank, target=with_unit(tile.target, Form(metric, reading.kind, context.language).unit), data=data, value=plain(reading.whole.value), shown=reading.whole.shown, count=reading.whole.count,
                good=reading.good if good is None else good, definition=define(context.manifest, metric, context.language),
            ),
        )  # fmt: skip

    return make


def data_of(reading: Reading, tile: Tile) -> dict[str, Any]:
    """A reading as plain JSON for a chart."""
    data: dict[str, Any] = {
        "percent": reading.kind == "share",
        "whole": reading.kind in ("count", "integer"),
        "target_value": target_of(tile.target),
    }
    points = reading.series if tile.each and not tile.by else reading.groups
    if tile.each or tile.by is not None:
        return {
            "kind": "series" if tile.each and not tile.by else "groups",
            "points": [_point(v) for v in points],
            **data,
        }
    whole = reading.whole
    return {"kind": "number", "value": plain(whole.value), "shown": whole.shown, "count": whole.count, **data}


def _point(value: Value) -> dict[str, Any]:
    return {
        "point": value.point, "label": value.label, "at": value.at, "value": plain(value.value), "shown": value.shown,
        "count": value.count,
    }  # fmt: skip


def plain(value: Any) -> float | int | None:
    """A number as JSON has it."""
    return None if value is None else value if isinstance(value, int | float) else float(value)


def target_of(text: str) -> float | None:
    """``< 5%`` as 0.05, ``< 8`` as 8; None where there is no number."""
    match = TARGET.fullmatch(text) if text else None
    return None if match is None else float(match[2]) / (100 if match[3] else 1)


def met(text: str, value: Any) -> bool | None:
    """Whether a value meets a target such as ``< 5%``; None where either is missing."""
    match, bound = (TARGET.fullmatch(text) if text else None), target_of(text)
    if match is None or bound is None or value is None:
        return None
    number = float(value)
    ways = {
        "<": number < bound,
        "<=": number <= bound,
        ">": number > bound,
        ">=": number >= bound,
        "=": number == bound,
    }
    return ways[match[1] or ">="]


def with_unit(text: str, unit: str) -> str:
    """A target with the metric's unit behind, where it is a bare number: ``< 24`` as ``< 24 小时``."""
    match = TARGET.fullmatch(text) if text and unit else None
    return text if match is None or match[3] or not text.rstrip()[-1].isdigit() else f"{text.rstrip()} {unit}"


def _stages(
    context: Context, ground: Ground, sharing: Sharing, tile: Tile, machine: StateMachine, blank: Shown, asked: Range
) -> Make:
    query = stage_query(context, tile, machine, asked)
    rows = tile.rows if tile.heatmap else None
    refused("state_machine", machine.name, (), lambda: sharing.add_stays(query, machine.name, rows))

    def make() -> Shown:
        parts = sharing.stays(query, machine.name, rows)
        if tile.heatmap:
            data = stages.heatmap(context, ground, machine, parts, rows, machine.entity)
        else:
            data = stages.funnel(machine, parts, context.language)
        return drawn(context, replace(blank, data=data))

    return make


def stage_query(context: Context, tile: Tile, machine: StateMachine, asked: Range) -> Query:
    """The records a funnel or heat map is about: those created in the days asked for."""
    ask = asked_of(context, tile, machine.entity, asked)
    during = metrics.period_of("created_at", ask)
    return Query(entity=machine.entity, filters=ask.filters, where=ask.where, during=during, sort=("-created_at",))


def _view(context: Context, sharing: Sharing, tile: Tile, blank: Shown, asked: Range) -> Make:
    document = view.view_of(context, tile.view or "")
    look = replace(_look(context, document.entity, asked), limit=ROWS)
    question = view.question(context, document.entity, document, look)
    counted = Scan(
        Query(entity=document.entity, filters=question.filters, limit=None),
        (Take("count", None, (document.where_,) if document.where_ else ()),),
    )
    wanted = refused("view", document.name, (), lambda: sharing.add(counted))

    def make() -> Shown:
        count = int(sharing.parts(wanted)[()][0])
        page = view.page(context, document.entity, document, look)
        return replace(blank, data={"kind": "records", "columns": [], "count": count}, records=page, count=count)

    return make


def _look(context: Context, entity: str, asked: Range) -> view.Look:
    """The page's filters as far as the entity has such fields, and its days: those a record was created on."""
    fields = {**SYSTEM_FIELDS, **context.manifest.entities[entity].fields}
    filters = [each for each in asked.filters if each.field in fields]
    if asked.first is not None:
        filters.append(Filter("created_at", "ge", asked.first.isoformat()))
    if asked.last is not None:
        filters.append(Filter("created_at", "le", asked.last.isoformat()))
    return view.Look(filters=tuple(filters))


def drawn(context: Context, tile: Shown) -> Shown:
    """The tile with what its chart draws; a chart that does not take such data leaves the drawing to the page."""
    chart = context.registry.find(Chart, tile.show)
    if chart is None or tile.data.get("kind") not in chart.takes:
        return tile
    return replace(tile, option=chart.option(tile.data, (), context.language))


def behind(context: Context, name: str, tile: str, asked: Range = Range(), point: str = "", part: str = "") -> Query:
    """The question whose answer is exactly the records behind a tile, or behind one point of it.

    ``part`` is ``above`` or ``missing`` for the two halves of a ratio. Raises WrongUsage (Q011) for a point that is not there.
    """
    found = tile_of(context, name, tile)
    if found.metric:
        metric = metrics.metric_of(context, found.metric)
        return metrics.behind(context, metric.name, asked_of(context, found, metric.entity, asked), point, part)
    if found.view:
        document = view.view_of(context, found.view)
        return view.question(context, document.entity, document, _look(context, document.entity, asked))
    machine = context.manifest.state_machines[found.funnel or found.heatmap or ""]
    query = stage_query(context, found, machine, asked)
    rows = found.rows if found.heatmap else None
    return stages.at_point(machine, query, rows, point) if point else query

"""Numbers for people: metrics and dashboards with their words, and exactly the records behind them. Floor: 6."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.facts import Actor
from engine.runtime import access as rights
from engine.runtime import dashboard as dashboards
from engine.runtime import metric as metrics
from engine.runtime import view as views
from engine.runtime.context import Context
from engine.runtime.dashboard import Range
from engine.runtime.definition import define
from engine.runtime.ground import ground_of
from engine.runtime.metric import Ask
from engine.runtime.view import Look
from engine.site import reading
from engine.site.reading import SeenPage
from engine.site.running import Running
from engine.site.warm import Warm
from engine.store.query import answer
from engine.store.query.question import Filter, Query


def access(running: Running, actor: Actor, entity: str) -> Any:
    """The actor's rights on an entity."""
    with running.reading(actor) as context:
        return rights.access_of(context, entity)


def allow(running: Running, actor: Actor, permission: str) -> None:
    """Nothing when the actor may; else raises Forbidden (A008)."""
    rights.check_permit(running.manifest, actor, permission)


def columns(running: Running, actor: Actor, view: str, language: str) -> list[dict[str, Any]]:
    """The columns of a view the actor may see."""
    with running.reading(replace(actor, language=language)) as context:
        return _headings(context, views.view_of(context, view))


def _headings(context: Context, view: Any) -> list[dict[str, Any]]:
    return [
        {"key": heading.key, "label": heading.label, "type": heading.type, "to": heading.to}
        for heading in views.headings(context, view)
    ]


def _metric(running: Running, actor: Actor, name: str, asked: Ask) -> dict[str, Any]:
    """A metric with its series, groups and definition; a share is a share of one, ``shown`` says it in words."""
    with running.reading(actor) as context:
        found = metrics.read(context, name, asked)
        return {
            "name": name,
            "label": found.metric.label.text(context.language) or name,
            "entity": found.metric.entity,
            "kind": found.kind,
            "value": _plain(found.whole.value),
            "shown": found.whole.shown,
            "count": found.whole.count,
            "good": found.good,
            "series": [_value(one) for one in found.series],
            "groups": [_value(one) for one in found.groups],
            "definition": definition(context, found.metric),
        }


def definition(context: Context, found: Any) -> dict[str, Any]:
    """What a metric means: words, YAML, and where it is written."""
    made = define(context.manifest, found, context.language)
    return {"text": made.text, "yaml": made.yaml, "where": str(made.where)}


def _value(one: Any) -> dict[str, Any]:
    return {
        "key": _plain(one.key),
        "at": one.at,
        "label": one.label,
        "value": _plain(one.value),
        "shown": one.shown,
        "count": one.count,
        "point": one.point,
    }


def _plain(value: Any) -> Any:
    """A Decimal as a number: money of a tile is drawn, not kept."""
    from decimal import Decimal

    return float(value) if isinstance(value, Decimal) else value


def _metric_records(
    running: Running, actor: Actor, name: str, asked: Ask, point: str, part: str, look: Look
) -> SeenPage:
    """Exactly the records behind a number; ``count`` is how many there are."""
    with running.reading(actor) as context:
        query = metrics.behind(context, name, asked, point, part)
        return _behind(context, query, look)


def _behind(context: Context, query: Query, look: Look) -> SeenPage:
    ground = ground_of(context)
    page = answer.page(context.connection, ground, replace(query, limit=look.limit, cursor=look.cursor))
    total = answer.count(context.connection, ground, query)
    return SeenPage(tuple(reading.of_page(context, query.entity, page)), page.next, total)


def _dashboard(running: Running, actor: Actor, name: str, asked: Range) -> dict[str, Any]:
    """Every tile of a dashboard with its number or chart, whether it is good, and its definition; ``as_of`` the instant."""
    with running.reading(actor) as context:
        board = dashboards.read(context, name, asked, running.kept)
        document, language = board.dashboard, context.language
        placed = {tile for layer in document.layers.values() for tile in layer.tiles}
        layers = [
            {"name": layer.name, "label": layer.label.text(language) or layer.name, "tiles": list(layer.tiles)}
            for layer in document.layers.values()
        ]
        rest = [tile for tile in board.tiles if tile not in placed]
        if rest:
            layers.append({"name": "", "label": "", "tiles": rest})
        return {
            "name": name,
            "label": document.label.text(language) or name,
            "layers": layers,
            "filters": [_filter(context, document, one) for one in document.filters],
            "tiles": {
                key: _tile(context, dashboards.drawn(context, tile), document.tiles[key].view)
                for key, tile in board.tiles.items()
            },
            "as_of": board.as_of.isoformat(),
            "counting": board.counting,
        }


def _tile(context: Context, tile: Any, view: str | None) -> dict[str, Any]:
    shaped: dict[str, Any] = {
        "label": tile.label,
        "show": tile.show,
        "width": tile.width,
        "data": dict(tile.data),
        "option": dict(tile.option),
        "value": tile.value,
        "shown": tile.shown,
        "good": tile.good,
        "target": tile.target,
        "count": tile.count,
    }
    if tile.definition is not None:
        made = tile.definition
        shaped["definition"] = {"text": made.text, "yaml": made.yaml, "where": str(made.where)}
    if tile.records is not None and view is not None:
        chosen = views.view_of(context, view)
        shaped["records"] = SeenPage(tuple(reading.of_page(context, chosen.entity, tile.records)), tile.records.next)
        shaped["data"]["columns"] = _headings(context, chosen)
    if tile.problem is not None:
        shaped["error"] = tile.problem.what(context.language)
        shaped["counting"] = tile.problem.code == "Q013"
    return shaped


def _filter(context: Context, document: Any, name: str) -> dict[str, Any]:
    """A filter of the page: ``time``, or a field of the entity its metrics are about, with its choices."""
    if name == "time":
        return {"name": "time", "label": "时间" if context.language == "zh" else "Time", "type": "time"}
    for tile in document.tiles.values():
        metric = context.manifest.metrics.get(tile.metric or "")
        field = context.plan(metric.entity).entity.fields.get(name) if metric is not None else None
        if field is not None:
            choices = [{"name": c.name, "label": c.label.text(context.language) or c.name} for c in field.choices]
            target = field.to or (field.type if field.type in ("user", "team") else None)
            label = field.label.text(context.language) or name
            return {"name": name, "label": label, "type": field.type, "choices": choices, "to": target}
    return {"name": name, "label": name, "type": "text"}


def _tile_records(
    running: Running, actor: Actor, name: str, tile: str, asked: Range, point: str, part: str, look: Look
) -> SeenPage:
    """Exactly the records behind a tile, or a point of it."""
    with running.reading(actor) as context:
        return _behind(context, dashboards.behind(context, name, tile, asked, point, part), look)


class Numbers:
    """Metrics and dashboards of one running site, for whoever asks, with their rights."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._warm = Warm(running)

    def keep_warm(self) -> None:
        """Count in the background what dashboards will ask for, from now on: at the start, after a publish, after many writes.
        For a process that serves; call it from time to time."""
        self._warm.look()

    def stop(self) -> None:
        """End what ``keep_warm`` began."""
        self._warm.stop()

    def metric(self, actor: Actor, name: str, asked: Ask = Ask()) -> dict[str, Any]:
        """A metric's value, series, groups and definition. Raises NotFound, Forbidden (Q008), WrongUsage."""
        return _metric(self._running, actor, name, asked)

    def metric_records(
        self, actor: Actor, name: str, asked: Ask = Ask(), point: str = "", part: str = "", look: Look = Look()
    ) -> SeenPage:
        """Exactly the records behind a number, or one ``point`` or ``part`` of it; ``count`` is how many."""
        return _metric_records(self._running, actor, name, asked, point, part, look)

    def dashboard(self, actor: Actor, name: str, asked: Range = Range()) -> dict[str, Any]:
        """Every tile of a dashboard; one the reader may not see shows its problem, one that is still counted in the background
        (then ``counting`` is True) how far that is."""
        return _dashboard(self._running, actor, name, asked)

    def tile_records(
        self,
        actor: Actor,
        name: str,
        tile: str,
        asked: Range = Range(),
        point: str = "",
        part: str = "",
        look: Look = Look(),
    ) -> SeenPage:
        """Exactly the records behind a tile, or one ``point`` of it."""
        return _tile_records(self._running, actor, name, tile, asked, point, part, look)


__all__ = ["Ask", "Filter", "Look", "Numbers", "Range", "access", "allow", "columns"]

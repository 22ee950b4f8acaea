"""Numbers for people: metrics and dashboards with their words, and exactly the records behind them. Floor: 6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.facts import Actor
from engine.runtime import access as rights
from engine.runtime import dashboard as dashboards
from engine.runtime import metric as metrics
from engine.runtime import view as views
from engine.runtime.context import Context
from engine.runtime.definition import define
from engine.runtime.ground import ground_of
from engine.runtime.metric import Ask
from engine.runtime.view import Look
from engine.site import reading
from engine.site.reading import SeenPage
from engine.site.running import Running
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
        chosen = views.view_of(context, view)
        return [
            {"key": heading.key, "label": heading.label, "type": heading.type, "to": heading.to}
            for heading in views.headings(context, chosen)
        ]


def metric(running: Running, actor: Actor, name: str, asked: Ask) -> dict[str, Any]:
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


def metric_records(
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


def dashboard(running: Running, actor: Actor, name: str, asked: Ask) -> Mapping[str, Any]:
    """Every tile of a dashboard, each with its number or chart and its definition."""
    with running.reading(actor) as context:
        return dashboards.read(context, name, asked)


def tile_records(running: Running, actor: Actor, name: str, tile: str, asked: Ask, point: str, look: Look) -> SeenPage:
    """Exactly the records behind a tile, or a point of it."""
    with running.reading(actor) as context:
        return _behind(context, dashboards.behind(context, name, tile, asked, point), look)


__all__ = [
    "Ask",
    "Filter",
    "Look",
    "access",
    "allow",
    "columns",
    "dashboard",
    "metric",
    "metric_records",
    "tile_records",
]

"""A dashboard: metrics and views on one page. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import Where
from engine.model.terms import Condition, Document, Duration, Expression, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One tile: a metric, a state machine's heat map or funnel, or a view. ``show`` names a chart plugin;
    ``each`` splits by day, week or month; ``by`` by an expression; ``rows`` are a heat map's rows."""

    name: str
    label: Label = Label()
    metric: str | None = None
    heatmap: str | None = None
    funnel: str | None = None
    view: str | None = None
    show: str = "number"
    target: str = ""
    each: str | None = None
    by: Expression | None = None
    rows: Expression | None = None
    where_: Condition | None = None
    width: int = 1
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A heading over some of the tiles, in order."""

    name: str
    label: Label = Label()
    tiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard(Document):
    """Tiles under filters (``time`` and fields)."""

    filters: tuple[str, ...] = ()
    tiles: Mapping[str, Tile] = field(default_factory=dict)
    layers: Mapping[str, Layer] = field(default_factory=dict)
    refresh: Duration | None = None

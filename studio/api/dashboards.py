"""Dashboards: all tiles at once, and the records behind each. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, request

from studio import asked, present
from studio.answers import answer, engine
from studio.auth import actor

blueprint = Blueprint("dashboards", __name__, url_prefix="/api/v1/dashboards")


@blueprint.get("/<name>")
def read(name: str) -> Response:
    """Every tile: a value or a chart, whether it is good, and its definition."""
    return answer(present.dashboard(engine().numbers.dashboard(actor(), name, asked.range_())))


@blueprint.get("/<name>/tiles/<tile>/records")
def records(name: str, tile: str) -> Response:
    """Exactly the records behind a tile, or behind one ``point`` of it."""
    point, part = request.args.get("point", ""), request.args.get("part", "")
    found = engine().numbers.tile_records(actor(), name, tile, asked.range_(), point, part, asked.page_only())
    return answer(present.page(found))

"""Numbers that explain themselves, and the records behind them. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, request

from studio import asked, present
from studio.answers import answer, engine, language
from studio.auth import actor

blueprint = Blueprint("metrics", __name__, url_prefix="/api/v1/metrics")


@blueprint.get("")
def listing() -> Response:
    """Every metric over an entity the reader may see."""
    spoken, person = language(), actor()
    metrics = engine().manifest.metrics.values()
    return answer(
        {
            "items": [
                {"name": m.name, "label": m.label.text(spoken) or m.name, "entity": m.entity}
                for m in metrics
                if engine().access(person, m.entity).read is not False
            ]
        }
    )


@blueprint.get("/<name>")
def read(name: str) -> Response:
    """The number, its course, its groups and its definition."""
    return answer(engine().numbers.metric(actor(), name, asked.ask()))


@blueprint.get("/<name>/records")
def records(name: str) -> Response:
    """Exactly the records behind the number, or behind one ``point`` or ``part`` of it."""
    point, part = request.args.get("point", ""), request.args.get("part", "")
    found = engine().numbers.metric_records(actor(), name, asked.ask(), point, part, asked.page_only())
    return answer(present.page(found))

"""Filters of lists people keep under a name. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, request

from engine.errors import Problem, WrongUsage
from studio.answers import answer, body, engine
from studio.auth import actor

blueprint = Blueprint("filters", __name__, url_prefix="/api/v1/filters")


@blueprint.get("")
def listing() -> Response:
    """One's own filters of an ``entity`` and those of one's team."""
    entity = request.args.get("entity", "")
    if not entity:
        raise WrongUsage(Problem("H012", parameters={"name": "entity", "why": "?entity=lead"}))
    return answer({"items": engine().people.filters(actor(), entity)})


@blueprint.post("")
def keep() -> Response:
    """Keep ``search`` (what a list's address filters by) of an ``entity`` under a ``name``; ``shared`` with one's team."""
    sent = body()
    texts = [str(sent.get(name) or "") for name in ("entity", "name", "search")]
    return answer(engine().people.keep_filter(actor(), *texts, shared=sent.get("shared") is True), 201)


@blueprint.delete("/<int:id>")
def drop(id: int) -> Response:
    """Keep one's own filter no longer."""
    engine().people.drop_filter(actor(), id)
    return Response(status=204)

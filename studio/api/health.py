"""Is it alive, is it ready, what does it measure. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response

from studio.answers import answer, engine

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers; the database is not asked."""
    return answer({"status": "ok"})


@blueprint.get("/readyz")
def ready() -> Response:
    """The database answers and a revision runs; a broken folder does not make it unready."""
    state = engine().health.ready()
    return answer(state, 200 if state["ready"] else 503)

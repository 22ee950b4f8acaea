"""The description of the API, for whoever is signed in. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, g

from engine.facts import Actor
from studio.answers import answer, engine, language
from studio.describe.document import describe

blueprint = Blueprint("openapi", __name__)

NOBODY = Actor(login="")


@blueprint.get("/openapi.json")
def read() -> Response:
    """OpenAPI 3.1, cut to what the reader may see; without a session only the public addresses."""
    return answer(describe(current_app, engine(), g.get("actor") or NOBODY, language()))

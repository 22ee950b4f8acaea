"""The site's model for clients: entities, machines, views, forms, menu. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response

from studio import present
from studio.answers import answer, engine, language
from studio.auth import actor

blueprint = Blueprint("model", __name__, url_prefix="/api/v1/model")


@blueprint.get("")
def read() -> Response:
    """Cut to what the reader may see, in the reader's language."""
    return answer(present.model(engine(), actor(), language()))

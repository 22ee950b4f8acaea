"""Records that may be the same thing as what is being typed. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, request

from studio import present
from studio.answers import answer, engine
from studio.auth import actor

blueprint = Blueprint("duplicates", __name__, url_prefix="/api/v1/duplicates")


@blueprint.get("/<entity>")
def seek(entity: str) -> Response:
    """The fields typed so far, as parameters; what comes back has a score and reasons."""
    found = engine().duplicates(actor(), entity, request.args.to_dict())
    return answer({"items": [present.duplicate(each) for each in found]})

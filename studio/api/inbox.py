"""What connections brought: look, mend, replay. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, request

from engine.errors import Problem, WrongUsage
from studio import asked
from studio.answers import answer, body, engine
from studio.auth import actor

blueprint = Blueprint("inbox", __name__, url_prefix="/api/v1")


@blueprint.get("/inbox")
def listing() -> Response:
    """Deliveries in a state (quarantined unless asked otherwise; several with commas), of one ``connection`` if asked for: what
    waits the oldest first, what is over the latest first."""
    states = [each for each in request.args.get("state", "quarantined").split(",") if each]
    limit = min(asked.whole("limit", 100), 500)
    name, cursor = request.args.get("connection") or None, request.args.get("cursor") or ""
    found = engine().channels.deliveries(actor(), states, limit, name=name, after=cursor)
    return answer({"items": found, "next": found[-1]["place"] if len(found) == limit else None})


@blueprint.post("/inbox/<int:id>/replay")
def replay(id: int) -> Response:
    """Work it off once more; ``{"body": "…"}`` mends it first. One that is done stays as it is."""
    mended = body().get("body") if request.content_length else None
    if mended is not None and not isinstance(mended, str):
        raise WrongUsage(Problem("H012", parameters={"name": "body", "why": '"…"'}))
    return answer(engine().channels.replay(actor(), id, mended.encode() if mended is not None else None))

"""What the reader was told. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, request

from engine.errors import Problem, WrongUsage
from studio.answers import answer, body, engine
from studio.auth import actor

blueprint = Blueprint("notifications", __name__, url_prefix="/api/v1/notifications")


@blueprint.get("")
def listing() -> Response:
    """The newest first, with how many are unread."""
    person = actor()
    return answer({"items": engine().people.notifications(person), "unread": engine().people.unread(person)})


@blueprint.post("/read")
def read() -> Response:
    """Mark some (``ids``) or all as read."""
    person = actor()
    sent = body().get("ids")
    engine().people.mark_read(person, [int(one) for one in sent] if isinstance(sent, list) else None)
    return answer({"unread": engine().people.unread(person)})


@blueprint.get("/preview")
def preview() -> Response:
    """Last week's messages under other limits: ``quiet``, ``per_day``, ``group``."""
    unknown = sorted(set(request.args) - {"quiet", "per_day", "group"})
    if unknown:
        raise WrongUsage([Problem("H014", parameters={"name": n, "known": "quiet, per_day, group"}) for n in unknown])
    return answer(engine().people.preview(actor(), **request.args.to_dict()))

"""What the reader was told. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response

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

"""A cheap change counter, so that open pages know when to look again. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response

from studio.answers import answer, engine
from studio.auth import actor

blueprint = Blueprint("changes", __name__, url_prefix="/api/v1/changes")


@blueprint.get("")
def read() -> Response:
    """``n`` grows with every committed change; ``revision`` is what runs."""
    person = actor()
    return answer({"n": engine().changes(), "revision": engine().revision, "unread": engine().people.unread(person)})

"""Boards: the columns of a state machine with their cards. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, request

from studio import asked, present
from studio.answers import answer, engine
from studio.auth import actor

blueprint = Blueprint("boards", __name__, url_prefix="/api/v1/boards")


@blueprint.get("/<view>")
def read(view: str) -> Response:
    """Every column with its first cards, or the next cards of one (``lane`` and ``cursor``)."""
    lane = request.args.get("lane") or None
    lanes = engine().board(actor(), view, asked.look(), lane)
    return answer({"columns": [present.lane(each, cards) for each, cards in lanes]})

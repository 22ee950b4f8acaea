"""Connections and what they brought: look, try, mend, replay. Floor: 7."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from engine.errors import Problem, WrongUsage
from studio import asked
from studio.answers import answer, body, engine, language
from studio.auth import actor

blueprint = Blueprint("inbox", __name__, url_prefix="/api/v1")


@blueprint.get("/connections")
def connections() -> Response:
    """Every connection and public form: its address, how much came, since when it is silent."""
    return answer({"items": engine().channels.listing(actor())})


@blueprint.post("/connections/<name>/try")
def attempt(name: str) -> Response:
    """What would come of the body that is sent; nothing is written. ``kept=1``: it is one item, as the inbox keeps it."""
    kind, kept = request.headers.get("Content-Type", ""), request.args.get("kept") == "1"
    found = engine().channels.trial(actor(), name, request.get_data(), kind, kept=kept)
    return answer({"items": [tried(each, language()) for each in found]})


@blueprint.get("/inbox")
def listing() -> Response:
    """Deliveries in a state (quarantined unless asked otherwise), oldest first."""
    state = request.args.get("state", "quarantined")
    return answer({"items": engine().channels.deliveries(actor(), state, min(asked.whole("limit", 100), 500))})


@blueprint.post("/inbox/<int:id>/replay")
def replay(id: int) -> Response:
    """Work it off once more; ``{"body": "…"}`` mends it first. One that is done stays as it is."""
    mended = body().get("body") if request.content_length else None
    if mended is not None and not isinstance(mended, str):
        raise WrongUsage(Problem("H012", parameters={"name": "body", "why": '"…"'}))
    return answer(engine().channels.replay(actor(), id, mended.encode() if mended is not None else None))


def tried(one: dict[str, Any], language: str) -> dict[str, Any]:
    """One item of a trial as JSON."""
    problems = [problem.json(language) for problem in one.get("problems", ())]
    return {**one, "problems": problems} if problems else one

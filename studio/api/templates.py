"""Templates: their texts, how they look for a record, saving them into the folder. Floor: 7."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from engine.errors import Problem, WrongUsage
from studio.answers import answer, body, engine, language
from studio.auth import actor

blueprint = Blueprint("templates", __name__, url_prefix="/api/v1/templates")

#: Texts one request may change.
MOST = 500


@blueprint.get("")
def listing() -> Response:
    """Every template of the folder."""
    return answer({"items": engine().templates.listed(actor(), language())})


@blueprint.get("/<name>")
def read(name: str) -> Response:
    """The texts of a template, and its versions with their figures."""
    return answer(engine().templates.read(actor(), name, language()))


@blueprint.post("/<name>/look")
def look(name: str) -> Response:
    """How it would look for a record with these edits, and what is wrong with them; nothing is saved or sent."""
    sent = body()
    record = sent.get("record")
    if record is not None and (not isinstance(record, int) or isinstance(record, bool)):
        raise WrongUsage(Problem("H012", parameters={"name": "record", "why": "12"}))
    return answer(engine().templates.look(actor(), name, _edits(sent), record, language()))


@blueprint.patch("/<name>")
def save(name: str) -> Response:
    """Write the edits into the folder; what runs changes when the folder is published."""
    sent = body()
    return answer(engine().templates.save(actor(), name, _edits(sent), str(sent.get("mark") or "")))


def _edits(sent: dict[str, Any]) -> list[dict[str, str]]:
    """``{at, value}`` of each text that is changed. Raises WrongUsage."""
    given = sent.get("edits") or []
    if not isinstance(given, list) or len(given) > MOST:
        raise WrongUsage(Problem("H012", parameters={"name": "edits", "why": "[{at, value}]"}))
    for each in given:
        if not isinstance(each, dict) or not all(isinstance(each.get(key), str) for key in ("at", "value")):
            raise WrongUsage(Problem("H012", parameters={"name": "edits", "why": "[{at, value}]"}))
    return given

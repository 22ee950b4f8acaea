"""Published revisions: list, plan, publish, make current again. Floor: 7."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from engine.api import Choices
from studio import asked
from studio.answers import answer, body, engine, language
from studio.auth import actor

blueprint = Blueprint("revisions", __name__, url_prefix="/api/v1/revisions")


@blueprint.get("")
def listing() -> Response:
    """Every revision: number, who, when, why, whether it runs; and what is wrong with the folder now."""
    spoken = language()
    engine().allow(actor(), "configure")
    problems = [problem.json(spoken) for problem in engine().revisions.folder_problems()]
    return answer({"items": engine().revisions.listed(), "problems": problems})


@blueprint.get("/plan")
def plan() -> Response:
    """What publishing the folder would change, or, with ``to``, going back to that revision."""
    engine().allow(actor(), "configure")
    to = asked.whole("to", 0) if request.args.get("to") else None
    found, spoken = engine().revisions.plan(to), language()
    return answer({**found.json(spoken), "templates": engine().revisions.concerned(found, spoken)})


@blueprint.post("")
def publish() -> Response:
    """Publish the folder."""
    person = actor()
    engine().allow(person, "publish")
    sent = body()
    done = engine().revisions.publish(str(sent.get("note") or ""), _choices(sent), person)
    return answer(done.json(language()), 202 if done.asked is not None else 200 if done.unchanged else 201)


@blueprint.post("/<int:number>/current")
def make_current(number: int) -> Response:
    """Roll back (or forward) to a revision."""
    person = actor()
    engine().allow(person, "publish")
    sent = body()
    done = engine().revisions.rollback(number, str(sent.get("note") or ""), _choices(sent), person)
    return answer(done.json(language()))


def _choices(sent: dict[str, Any]) -> Choices:
    given = sent.get("choices") or {}
    return Choices.read(given)

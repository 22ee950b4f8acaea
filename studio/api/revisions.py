"""Published revisions: list, plan, publish, make current again. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response

from studio.answers import answer, body, engine, language
from studio.auth import actor

blueprint = Blueprint("revisions", __name__, url_prefix="/api/v1/revisions")


@blueprint.get("")
def listing() -> Response:
    """Every revision: number, who, when, why, whether it runs; and what is wrong with the folder now."""
    spoken = language()
    engine().allow(actor(), "configure")
    problems = [problem.json(spoken) for problem in engine().folder_problems()]
    return answer({"items": engine().revisions(), "problems": problems})


@blueprint.get("/plan")
def plan() -> Response:
    """What publishing the folder would change."""
    engine().allow(actor(), "configure")
    return answer(engine().plan().json(language()))


@blueprint.post("")
def publish() -> Response:
    """Publish the folder."""
    person = actor()
    engine().allow(person, "publish")
    sent = body()
    choices = sent.get("choices") or {}
    done = engine().publish(
        actor=person,
        message=str(sent.get("note") or ""),
        timers=choices.get("timers"),
        moves=choices.get("moves") or {},
        allow_lossy=bool(choices.get("allow_lossy")),
    )
    return answer(done.json(language()), 201)


@blueprint.post("/<int:number>/current")
def make_current(number: int) -> Response:
    """Roll back (or forward) to a revision."""
    person = actor()
    engine().allow(person, "publish")
    done = engine().rollback(number, actor=person, message=str(body().get("note") or ""))
    return answer(done.json(language()))

"""Runs of rules: list, read step by step, retry, end. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, request

from engine.errors import Problem, WrongUsage
from studio import asked
from studio.answers import answer, body, engine
from studio.auth import actor

blueprint = Blueprint("runs", __name__, url_prefix="/api/v1/runs")

KNOWN = {"record", "state", "trigger", "limit", "cursor"}


@blueprint.get("")
def listing() -> Response:
    """The latest first: all for those who may audit, those of ``record=lead/12`` for its readers."""
    unknown = sorted(set(request.args) - KNOWN)
    if unknown:
        known = ", ".join(sorted(KNOWN))
        raise WrongUsage([Problem("H014", parameters={"name": name, "known": known}) for name in unknown])
    limit = min(asked.whole("limit", 50), 500)
    before = asked.whole("cursor", 0) if request.args.get("cursor") else None
    found = engine().runs.listed(
        actor(),
        record=_record(request.args.get("record", "")),
        state=request.args.get("state") or None,
        trigger=request.args.get("trigger") or None,
        before=before,
        limit=limit,
    )
    return answer({"items": found, "next": str(found[-1]["id"]) if len(found) == limit else None})


@blueprint.get("/paused")
def paused() -> Response:
    """The rules that were paused for going in a circle, with the chain that was stopped."""
    return answer({"items": engine().runs.paused(actor())})


@blueprint.delete("/paused/<trigger>")
def resume(trigger: str) -> Response:
    """Let a paused rule run again. 404 when it is not paused."""
    engine().runs.resume(actor(), [trigger])
    return Response(status=204)


@blueprint.get("/<int:run>")
def read(run: int) -> Response:
    """One run with its steps and, for those who may audit, the input it stopped with."""
    return answer(engine().runs.read(actor(), run))


@blueprint.post("/<int:run>/retry")
def retry(run: int) -> Response:
    """Let a dead run go on: ``{input?: {…}, current?: bool}``. 409 when there is nothing to retry."""
    sent = body() if request.content_length else {}
    unknown = sorted(set(sent) - {"input", "current"})
    if unknown:
        raise WrongUsage([Problem("H014", parameters={"name": name, "known": "input, current"}) for name in unknown])
    given = sent.get("input")
    if given is not None and not isinstance(given, dict):
        raise WrongUsage(Problem("H012", parameters={"name": "input", "why": "{…}"}))
    engine().runs.retry(actor(), [run], given, current=bool(sent.get("current")))
    return answer(engine().runs.read(actor(), run))


@blueprint.delete("/<int:run>")
def end(run: int) -> Response:
    """End a run that is not over."""
    engine().runs.cancel(actor(), run)
    return Response(status=204)


def _record(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    entity, _, number = text.partition("/")
    if not entity or not number.isdigit():
        raise WrongUsage(Problem("H012", parameters={"name": "record", "why": "lead/12"}))
    return entity, int(number)

"""Records: list, read, create, change, delete, restore. Floor: 7."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, request

from engine.api import Engine, Once
from engine.errors import Moved, Problem, WrongUsage
from engine.facts import Actor
from studio import asked, present
from studio.answers import answer, body, engine, json_of, language, refusal, written
from studio.auth import GUARDED, actor
from studio.front import NOBODY, RAISED, Answer, Environ, body_of, status_line

PREFIX = "/api/v1/records"
blueprint = Blueprint("records", __name__, url_prefix=PREFIX)


def values_of(sent: dict[str, Any]) -> dict[str, Any]:
    """The ``values`` of a body; raises WrongUsage when they are no object or something else is beside them."""
    unknown = sent.keys() - {"values", "form"}
    if unknown:
        known = "values, form"
        raise WrongUsage([Problem("H014", parameters={"name": name, "known": known}) for name in sorted(unknown)])
    values = sent.get("values", {})
    if not isinstance(values, dict):
        raise WrongUsage(Problem("H012", parameters={"name": "values", "why": "{…}"}))
    return values


@blueprint.get("/<entity>")
def listing(entity: str) -> Response:
    """One page of records."""
    view = request.args.get("view") or None
    counted = request.args.get("count") == "1"
    return answer(present.page(engine().list(actor(), entity, asked.look(), view, counted=counted)))


@blueprint.post("/<entity>")
def create(entity: str) -> Response:
    """A new record; the answer says who got it and why, and what it may be a duplicate of."""
    raised = request.environ.get(RAISED)
    if raised is not None:
        raise raised
    sent = body()
    content, status, headers = _made(engine(), actor(), entity, sent, values_of(sent), asked.once(), language())
    return answer(content, status, **headers)


def quickly(app: Flask, environ: Environ, entity: str) -> Answer | None:
    """What a program is told of a record it made; None of what is not as usual, such as a browser's session."""
    token = str(environ.get("HTTP_AUTHORIZATION") or "")
    kind = str(environ.get("CONTENT_TYPE") or "").partition(";")[0]
    named = entity.isascii() and entity.isidentifier()
    if not named or not token.startswith("Bearer ") or environ.get("HTTP_COOKIE") or kind != "application/json":
        return None
    engine, token = app.config["ENGINE"], token[7:].strip()
    person = engine.people.recognise(token, str(environ.get("REMOTE_ADDR") or "")) if token else None
    environ[NOBODY] = person is None
    read = body_of(app, environ) if person is not None and person.user is not None else None
    if person is None or read is None:
        return None
    sent = json_of(read)
    values, key = values_of(sent), str(environ.get("HTTP_IDEMPOTENCY_KEY") or "")
    once = asked.once_of(key, "POST", f"{PREFIX}/{entity}", read) if key else None
    content, status, more = _made(engine, person, entity, sent, values, once, person.language)
    shown = written(content)
    length = ("Content-Length", str(len(shown)))
    return status_line(status), [("Content-Type", "application/json"), length, *more.items(), *GUARDED], shown


def _made(
    engine: Engine,
    person: Actor,
    entity: str,
    sent: dict[str, Any],
    values: dict[str, Any],
    once: Once | None,
    spoken: str,
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """A record made, as (content, status, headers) of the answer."""
    form = sent.get("form")
    done = engine.create(person, entity, values, form=str(form) if form else None, once=once)
    content = present.outcome(done, spoken)
    if not done.record.id:  # somebody has to agree first: asked for, not there yet
        return content, 202, {}
    headers = {"Location": f"{PREFIX}/{entity}/{done.record.id}", "ETag": f'"{done.record.version}"'}
    if done.replayed:
        headers["Idempotency-Replayed"] = "true"
    return content, 201, headers


@blueprint.get("/<entity>/<int:record>")
def read(entity: str, record: int) -> Response:
    """One record; its version is the ETag. One that was merged leads to the record it went into."""
    try:
        seen = engine().get(actor(), entity, record)
    except Moved as moved:  # it went into another record: a reader is led there, a writer is told (410)
        response = refusal(moved)
        response.status_code = 308
        response.headers["Location"] = f"/api/v1/records/{moved.entity}/{moved.record}"
        return response
    tag = f'"{seen.version}"'
    if request.headers.get("If-None-Match") == tag:
        return Response(status=304)
    return answer(present.record(seen), ETag=tag)


@blueprint.patch("/<entity>/<int:record>")
def change(entity: str, record: int) -> Response:
    """The changed record; 412 when somebody changed the same field since the version in If-Match."""
    done = engine().update(actor(), entity, record, values_of(body()), version=asked.version())
    return answer(present.outcome(done, language()), ETag=f'"{done.record.version}"')


@blueprint.delete("/<entity>/<int:record>")
def delete(entity: str, record: int) -> Response:
    """Put it into the trash."""
    engine().delete(actor(), entity, record, version=asked.version())
    return Response(status=204)


@blueprint.post("/<entity>/<int:record>/restore")
def restore(entity: str, record: int) -> Response:
    """Take it out of the trash."""
    return answer(present.outcome(engine().restore(actor(), entity, record), language()))


@blueprint.get("/<entity>/<int:record>/timeline")
def timeline(entity: str, record: int) -> Response:
    """What happened to it, newest first."""
    return answer({"items": engine().timeline(actor(), entity, record)})


@blueprint.get("/<entity>/<int:record>/why")
def why(entity: str, record: int) -> Response:
    """Why this owner, which promises, which rules ran."""
    return answer(engine().why(actor(), entity, record))


@blueprint.get("/<entity>/<int:record>/why-not/<trigger>")
def why_not(entity: str, record: int, trigger: str) -> Response:
    """Why a rule did not run: its event and each of its conditions with the values it looks at."""
    return answer(engine().why_not(actor(), entity, record, trigger))


@blueprint.post("/<entity>/<int:record>/ahead")
def ahead(entity: str, record: int) -> Response:
    """What would happen within ``for`` (``7d``) if nobody acted; ``save`` writes the scenario to that path in custom/."""
    sent = body()
    span, save = str(sent.get("for") or "7d"), sent.get("save")
    if save:
        return answer(engine().slider.save(actor(), entity, record, span, str(save)), 201)
    return answer(engine().slider.look(actor(), entity, record, span))

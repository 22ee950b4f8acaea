"""What leaves the house: JSON, and problem+json (RFC 9457) for what was refused. Floor: 7."""

from __future__ import annotations

import hashlib
import secrets
import sys
import traceback
from typing import Any

import orjson
from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from engine.api import Engine
from engine.errors import FlowloomError, Moved, Problem, Unavailable, WrongUsage

#: HTTP status -> the problem that says it, where Flask refused before the engine was asked.
REFUSALS = {400: "H001", 404: "H004", 405: "H005", 411: "H039", 413: "H013", 415: "H015"}


def engine() -> Engine:
    """The engine this application stands on."""
    found: Engine = current_app.config["ENGINE"]
    return found


def language() -> str:
    """The reader's language: the person's own, else what the browser asks for, else Chinese."""
    actor = g.get("actor")
    if actor is not None and actor.user is not None:
        chosen: str = actor.language
        return chosen
    return "en" if request.accept_languages.best_match(["zh", "zh-CN", "en"]) == "en" else "zh"


def answer(content: Any, status: int = 200, **headers: str) -> Response:
    """JSON with that status; header names use ``_`` for ``-``."""
    response = Response(written(content), status, mimetype="application/json")
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def written(content: Any) -> bytes:
    """An answer's content as JSON."""
    try:
        return orjson.dumps(content)
    except TypeError:
        # Keys that are no text: asked for only now, for with the option every key takes four times as long.
        return orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)


def body() -> dict[str, Any]:
    """The request's JSON object. Raises WrongUsage for anything else: strict, so NaN and double keys do not pass."""
    if not request.is_json:
        raise WrongUsage(Problem("H015"))
    return json_of(request.get_data(cache=True))


def json_of(sent: bytes) -> dict[str, Any]:
    """The JSON object of a body, empty for none. Raises WrongUsage for anything else."""
    try:
        content = orjson.loads(sent or b"{}")
    except orjson.JSONDecodeError as error:
        raise WrongUsage(Problem("H002", parameters={"why": str(error)})) from None
    if not isinstance(content, dict):
        raise WrongUsage(Problem("H003"))
    return content


def fingerprint(method: str, path: str, sent: bytes) -> str:
    """A short mark of a request: the same key with another one is a mistake."""
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode(), sent):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def refusal(error: FlowloomError) -> Response:
    """The problems of an error as problem+json in the reader's language."""
    spoken = language()
    trace = secrets.token_hex(8)
    first = error.problems[0] if error.problems else Problem("H000")
    content = {
        "type": f"/problems/{first.code}",
        "title": first.what(spoken),
        "status": error.status,
        "detail": "\n".join(problem.line(spoken) for problem in error.problems),
        "code": first.code,
        "trace_id": trace,
        "problems": [problem.json(spoken) for problem in error.problems],
    }
    if isinstance(error, Moved):
        content["moved_to"] = {"entity": error.entity, "id": error.record}
    response = answer(content, error.status)
    response.mimetype = "application/problem+json"
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def install(app: Flask) -> None:
    """One handler at the door: what the engine refused, what Flask refused, and what nobody foresaw."""

    @app.errorhandler(FlowloomError)
    def refused(error: FlowloomError) -> Response:
        return refusal(error)

    @app.errorhandler(HTTPException)
    def unserved(error: HTTPException) -> Response:
        status = error.code or 500
        problem = FlowloomError(Problem(REFUSALS.get(status, "H000"), parameters={"path": request.path}))
        problem.status = status
        return refusal(problem)

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> Response:
        problem = FlowloomError(Problem("H000"))
        problem.status = 500
        response = refusal(problem)
        trace = orjson.loads(response.get_data())["trace_id"]
        print(f"trace {trace} {request.method} {request.path!r}", file=sys.stderr)
        traceback.print_exception(error, file=sys.stderr)
        return response

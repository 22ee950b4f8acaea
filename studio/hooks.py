"""What other systems send: POST /hooks/<connection>. Floor: 7."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import LengthRequired

from engine.api import Engine
from engine.errors import FlowloomError, Problem
from engine.plugins.slots import Unauthentic, Unreadable
from studio import limits
from studio.answers import answer, engine, refusal, written
from studio.front import RAISED, Answer, Environ, body_of, status_line

blueprint = Blueprint("hooks", __name__)

#: Requests an address may have refused in a minute before it is not even listened to; verified ones are not counted here.
REFUSED = (60, 60)
#: Verified requests a connection takes in a minute and at once, unless its ``limits`` say ``received``: what one sender, however
#: trusted, may put on our disk.
RECEIVED = (60_000, 40_000)
HEADERS = 64


class TooOften(FlowloomError):
    """Somebody comes too often; Retry-After says when to come again."""

    status = 429

    def __init__(self, problem: Problem, wait: float) -> None:
        super().__init__(problem)
        self.wait = wait


class Counters:
    """How often who was refused, and which connection was sent how much."""

    def __init__(self) -> None:
        self.refused = limits.Limit(*REFUSED)
        self.received = limits.Limit(*RECEIVED)

    def take(self, engine: Engine, connection: str, now: float) -> None:
        """Count one verified request. Raises TooOften."""
        wait = engine.channels.wait(connection)
        if wait is None:
            wait = self.received.wait(connection, now)
        if wait:
            raise TooOften(Problem("H038"), wait)


def install(app: Flask) -> None:
    """The counters of this application."""
    app.config["HOOKS"] = Counters()


def quickly(app: Flask, environ: Environ, connection: str) -> Answer | None:
    """The answer to a delivery that is as it should be; None of another."""
    counters: Counters = app.config["HOOKS"]
    at = limits.peer(environ, behind_proxy=app.config["SECURE_COOKIES"])
    if counters.refused.wait(at, time.monotonic(), take=False):
        return None
    body = body_of(app, environ)
    if body is None:
        return None
    done = deliver(app.config["ENGINE"], counters, connection, body, environ, at)
    if done.reply is not None:
        return _answer(done.reply.status, done.reply.kind, done.reply.body)
    more = [("Idempotency-Replayed", "true")] if done.replayed else []
    return _answer(done.status, "application/json", written(done.content), more)


def _answer(status: int, kind: str, body: bytes, more: Iterable[tuple[str, str]] = ()) -> Answer:
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
        *more,
    ]
    return status_line(status), headers, body


def deliver(
    engine: Engine, counters: Counters, connection: str, body: bytes, environ: Mapping[str, Any], at: str
) -> Any:
    """What a request brings, kept (``engine.site.receiving.Answer``). Raises Unauthentic, Unreadable, TooOften, Unavailable."""
    names = [name for name in environ if name.startswith("HTTP_")][:HEADERS]
    headers = {name[5:].replace("_", "-").lower(): str(environ[name]) for name in names}
    headers["content-type"] = str(environ.get("CONTENT_TYPE") or "")
    query = dict(parse_qsl(str(environ.get("QUERY_STRING") or ""), keep_blank_values=True))
    method = str(environ["REQUEST_METHOD"])
    return engine.channels.receive(
        connection, body, headers, method, query, at, lambda: counters.take(engine, connection, time.monotonic())
    )


@blueprint.route("/hooks/<connection>", methods=["GET", "POST"])
def receive(connection: str) -> Response:
    """200 with what was made of it, 202 when it is kept and looked at later; the same 401 for whatever cannot be verified."""
    at, now = limits.address(), time.monotonic()
    counters: Counters = current_app.config["HOOKS"]
    wait = counters.refused.wait(at, now, take=False)
    if wait:
        return too_often(TooOften(Problem("H038"), wait))
    if request.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        # Nothing is unpacked here: a kilobyte could become a gigabyte.
        return refusal(Unreadable(Problem("H031", parameters={"kind": "Content-Encoding"}), 415))
    if request.method == "POST" and request.content_length is None:
        # A body of no told length could go on for ever.
        raise LengthRequired
    raised = request.environ.get(RAISED)
    try:
        if raised is not None:
            raise raised
        done = deliver(engine(), counters, connection, request.get_data(cache=False), request.environ, at)
    except Unauthentic as error:
        counters.refused.wait(at, now)
        return unverified(error.status)
    except TooOften as error:
        return too_often(error)
    if done.reply is not None:
        return Response(done.reply.body, done.reply.status, content_type=done.reply.kind)
    response = answer(done.content, done.status)
    if done.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def unverified(status: int = 401) -> Response:
    """The one answer to whatever cannot be verified: it tells nobody why."""
    error = FlowloomError(Problem("H037"))
    error.status = status
    return refusal(error)


def too_often(error: TooOften) -> Response:
    """429, with the seconds to wait."""
    response = refusal(error)
    response.headers["Retry-After"] = str(max(1, math.ceil(error.wait)))
    return response

"""What other systems send: POST /hooks/<connection>. Floor: 7."""

from __future__ import annotations

import math
import time

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import LengthRequired

from engine.errors import FlowloomError, Problem
from engine.plugins.slots import Unauthentic, Unreadable
from studio import limits
from studio.answers import answer, engine, refusal

blueprint = Blueprint("hooks", __name__)

#: Requests an address may have refused in a minute before it is not even listened to; verified ones are not counted.
REFUSED = (60, 60)
HEADERS = 64


class TooOften(FlowloomError):
    """Somebody comes too often; Retry-After says when to come again."""

    status = 429


def install(app: Flask) -> None:
    """The counter of this application."""
    app.config["HOOKS_REFUSED"] = limits.Limit(*REFUSED)


@blueprint.route("/hooks/<connection>", methods=["GET", "POST"])
def receive(connection: str) -> Response:
    """200 with what was made of it, 202 when it is kept and looked at later; the same 401 for whatever cannot be verified."""
    at, now = limits.address(), time.monotonic()
    refused: limits.Limit = current_app.config["HOOKS_REFUSED"]
    wait = refused.wait(at, now, take=False)
    if wait:
        return too_often(wait)
    if request.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        # Nothing is unpacked here: a kilobyte could become a gigabyte.
        return refusal(Unreadable(Problem("H031", parameters={"kind": "Content-Encoding"}), 415))
    if request.method == "POST" and request.content_length is None:
        # A body of no told length could go on for ever.
        raise LengthRequired
    body = request.get_data(cache=False)
    headers = {name.lower(): value for name, value in list(request.headers.items())[:HEADERS]}
    try:
        done = engine().channels.receive(connection, body, headers, request.method, request.args.to_dict(), at)
    except Unauthentic as error:
        refused.wait(at, now)
        return unverified(error.status)
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


def too_often(wait: float) -> Response:
    """429, with the seconds to wait."""
    response = refusal(TooOften(Problem("H038")))
    response.headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return response

"""What may happen next to a record, and doing it. Floor: 7."""

from __future__ import annotations

from flask import Blueprint, Response, request

from studio import asked, present
from studio.answers import answer, body, engine, language
from studio.api.records import values_of
from studio.auth import actor

blueprint = Blueprint("transitions", __name__, url_prefix="/api/v1/records/<entity>/<int:record>/transitions")


@blueprint.get("")
def offered(entity: str, record: int) -> Response:
    """Each with what it still misses."""
    return answer({"items": engine().offered(actor(), entity, record)})


@blueprint.post("/<name>")
def carry_out(entity: str, record: int, name: str) -> Response:
    """The record in its new state; 422 with all that is missing, 409 naming who was first."""
    values = values_of(body()) if request.content_length else {}
    done = engine().transition(actor(), entity, record, name, values, version=asked.version(), once=asked.once())
    headers = {"ETag": f'"{done.record.version}"'}
    if done.replayed:
        headers["Idempotency-Replayed"] = "true"
    return answer(present.outcome(done, language()), 200, **headers)

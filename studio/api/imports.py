"""A file of rows into records: look at it, try it, take it in, take it back. Floor: 7."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.exceptions import LengthRequired

from engine.errors import Problem, WrongUsage
from studio import asked
from studio.answers import answer, body, engine
from studio.auth import actor

blueprint = Blueprint("imports", __name__, url_prefix="/api/v1/imports")

#: Items of a page at most.
PAGE = 200
ARRANGED = ("sheet", "heading", "map", "set", "match_on")


@blueprint.get("")
def listing() -> Response:
    """Imports, the latest first: one's own, every one for who may audit; of one ``entity``, ``before`` a number."""
    found = engine().imports.listed(
        actor(),
        entity=request.args.get("entity") or None,
        before=asked.since("before") or None,
        limit=_limit(),
    )
    return answer({"items": found})


@blueprint.post("/<entity>")
def upload(entity: str) -> Response:
    """A multipart ``file``: what was recognised in it and which column may be which field. Nothing is taken in yet."""
    if request.content_length is None:
        raise LengthRequired
    engine().imports.refuse_longer(request.content_length)
    # One more than it says: a server that ends the stream itself takes a body that fills the limit for one that goes on.
    request.max_content_length = request.content_length + 1
    try:
        sent = request.files.get("file")
    except OSError as error:
        raise engine().files.unkept(error) from error
    if sent is None:
        raise WrongUsage(Problem("H012", parameters={"name": "file", "why": "multipart/form-data"}))
    made = engine().imports.take_in(actor(), entity, sent.filename or "sheet", sent.stream)
    return answer(made, 201, Location=f"/api/v1/imports/{made['number']}")


@blueprint.get("/<int:number>")
def read(number: int) -> Response:
    """What was recognised, how it is arranged, and how far it is."""
    return answer(engine().imports.read(actor(), number))


@blueprint.patch("/<int:number>")
def arrange(number: int) -> Response:
    """``map`` (field: column), ``set`` (field: value for every row), ``match_on`` (fields), ``sheet``, ``heading``; what is not
    given stays, what was tried is forgotten."""
    sent = body()
    unknown = sorted(set(sent) - set(ARRANGED))
    if unknown:
        known = ", ".join(ARRANGED)
        raise WrongUsage([Problem("H014", parameters={"name": name, "known": known}) for name in unknown])
    heading = sent.get("heading")
    if heading is not None and (isinstance(heading, bool) or not isinstance(heading, int) or not 1 <= heading <= 100):
        raise WrongUsage(Problem("H012", parameters={"name": "heading", "why": "1 … 100"}))
    match_on = sent.get("match_on")
    if match_on is not None and not isinstance(match_on, list):
        raise WrongUsage(Problem("H012", parameters={"name": "match_on", "why": "[…]"}))
    mapping = _texts(sent, "map")
    return answer(
        engine().imports.arrange(
            actor(),
            number,
            sheet=str(sent["sheet"]) if sent.get("sheet") else None,
            heading=heading,
            mapping=mapping,
            constants=_object(sent, "set"),
            match_on=[str(name) for name in match_on] if match_on is not None else None,
        )
    )


@blueprint.delete("/<int:number>")
def drop(number: int) -> Response:
    """Throw a file away of which nothing was taken in."""
    engine().imports.drop(actor(), number)
    return Response(status=204)


@blueprint.post("/<int:number>/check")
def check(number: int) -> Response:
    """Try every row, in the background; nothing of it stays."""
    return answer(engine().imports.check(actor(), number), 202)


@blueprint.post("/<int:number>/start")
def start(number: int) -> Response:
    """Take the rows in, in the background; one that was stopped goes on. ``again`` for a file that was taken in before."""
    return answer(engine().imports.start(actor(), number, again=body().get("again") is True), 202)


@blueprint.post("/<int:number>/stop")
def stop(number: int) -> Response:
    """End what goes on, behind the rows in hand."""
    return answer(engine().imports.stop(actor(), number))


@blueprint.get("/<int:number>/undo")
def lost(number: int) -> Response:
    """What taking it back would mean, and what cannot be taken back."""
    return answer(engine().imports.lost(actor(), number))


@blueprint.post("/<int:number>/undo")
def undo(number: int) -> Response:
    """Put what it created into the trash, in the background; what was worked on since stays and is listed."""
    return answer(engine().imports.undo(actor(), number), 202)


@blueprint.get("/<int:number>/rows")
def rows(number: int) -> Response:
    """Rows with something wrong or that look like a record that is there, with column and reason; of one ``kind`` or all."""
    kind = request.args.get("kind") or None
    return answer(engine().imports.rows(actor(), number, kind, asked.since("after"), _limit()))


@blueprint.patch("/<int:number>/rows/<int:row>")
def mend(number: int, row: int) -> Response:
    """Write ``cells`` (column: text) of a bad row anew and try it again; after the import it is taken in where it is good."""
    return answer(engine().imports.mend(actor(), number, row, _texts(body(), "cells") or {}))


@blueprint.get("/<int:number>/records")
def records(number: int) -> Response:
    """The records that came of it, by row."""
    return answer(engine().imports.records(actor(), number, asked.since("after"), _limit()))


@blueprint.get("/<int:number>/errors.csv")
def errors(number: int) -> Response:
    """The rows that were not taken: row, reason, and the cells as they were; for Excel, with nothing in it that runs."""
    name, lines = engine().imports.bad_rows(actor(), number)
    response = Response((part.encode() for part in _marked(lines)), mimetype="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = (
        f"attachment; filename=\"import-{number}.csv\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    return response


def _marked(lines: Any) -> Any:
    # Excel takes a CSV for UTF-8 only behind this mark.
    yield "\ufeff"
    yield from lines


def _limit() -> int:
    return min(asked.whole("limit", 50), PAGE)


def _object(sent: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    found = sent.get(name)
    if found is not None and not isinstance(found, dict):
        raise WrongUsage(Problem("H012", parameters={"name": name, "why": "{…}"}))
    return found


def _texts(sent: Mapping[str, Any], name: str) -> dict[str, str] | None:
    found = _object(sent, name)
    return None if found is None else {str(key): str(value) for key, value in found.items() if value is not None}

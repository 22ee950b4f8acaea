"""Connections for those who look after them: how they stand, probe, fetch, upload, try. Floor: 7."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from engine.errors import Problem, WrongUsage
from studio.answers import answer, engine, language
from studio.auth import actor

blueprint = Blueprint("connections", __name__, url_prefix="/api/v1/connections")

#: The largest table taken in by the page; larger ones go by the command line.
MOST = 20 * 1024 * 1024


@blueprint.get("")
def listing() -> Response:
    """Every connection and public form: how it stands and what to do about it, what came today and ever, its address, since when it
    is silent, how fetching goes, which secrets are set, what the reader can do with it."""
    return answer({"items": engine().channels.listing(actor())})


@blueprint.post("/<name>/probe")
def probe(name: str) -> Response:
    """Ask whether the other side answers; ``said`` is empty where there is nothing to ask. 422 with the reason where it does not."""
    return answer({"said": engine().channels.probe(actor(), name)})


@blueprint.post("/<name>/poll")
def poll(name: str) -> Response:
    """Let a worker look now, whatever the schedule says; ``asked`` is false while one does."""
    return answer({"asked": engine().channels.fetching.ask(actor(), name)}, 202)


@blueprint.post("/<name>/upload")
def upload(name: str) -> Response:
    """Take in the rows of a table: how many are ``new``, came before (``known``), and wait for a person (``waiting``)."""
    request.max_content_length = MOST
    sent = request.files.get("file")
    if sent is None:
        raise WrongUsage(Problem("H012", parameters={"name": "file", "why": "multipart/form-data"}))
    return answer(engine().channels.upload(actor(), name, sent.filename or "file", sent.read()))


@blueprint.post("/<name>/try")
def attempt(name: str) -> Response:
    """What would come of the body that is sent, or of the file in ``file``; nothing is written. ``kept=1``: the body is one delivery,
    as the inbox keeps it."""
    kind, kept = request.headers.get("Content-Type", ""), request.args.get("kept") == "1"
    sent = None
    if kind.startswith("multipart/form-data"):
        request.max_content_length = MOST
        sent = request.files.get("file")
    if sent is not None:
        found = engine().channels.trial(actor(), name, sent.read(), sent.mimetype, sent.filename or "file")
    else:
        found = engine().channels.trial(actor(), name, request.get_data(), kind, kept=kept)
    return answer({"items": [tried(each, language()) for each in found]})


def tried(one: dict[str, Any], language: str) -> dict[str, Any]:
    """One of the deliveries of a trial as JSON."""
    problems = [problem.json(language) for problem in one.get("problems", ())]
    return {**one, "problems": problems} if problems else one

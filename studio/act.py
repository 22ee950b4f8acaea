"""Buttons of messages, at /act/<token>: the page asks once more, only its own button acts. Floor: 7.

Fetching a page does nothing: mail servers and chats fetch every address they carry.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template

from engine.errors import FlowloomError, NotFound, Problem
from studio import limits
from studio.answers import engine, language

blueprint = Blueprint("act", __name__)

#: Tokens that are none which an address may try in a minute, and at once.
MISSED = (30, 30)
WORDS: Mapping[str, Mapping[str, str]] = {
    "as": {"zh": "以 {person} 的身份", "en": "As {person}"},
    "done": {"zh": "办好了。", "en": "Done."},
    "open": {"zh": "打开系统", "en": "Open the system"},
}


def install(app: Flask) -> None:
    """The counter of this application."""
    app.config["ACT_MISSED"] = limits.Limit(*MISSED)


@blueprint.get("/act/<token>")
def ask(token: str) -> Response:
    """What the button would do, and for whom; nothing is done."""
    return _answer(token, pressed=False)


@blueprint.post("/act/<token>")
def act(token: str) -> Response:
    """It is done under the rights of the person whose button it is, once."""
    return _answer(token, pressed=True)


def _answer(token: str, *, pressed: bool) -> Response:
    missed: limits.Limit = current_app.config["ACT_MISSED"]
    at, now = limits.address(), time.monotonic()
    if missed.wait(at, now, take=False):
        return _page(FlowloomError(Problem("H038")), 429)
    buttons = engine().channels.buttons
    try:
        shown = buttons.press(token, at) if pressed else buttons.look(token)
    except NotFound as error:
        missed.wait(at, now)
        return _page(error, 404)
    except FlowloomError as error:
        return _page(error, error.status)
    return _page(None, 200, shown=shown, pressed=pressed, spoken=shown.language)


def _page(
    error: FlowloomError | None, status: int, *, shown: Any = None, pressed: bool = False, spoken: str = ""
) -> Response:
    spoken = spoken or language()
    words = {name: each[spoken] for name, each in WORDS.items()}
    problems = [problem.line(spoken).partition(" ")[2] for problem in error.problems] if error is not None else []
    title = shown.label if shown is not None else (error.problems[0].what(spoken) if error is not None else "")
    page = render_template(
        "act.html", language=spoken, title=title, words=words, shown=shown, pressed=pressed, problems=problems
    )
    response = Response(page, status, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response

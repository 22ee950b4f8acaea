"""What was sent to customers, at /t/<token>: documents to look at, links that lead on. Floor: 7.

Fetching a page changes nothing: scanners of mail servers and previews of chats fetch too. Only the page's own script says that a person
has it in front of them, and it says nothing for those who ask not to be tracked. Without script everything works and nothing is recorded.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, current_app, g, render_template, request

from engine.errors import FlowloomError, NotFound, Problem
from studio import limits
from studio.answers import engine
from studio.api.files import parts

blueprint = Blueprint("tracked", __name__)

#: Signs of life an address may give in a minute, and at once; pages it may look for that are not there.
TOLD, MISSED = (60, 60), (30, 30)
#: Programs that fetch addresses, as they call themselves. The readers inside WeChat and WeCom are people's.
ROBOT = re.compile(
    r"bot\b|bot/|crawl|spider|scan|preview|proofpoint|barracuda|mimecast|safelinks|symantec|trendmicro|urlcheck|imageproxy|facebookexternalhit|"
    r"headless|phantom|python-|curl|wget|java/|okhttp|go-http|node-fetch|axios|libwww|httpclient",
    re.I,
)
WORDS: Mapping[str, Mapping[str, str]] = {
    "going": {"zh": "正在前往", "en": "Leading on to"},
    "soon": {"zh": "文件还在准备，请稍后刷新。", "en": "The document is being prepared. Please reload in a moment."},
    "told": {
        "zh": "发件人能看到这一页是否打开过、看了多久、点了哪个链接。",
        "en": "The sender can see whether this page was opened, for how long, and which links were followed.",
    },
    "hush": {"zh": "不要记录我的访问", "en": "Do not record my visits"},
    "quiet": {
        "zh": "好的，不再记录，之前的记录也清掉了。",
        "en": "Done: nothing more is recorded, and what was is forgotten.",
    },
}


def install(app: Flask) -> None:
    """The counters of this application."""
    app.config["TRACKED_TOLD"], app.config["TRACKED_MISSED"] = limits.Limit(*TOLD), limits.Limit(*MISSED)


@blueprint.get("/t/<token>")
def page(token: str) -> Response:
    """The documents of a sending."""
    return _open(token, lambda found: _page(token, found, None, -1))


@blueprint.get("/t/<token>/<int:number>")
def link(token: str, number: int) -> Response:
    """A page that leads on to a link of a sending; to no other address."""

    def lead(found: Any) -> Response:
        if number >= len(found.links):
            raise NotFound(Problem("R210"))
        return _page(token, found, found.links[number], number)

    return _open(token, lead)


@blueprint.get("/t/<token>/file/<int:number>")
def file(token: str, number: int) -> Response:
    """A document of a sending."""
    kept, stream = engine().tracking.file(token, number)
    response = Response(parts(stream), mimetype=kept.type, direct_passthrough=True)
    response.content_length = kept.size
    # Only what cannot run anything is shown in place.
    place = "inline" if kept.type in ("application/pdf", "image/png", "image/jpeg") else "attachment"
    response.headers["Content-Disposition"] = f"{place}; filename*=UTF-8''{quote(kept.name, safe='')}"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.post("/t/<token>/seen")
def seen(token: str) -> Response:
    """204 always: the page's script tells that a person looks (``seconds`` more) or follows a ``link``."""
    told = request.get_json(silent=True)
    if _person() and isinstance(told, dict):
        try:
            if isinstance(told.get("link"), int):
                engine().tracking.clicked(token, told["link"])
            elif isinstance(told.get("seconds"), int | float):
                engine().tracking.seen(token, min(3600.0, max(0.0, float(told["seconds"]))))
        except FlowloomError:
            pass  # whoever guesses learns nothing
    return Response(status=204)


@blueprint.post("/t/<token>/quiet")
def quiet(token: str) -> Response:
    """The recipient does not want to be recorded."""

    def hush(found: Any) -> Response:
        engine().tracking.hush(token)
        return _answer(200, title=found.title, gone=WORDS["quiet"][_language()])

    return _open(token, hush)


def _person() -> bool:
    """Whether this may be a person, and none of our own: no robot by its name, no prefetch, nobody who asks not to be tracked."""
    given = request.headers
    agent = given.get("User-Agent", "")
    fetched = any(
        "prefetch" in given.get(name, "").lower() for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
    )
    silent = given.get("DNT") == "1" or given.get("Sec-GPC") == "1"
    if not agent or ROBOT.search(agent) or fetched or silent or g.get("actor") is not None:
        return False
    told: limits.Limit = current_app.config["TRACKED_TOLD"]
    return not told.wait(limits.address(), time.monotonic())


def _open(token: str, show: Callable[[Any], Response]) -> Response:
    missed: limits.Limit = current_app.config["TRACKED_MISSED"]
    at, now = limits.address(), time.monotonic()
    wait = missed.wait(at, now, take=False)
    if wait:
        response = _answer(429, title="", gone=Problem("H038").what(_language()))
        response.headers["Retry-After"] = str(int(wait) + 1)
        return response
    try:
        return show(engine().tracking.page(token))
    except FlowloomError as error:
        missed.wait(at, now)
        language = _language()
        problem = error.problems[0]
        return _answer(error.status, title=problem.what(language), gone=problem.fix(language))


def _language() -> str:
    asked = request.args.get("lang") or request.accept_languages.best_match(["zh", "zh-CN", "en"]) or "zh"
    return "en" if asked.startswith("en") else "zh"


def _page(token: str, found: Any, target: str | None, number: int) -> Response:
    about = {"files": found.files, "recorded": found.recorded and _asks_nothing(), "target": target, "number": number}
    return _answer(200, title=found.title, token=token, **about)


def _asks_nothing() -> bool:
    return request.headers.get("DNT") != "1" and request.headers.get("Sec-GPC") != "1"


def _answer(status: int, **more: Any) -> Response:
    language, nonce = _language(), secrets.token_urlsafe(16)
    words = {name: text[language] for name, text in WORDS.items()}
    other = "zh" if language == "en" else "en"
    given = {"files": (), "recorded": False, "target": None, "gone": "", "token": "", **more}
    response = Response(
        render_template("tracked.html", language=language, other=other, words=words, nonce=nonce, **given),
        status,
        mimetype="text/html",
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self'; object-src 'self'; "
        "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return response

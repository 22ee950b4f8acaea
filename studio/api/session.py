"""Sign in by a one-time link, out, and the reader's language. Floor: 7."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from engine.errors import Problem, WrongUsage
from studio import auth
from studio.answers import answer, body, engine, language

blueprint = Blueprint("session", __name__, url_prefix="/api/v1/session")


def _session() -> dict[str, Any]:
    person = auth.actor()
    site = engine().manifest.site
    return {
        "user": {
            "id": person.user,
            "login": person.login,
            "name": person.values.get("name") or person.login,
            "roles": list(person.roles),
            "language": person.language,
        },
        "site": {
            "name": site.name,
            "label": site.label.text(language()) or site.name,
            "timezone": site.timezone,
            "currency": site.currency,
        },
        "language": language(),
        "languages": ["zh", "en"],
        "may": sorted(engine().people.may(person)),
    }


@blueprint.get("")
def read() -> Response:
    """Who is signed in, and where."""
    return answer(_session())


@blueprint.post("")
def sign_in() -> Response:
    """A one-time token becomes a session cookie."""
    link = str(body().get("token", "")).strip().rsplit("/", 1)[-1]
    session = engine().people.enter(link, request.remote_addr or "")
    if session is None:
        refused = WrongUsage(Problem("H023"))
        refused.status = 401
        raise refused
    response = answer({"signed_in": True})
    auth.remember(response, session)
    return response


@blueprint.patch("")
def change() -> Response:
    """The reader's own language."""
    chosen = body().get("language")
    if chosen not in ("zh", "en"):
        raise WrongUsage(Problem("H012", parameters={"name": "language", "why": "zh | en"}))
    engine().people.speak(auth.actor(), chosen)
    return answer({"language": chosen})


@blueprint.delete("")
def sign_out() -> Response:
    """The session ends at once, everywhere it was used."""
    engine().people.leave(auth.token())
    response = Response(status=204)
    response.delete_cookie(auth.COOKIE, path="/")
    return response

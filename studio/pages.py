"""The front end's files, and the one-time link. Floor: 7."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Blueprint, Response, current_app, redirect, request, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from studio import auth
from studio.answers import engine, language

blueprint = Blueprint("pages", __name__)

MISSING = {
    "zh": "<!doctype html><meta charset=utf-8><title>Flowloom</title><p>页面还没有构建。请在项目目录运行 <code>make web</code>,然后刷新。",
    "en": "<!doctype html><meta charset=utf-8><title>Flowloom</title><p>The pages are not built yet. Run <code>make web</code> in the project, then reload.",
}


@blueprint.get("/assets/<path:name>")
def assets(name: str) -> Response:
    """A built file; its name carries its hash, so a browser may keep it for ever."""
    folder = current_app.config["STATIC"] / "assets"
    if not _there(folder, name):
        raise NotFound
    response = send_from_directory(folder, name)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@blueprint.get("/in/<link>")
def enter(link: str) -> Response:
    """Turn a one-time link into a session, then show the first page; a used link leads to the sign-in page."""
    session = engine().people.enter(link, request.remote_addr or "")
    if session is None:
        return redirect("/sign-in?link=used")  # type: ignore[return-value]
    response = redirect("/")
    auth.remember(response, session)
    return response  # type: ignore[return-value]


@blueprint.get("/")
@blueprint.get("/<path:path>")
def page(path: str = "") -> Response:
    """The front end; it finds its own way from the address. Unknown addresses of the API are not pages."""
    if path.startswith(("api/", "in/")):
        raise NotFound
    folder = current_app.config["STATIC"]
    if not (folder / "index.html").is_file():
        return Response(MISSING[language()], 503, mimetype="text/html")
    name = path if path and _there(folder, path) else "index.html"
    response = send_from_directory(folder, name)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _there(folder: Path, name: str) -> bool:
    """True for a file inside the folder; what lies outside is not even looked for, so nobody learns what there is."""
    inside = safe_join(str(folder), name)
    return inside is not None and os.path.isfile(inside)

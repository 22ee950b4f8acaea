"""Who is asking: a session cookie or a bearer token becomes an Actor. Floor: 7."""

from __future__ import annotations

from flask import Flask, current_app, g, request

from engine.errors import FlowloomError, Forbidden, Problem
from engine.facts import Actor
from studio.answers import engine
from studio.front import NOBODY

COOKIE = "flowloom_session"

#: Paths that answer without a session; every other one is refused.
PUBLIC = ("/healthz", "/readyz", "/openapi.json", "/api/v1/session", "/assets/", "/in/")

SAFE = ("GET", "HEAD", "OPTIONS")


#: What every answer says to browsers, beside what pages add: of no other type, in no other page, no address told elsewhere.
GUARDED = (("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "same-origin"))


class SignedOut(FlowloomError):
    """Nobody is signed in, or the session has ended."""

    status = 401


def actor() -> Actor:
    """The person asking. Raises SignedOut when there is none."""
    found: Actor | None = g.get("actor")
    if found is None:
        raise SignedOut(Problem("H010"))
    return found


def token() -> str:
    """The session's or the bearer's token; empty where there is none."""
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        return header[7:].strip()
    return request.cookies.get(COOKIE, "")


def install(app: Flask) -> None:
    """Every request passes here first."""

    @app.before_request
    def recognise() -> None:
        found = token()
        known = found and not request.environ.get(NOBODY)
        g.actor = engine().people.recognise(found, request.remote_addr or "") if known else None
        api = request.path.startswith("/api/")
        if g.actor is None and api and not request.path.startswith(PUBLIC):
            raise SignedOut(Problem("H010"))
        if api and request.method not in SAFE and COOKIE in request.cookies and not _same_origin():
            raise Forbidden(Problem("H011"))

    @app.after_request
    def guard(response):  # type: ignore[no-untyped-def]
        framed = "frame-ancestors *" in response.headers.get("Content-Security-Policy", "")
        for name, value in GUARDED:
            # Public forms stand on other sites' pages; they know no session, so there is nothing to trick anybody into.
            if not (framed and name == "X-Frame-Options"):
                response.headers.setdefault(name, value)
        if response.mimetype == "text/html":
            response.headers.setdefault(
                "Content-Security-Policy",
                "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; frame-ancestors 'none'",
            )
        return response


def _same_origin() -> bool:
    """A write with a cookie comes from our own pages: the Origin, where a browser sends one, is this host."""
    if request.headers.get("Authorization"):
        return True
    origin = request.headers.get("Origin")
    return origin is None or origin.split("://", 1)[-1] == request.host


def remember(response, session: str) -> None:  # type: ignore[no-untyped-def]
    """Put the session into the browser."""
    response.set_cookie(
        COOKIE,
        session,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SECURE_COOKIES"],
        max_age=30 * 24 * 3600,
        path="/",
    )

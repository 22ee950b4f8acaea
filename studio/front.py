"""The short way in for what comes often and is as it should be, past the work a page needs. Floor: 7.

In a burst that work is most of what a request costs over its turn. Whatever is not as it should be goes on to the view below,
which says why: a short way answers only what its view would have answered.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask

Environ = dict[str, Any]
#: (status with its words, headers, body).
Answer = tuple[str, list[tuple[str, str]], bytes]
#: From the application, what was asked and the last part of its path to an answer; None where the view is to be asked. What it
#: raises is left to the view as well.
Way = Callable[[Flask, Environ, str], Answer | None]
#: Where a short way leaves what was raised, for the view to say it instead of beginning again.
RAISED = "flowloom.raised"
#: Where it leaves that nobody is behind the token, which is not looked up twice.
NOBODY = "flowloom.nobody"


class Front:
    """A WSGI application around another; ``ways`` are the short ways of POST by the path before its last part."""

    def __init__(self, app: Flask, beyond: Callable[..., Iterable[bytes]], ways: Mapping[str, Way]) -> None:
        self._app, self._beyond, self._ways = app, beyond, ways

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The answer of a short way, else of what lies beyond."""
        if environ.get("REQUEST_METHOD") == "POST":
            before, _, last = str(environ.get("PATH_INFO") or "").rpartition("/")
            way = self._ways.get(before)
            done = self._tried(way, environ, last) if way is not None else None
            if done is not None:
                status, headers, body = done
                start_response(status, headers)
                return [body]
        return self._beyond(environ, start_response)

    def _tried(self, way: Way, environ: Environ, last: str) -> Answer | None:
        try:
            return way(self._app, environ, last)
        except Exception as error:  # the view says it, and what nobody foresaw goes where such things go
            environ[RAISED] = error
            return None


def body_of(app: Flask, environ: Environ) -> bytes | None:
    """The body, which can be read again; None of one that does not come whole and as it is, or is too long."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    usual = length.isascii() and length.isdigit() and int(length) <= app.config["MAX_CONTENT_LENGTH"]
    if not usual or environ.get("HTTP_CONTENT_ENCODING") or environ.get("HTTP_TRANSFER_ENCODING"):
        return None
    size = int(length)
    body: bytes = environ["wsgi.input"].read(size) if size else b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body if len(body) == size else None


def status_line(status: int) -> str:
    """A status with its words."""
    return f"{status} {HTTPStatus(status).phrase}"

"""How long and how many at once senders may keep the server waiting for their bodies. Floor: 7.

A worker thread that waits for a body does nothing else. So a body is read before the work on it begins, by threads there are
plenty of; an address may have so many under way at once; and a connection whose body does not come in its time is shut.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import Flask

from engine.errors import FlowloomError, Problem, WrongUsage
from studio.answers import refusal
from studio.hooks import TooOften, too_often
from studio.limits import peer

#: Bodies an address may have under way at once, and the seconds the next one waits for one of them to end.
AT_ONCE, SOON = 20, 0.25
#: Seconds a body may take, and the bytes for which there is a second more.
BODY, MORE = 30.0, 64 * 1024
#: Where ``struct tcp_info`` of Linux keeps the milliseconds since something was last sent and received, and how many segments with
#: content came and went.
SENT, RECEIVED, CAME, WENT, LENGTH = 44, 52, 152, 156, 160


class Patience:
    """A WSGI application around another: ``working`` requests are worked on at once, and bodies come by the rules above. ``port`` is
    where the server listens."""

    def __init__(self, app: Flask, port: int, working: int) -> None:
        self._app, self._port = app, port
        self._working = threading.Semaphore(working)
        self._changed = threading.Condition(threading.Lock())
        self._coming: dict[str, int] = {}
        self._waits = 0
        self._until: dict[int, tuple[str, float]] = {}
        self._whole = int(app.config.get("MAX_CONTENT_LENGTH") or 1024 * 1024)
        threading.Thread(target=self._watch, name="patience", daemon=True).start()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The application's answer, or 429 where an address has too many bodies under way."""
        length = str(environ.get("CONTENT_LENGTH") or "")
        size = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0
        if not size:
            return self._work(environ, start_response)
        at = peer(environ, behind_proxy=bool(self._app.config.get("SECURE_COOKIES")))
        with self._turn(at, str(environ.get("REMOTE_ADDR") or ""), size) as comes:
            if not comes:
                return self._refuse(TooOften(Problem("H038"), 1.0), environ, start_response)
            if size > self._whole:
                # A file: read as it is kept, so that it never lies in memory; what is too large is not read at all.
                return self._app(environ, start_response)
            body = environ["wsgi.input"].read(size)
        if len(body) != size:
            return self._refuse(WrongUsage(Problem("H001")), environ, start_response)
        environ["wsgi.input"] = io.BytesIO(body)
        return self._work(environ, start_response)

    def _refuse(
        self, error: FlowloomError, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        with self._app.request_context(environ):
            response = too_often(error) if isinstance(error, TooOften) else refusal(error)
            response.headers["Connection"] = "close"
            return response(environ, start_response)

    def _work(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._working:
            return self._app(environ, start_response)

    @contextmanager
    def _turn(self, at: str, address: str, size: int) -> Iterator[bool]:
        """True while a body of an address comes; False where others of it take all its places."""
        me = threading.get_ident()
        with self._changed:
            if self._coming.get(at, 0) >= AT_ONCE:
                self._waits += 1
                self._changed.wait_for(lambda: self._coming.get(at, 0) < AT_ONCE, SOON)
                self._waits -= 1
            comes = self._coming.get(at, 0) < AT_ONCE
            if comes:
                self._coming[at] = self._coming.get(at, 0) + 1
                self._until[me] = (address, time.monotonic() + BODY + size / MORE)
        try:
            yield comes
        finally:
            if comes:
                with self._changed:
                    del self._until[me]
                    left = self._coming.pop(at) - 1
                    if left:
                        self._coming[at] = left
                    if self._waits:
                        self._changed.notify_all()

    def _watch(self) -> None:
        """Once a second: shut what is over its time."""
        while True:
            time.sleep(1)
            now = time.monotonic()
            with self._changed:
                over = [address for address, until in self._until.values() if now > until]
            for address in set(over):
                shut(self._port, address, over.count(address))


def shut(port: int, address: str, count: int) -> int:
    """Shut the connections of an address to ``port`` that were answered nothing for longer than a body may take, if there are exactly
    so many: the server's own thread cannot be told to stop reading, and a connection that waits for an answer is not to be mistaken
    for one that sends nothing. How many were shut."""
    found: list[socket.socket] = []
    try:
        for number in [int(name) for name in os.listdir("/proc/self/fd")]:
            # The listing's own file is closed by now, and a twin may have its number.
            if number in {each.fileno() for each in found}:
                continue
            twin = _socket(number)
            if twin is None:
                continue
            with suppress(OSError):
                here, there = twin.getsockname(), twin.getpeername()
                if here[1] == port and there[0] == address and _unanswered(twin) > BODY:
                    found.append(twin)
                    continue
            twin.close()
        if len(found) == count:
            for twin in found:
                twin.shutdown(socket.SHUT_RDWR)
            return count
        return 0
    except OSError:
        return 0
    finally:
        for twin in found:
            twin.close()


def _socket(number: int) -> socket.socket | None:
    """A twin of an open TCP socket; None for another kind of file."""
    try:
        twin = os.dup(number)
    except OSError:
        return None
    try:
        made = socket.socket(fileno=twin)
    except OSError:
        os.close(twin)
        return None
    if made.family not in (socket.AF_INET, socket.AF_INET6) or made.type != socket.SOCK_STREAM:
        made.close()
        return None
    return made


def _unanswered(twin: socket.socket) -> float:
    """Seconds for which something that came has had no answer; 0 where nothing came since the last one."""
    told = twin.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LENGTH)
    sent, received, came, went = (int(struct.unpack_from("=I", told, at)[0]) for at in (SENT, RECEIVED, CAME, WENT))
    owes = received < sent or not went
    return sent / 1000 if came and owes else 0.0

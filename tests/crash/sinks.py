"""The outside: an HTTP and a mail server that write down every key they get, and misbehave on purpose.

``drop``: the connection breaks before anything was taken. ``deaf``: it was taken, the answer is lost. ``lie``: it was taken,
the answer says that it was not. ``slow``: it was taken, the answer takes a while.
"""

from __future__ import annotations

import http.server
import json
import random
import socketserver
import threading
import time
from collections import Counter, defaultdict
from email import message_from_bytes
from typing import Any

FAULTS = ("drop", "deaf", "lie", "slow")


class Book:
    """What arrived: subject -> key -> how often. ``rate`` of what comes meets a fault."""

    def __init__(self, rate: float, seed: int) -> None:
        self.got: dict[str, Counter[str]] = defaultdict(Counter)
        self.faults: Counter[str] = Counter()
        self.rate = rate
        self._chance = random.Random(seed)
        self._lock = threading.Lock()

    def take(self, subject: str, key: str) -> str:
        """Write it down; the fault that is to be played, or nothing."""
        with self._lock:
            fault = self._chance.choice(FAULTS) if self._chance.random() < self.rate else ""
            if fault:
                self.faults[fault] += 1
            if fault != "drop":
                self.got[subject][key] += 1
        if fault == "slow":
            time.sleep(0.2)
        return fault

    @property
    def arrived(self) -> int:
        """Effects, without repeats."""
        return sum(len(keys) for keys in self.got.values())

    @property
    def repeats(self) -> int:
        """Sends that brought nothing new."""
        return sum(count - 1 for keys in self.got.values() for count in keys.values())


class _Web(http.server.BaseHTTPRequestHandler):
    server: Web

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = self.server.book.take(body["lead"], self.headers["Idempotency-Key"])
        if fault in ("drop", "deaf"):
            self.connection.close()
            return
        answer = json.dumps({"errcode": 1 if fault == "lie" else 0}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Nothing: what it got stands in the book."""


class Web(http.server.ThreadingHTTPServer):
    """Another company's interface, which answers ``{errcode: 0}`` when it took something."""

    daemon_threads = True

    def __init__(self, book: Book) -> None:
        self.book = book
        super().__init__(("127.0.0.1", 0), _Web)

    def handle_error(self, *_: Any) -> None:
        """Nothing: the other side is killed all the time."""


class _Mail(socketserver.StreamRequestHandler):
    server: Mail

    def handle(self) -> None:
        self._say("220 sink")
        for line in self.rfile:
            match line[:4].upper().strip():
                case b"EHLO" | b"HELO" | b"MAIL" | b"RCPT" | b"RSET" | b"NOOP":
                    self._say("250 ok")
                case b"DATA":
                    self._say("354 go on")
                    if not self._letter():
                        return
                case _:
                    self._say("221 bye")
                    return

    def _letter(self) -> bool:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line)
        else:
            return False
        letter = message_from_bytes(b"".join(lines))
        fault = self.server.book.take(letter["Subject"], letter["Message-ID"])
        if fault in ("drop", "deaf"):
            return False
        self._say("451 try again later" if fault == "lie" else "250 taken")
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class Mail(socketserver.ThreadingTCPServer):
    """A mail server that keeps the keys of letters."""

    daemon_threads = True

    def __init__(self, book: Book) -> None:
        self.book = book
        super().__init__(("127.0.0.1", 0), _Mail)

    def handle_error(self, *_: Any) -> None:
        """Nothing: the other side is killed all the time."""


class Outside:
    """Both, at work until ``close``."""

    def __init__(self, rate: float = 0.05, seed: int = 1) -> None:
        self.books = {"web": Book(rate, seed), "mail": Book(rate, seed + 1)}
        self._servers: list[socketserver.BaseServer] = [Web(self.books["web"]), Mail(self.books["mail"])]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def ports(self) -> dict[str, int]:
        """Where they listen."""
        return {name: server.server_address[1] for name, server in zip(self.books, self._servers, strict=True)}  # type: ignore[misc,index]

    def close(self) -> None:
        """Listen no more."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def report(self) -> str:
        """One line of figures."""
        return ", ".join(
            f"{name}: {book.arrived} effects, {book.repeats} repeats, faults {dict(book.faults)}"
            for name, book in self.books.items()
        )

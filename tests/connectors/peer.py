"""A local peer that speaks a vendor's protocol: it writes down what it was asked and answers as it is told."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

OWN = {"networks": ["127.0.0.0/8"]}


@dataclass
class Asked:
    """One request as it came; ``json`` is its body read as JSON, None for another one."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    json: Any = None


@dataclass
class Said:
    """An answer; ``content`` goes as JSON unless it is bytes."""

    content: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Peer(http.server.ThreadingHTTPServer):
    """Answers by ``answer(asked)``; ``asked`` holds everything in order; what lies in ``faults`` is said first."""

    daemon_threads = True

    def __init__(self, answer: Callable[[Asked], Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.answer = answer
        self.asked: list[Asked] = []
        self.faults: list[Said] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [one.path for one in self.asked]


class _Door(http.server.BaseHTTPRequestHandler):
    server: Peer

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)
        try:
            asked.json = json.loads(body)
        except ValueError:
            asked.json = None
        self.server.asked.append(asked)
        said = self.server.faults.pop(0) if self.server.faults else self.server.answer(asked)
        said = said if isinstance(said, Said) else Said(said)
        sent = said.content if isinstance(said.content, bytes) else json.dumps(said.content).encode()
        self.send_response(said.status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(sent)),
            **said.headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_PUT = do_DELETE = do_PATCH = do_POST

    def log_message(self, *_: Any) -> None:
        """Nothing: tests are quiet."""


@contextmanager
def listening(answer: Callable[[Asked], Any]) -> Iterator[Peer]:
    """A peer until the block ends."""
    made = Peer(answer)
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()

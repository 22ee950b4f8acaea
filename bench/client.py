"""A client with eight open connections that sends the next request as soon as the last is answered."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import orjson

CONNECTIONS = 8


@dataclass
class Load:
    """What came of a run: answers by status, seconds each took, and how long it all took."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Records made a second."""
        return self.statuses.get(201, 0) / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the answers did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


class Connection:
    """One kept-open HTTP/1.1 connection, as thin as can be so that the server is what is measured."""

    def __init__(self, port: int, token: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"

    def post(self, path: str, content: object) -> tuple[int, bytes]:
        """(status, body) of a JSON request."""
        body = orjson.dumps(content)
        head = f"POST {path} {self.head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.socket.sendall(head.encode() + body)
        return self._answer()

    def get(self, path: str) -> tuple[int, bytes]:
        """(status, body)."""
        self.socket.sendall(f"GET {path} {self.head}\r\n".encode())
        return self._answer()

    def _answer(self) -> tuple[int, bytes]:
        read = b""
        while b"\r\n\r\n" not in read:
            part = self.socket.recv(65536)
            if not part:
                raise ConnectionError("closed in the middle of an answer")
            read += part
        head, _, body = read.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":", 1)[1])
        while len(body) < length:
            body += self.socket.recv(65536)
        return int(head.split(b" ", 2)[1]), body


def load(port: int, token: str, leads: Callable[[int], Iterator[dict[str, object]]], seconds: float) -> Load:
    """Post leads over eight connections for so long; ``leads(n)`` are those of the n-th."""
    found, lock, until = Load(), threading.Lock(), time.perf_counter() + seconds

    def work(number: int) -> None:
        connection, statuses, latencies = Connection(port, token), {}, []
        for values in leads(number):
            started = time.perf_counter()
            if started >= until:
                break
            status, _ = connection.post("/api/v1/records/lead", {"values": values})
            statuses[status] = statuses.get(status, 0) + 1
            latencies.append(time.perf_counter() - started)
        with lock:
            found.latencies += latencies
            for status, count in statuses.items():
                found.statuses[status] = found.statuses.get(status, 0) + count

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.seconds = time.perf_counter() - started
    return found

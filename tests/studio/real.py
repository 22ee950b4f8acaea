"""The product behind a real HTTP server in a process of its own, with the hooks and the form of ``channel_site``."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.clock import UTC, VirtualClock
from engine.plugins.registry import Registry
from tests.company import found
from tests.studio.channel_site import DOCUMENTS, OLD, PLAIN, SECRET, lead

ROOT = Path(__file__).resolve().parents[2]
#: Serves as `flowloom serve` does; its patience is short enough for a test.
DRIVER = """
import sys
sys.path.insert(0, {root!r})
import studio.patience, studio.serve
studio.patience.BODY = {body}
studio.serve.HEADERS = {headers}
from engine.api import Engine
from studio.app import create_app
with Engine.open({folder!r}) as engine:
    studio.serve.serve(create_app(engine), "127.0.0.1", {port})
"""
#: Seconds a body may take in these tests, and the headers of a request.
BODY, HEADERS = 3.0, 2.0


@dataclass
class Real:
    """A server on ``port``; sockets opened by ``open`` end with it."""

    process: subprocess.Popen[bytes]
    port: int
    token: dict[str, str]
    sockets: list[socket.socket] = field(default_factory=list)

    def open(self, begin: bytes = b"") -> socket.socket:
        """A connection on which these bytes were sent."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        made.sendall(begin)
        self.sockets.append(made)
        return made

    def ask(self, head: str, body: bytes = b"", *, done: bool = False) -> tuple[int, bytes]:
        """Status and body of the answer to one request written by hand; ``done``: nothing more will be sent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as made:
            made.sendall(head.replace("\n", "\r\n").encode() + b"Host: x\r\nConnection: close\r\n\r\n" + body)
            if done:
                made.shutdown(socket.SHUT_WR)
            return answered(made)

    def memory(self) -> float:
        """Megabytes the process holds."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024


def answered(made: socket.socket) -> tuple[int, bytes]:
    """Status and body of what comes on a connection; 0 when it ends without an answer."""
    content = b""
    try:
        while part := made.recv(65536):
            content += part
    except ConnectionResetError:
        pass
    head, _, body = content.partition(b"\r\n\r\n")
    return (int(head.split()[1]), body) if head.startswith(b"HTTP/") else (0, b"")


@contextmanager
def serving(folder: Path, registry: Registry) -> Iterator[Real]:
    """A company served until the block ends."""
    os.environ.update(WEBSITE_HOOK=SECRET, WEBSITE_HOOK_OLD=OLD, PARTNER_HOOK=PLAIN)
    company = found(folder, VirtualClock(dt.datetime.now(UTC)), registry)
    for name, text in DOCUMENTS.items():
        path = company.folder / "custom" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    company.engine.revisions.publish("channels")
    token = company.token("li")
    company.engine.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    driver = DRIVER.format(root=str(ROOT), folder=str(folder), port=port, body=BODY, headers=int(HEADERS * 1000))
    process = subprocess.Popen([sys.executable, "-c", driver])
    real = Real(process, port, token)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until and process.poll() is None:
            try:
                if real.ask("GET /healthz HTTP/1.1\n")[0] == 200:
                    break
            except OSError:
                time.sleep(0.05)
        yield real
    finally:
        for each in real.sockets:
            each.close()
        process.terminate()
        process.wait(10)


def delivery(number: int, body: bytes | None = None) -> tuple[str, bytes]:
    """Head and body of a delivery signed by Standard Webhooks, now."""
    sent = lead(f"公司{number}", f"138{number:08}") if body is None else body
    stamp, id = str(int(time.time())), f"real_{number}"
    mark = hmac.digest(base64.b64decode(SECRET[6:]), f"{id}.{stamp}.".encode() + sent, "sha256")
    head: Any = (
        "POST /hooks/website HTTP/1.1\nContent-Type: application/json\n"
        f"webhook-id: {id}\nwebhook-timestamp: {stamp}\nwebhook-signature: v1,{base64.b64encode(mark).decode()}\n"
    )
    return head, sent

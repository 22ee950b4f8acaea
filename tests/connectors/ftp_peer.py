"""An FTP server on this machine whose folder the tests fill, and which can be told to misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pyftpdlib = pytest.importorskip(
    "pyftpdlib", reason="the FTP server of these tests is pyftpdlib (pip install flowloom[test])"
)

from pyftpdlib.authorizers import DummyAuthorizer  # noqa: E402
from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_FTPHandler  # noqa: E402
from pyftpdlib.servers import FTPServer  # noqa: E402


class Peer:
    """``folder`` is what it serves, ``asked`` the commands it got; ``cut`` ends a download after so many bytes, once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder, list[str]()
        self.cut: int | None = None
        self.port = 0

    def settings(self, **more: Any) -> dict[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.port, "user": "crm", "password": "口令", "security": "none", "settle": 0.05,
            "networks": ["127.0.0.1/32"], "timeout": 5, **more,
        }  # fmt: skip

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def downloads(self) -> int:
        return sum(1 for one in self.asked if one.startswith("RETR"))


@contextmanager
def ftp_server(
    folder: Path,
    certificate: Path | None = None,
    without: tuple[str, ...] = (),
    encoding: str = "utf-8",
    port: int = 0,
    may: str = "elr",
) -> Iterator[Peer]:
    """A running server. ``without``: commands it does not know; ``certificate``: it speaks TLS; ``may``: what the user is allowed
    (pyftpdlib's letters)."""
    folder.mkdir(exist_ok=True)
    peer = Peer(folder)
    authorizer = DummyAuthorizer()
    authorizer.add_user("crm", "口令", str(folder), perm=may)

    class Download(DTPHandler):  # type: ignore[misc]
        def push(self, *given: Any) -> None:
            super().push(*given)

        def send(self, data: bytes) -> int:
            if peer.cut is not None:
                data, peer.cut = data[: peer.cut], None
                sent: int = super().send(data)
                self.close()
                return sent
            return int(super().send(data))

    kind = TLS_FTPHandler if certificate is not None else FTPHandler

    class Session(kind):  # type: ignore[misc, valid-type]
        def pre_process_command(self, line: str, command: str, argument: str) -> None:
            peer.asked.append(line)
            super().pre_process_command(line, command, argument)

    Session.authorizer, Session.encoding, Session.use_sendfile = authorizer, encoding, False
    Session.proto_cmds = {name: about for name, about in kind.proto_cmds.items() if name not in without}
    if certificate is not None:
        Session.certfile, Session.tls_control_required, Session.tls_data_required = str(certificate), True, True
    else:
        Session.dtp_handler = Download
    server = FTPServer(("127.0.0.1", port), Session)
    peer.port = server.address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"timeout": 0.05, "handle_exit": False}, daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        server.close_all()
        thread.join(5)

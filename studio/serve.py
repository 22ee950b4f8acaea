"""The HTTP server: granian, one process, threads. Floor: 7."""

from __future__ import annotations

import gc
import logging
import socket
from typing import Any

from flask import Flask

from engine.errors import FlowloomError, Problem, Unavailable

#: Requests worked on at once, and how many more may wait at the door.
THREADS = 16
WAITING = 256


def port_is_free(host: str, port: int) -> bool:
    """True when nothing listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def serve(app: Flask, host: str, port: int, *, threads: int = THREADS) -> None:
    """Answer requests until interrupted. Raises FlowloomError when the port is taken."""
    if not port_is_free(host, port):
        taken = FlowloomError(Problem("C008", parameters={"port": port, "other": port + 1}))
        taken.exit_code = Unavailable.exit_code
        raise taken
    from granian.constants import Interfaces
    from granian.server import MTServer

    class OneProcess(MTServer):
        """Threads in this process: one engine, one SQLite writer, half the memory of a worker process.

        granian keeps this server for builds without the interpreter lock and warns; with the lock it works the same,
        for a WSGI call holds it anyway.
        """

        def _check_gil(self) -> None:
            return None

    logging.getLogger("_granian").setLevel(logging.ERROR)
    server = OneProcess(
        "studio.app:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        backpressure=WAITING,
        websockets=False,
        log_enabled=False,
    )
    # What the site is made of lives as long as the process: the collector need not walk it again and again. A request makes
    # some thousand short-lived objects, which the default threshold would search seven times.
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    server.serve(target_loader=_loader(app), wrap_loader=False)


def _loader(app: Flask) -> Any:
    def load(*_ignored: Any, **_also: Any) -> Flask:
        return app

    return load

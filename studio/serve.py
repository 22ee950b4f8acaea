"""The HTTP server: granian, one process, threads. Floor: 7."""

from __future__ import annotations

import contextlib
import logging
import resource
import socket
from typing import Any

from flask import Flask

from engine import collector
from engine.errors import FlowloomError, Problem, Unavailable
from studio.patience import Patience

#: Requests worked on at once; threads there may be beside those, for bodies that are still coming.
THREADS, COMING = 16, 112
#: Connections at once, and the milliseconds one may take until all headers of a request are there: who opens many and says
#: nothing keeps nobody out for longer. Bytes kept of what a connection has sent and nobody has read.
CONNECTIONS, HEADERS, KEPT = 1024, 10_000, 64 * 1024


def port_is_free(host: str, port: int) -> bool:
    """True when nothing listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def need_port(host: str, port: int) -> None:
    """Nothing when the port is free; else raises FlowloomError (C008, exit code 3) that names another."""
    if not port_is_free(host, port):
        taken = FlowloomError(Problem("C008", parameters={"port": port, "other": min(port + 1, 65535)}))
        taken.exit_code = Unavailable.exit_code
        raise taken


def serve(app: Flask, host: str, port: int, *, threads: int = THREADS) -> None:
    """Answer requests until interrupted. Raises FlowloomError when the port is taken."""
    need_port(host, port)
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
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
        http=HTTPModes.http1,
        workers=1,
        blocking_threads=threads + COMING,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS, max_buffer_size=KEPT),
        websockets=False,
        log_enabled=False,
    )
    collector.settle()
    _room_for_connections()
    server.serve(target_loader=_loader(Patience(app, port, threads)), wrap_loader=False)


def _room_for_connections() -> None:
    """Each connection is an open file, of which a process may by habit have no more than a thousand."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(
                resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
            )


def _loader(app: Patience) -> Any:
    def load(*_ignored: Any, **_also: Any) -> Patience:
        return app

    return load

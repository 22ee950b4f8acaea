"""What the store costs: turns a second, import, audit, table changes. Run: python -m bench.store [records].

Everything is compared with raw sqlite3 in the same run, by turns, because only ratios mean something on a shared machine.
"""

from __future__ import annotations

import datetime as dt
import queue
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.clock import UTC, SystemClock
from engine.facts import SYSTEM
from engine.model.entity import Entity, Field
from engine.model.manifest import Manifest
from engine.model.site import Site
from engine.plugins.registry import Registry
from engine.store import audit, history, migrate, tables
from engine.store.connection import Connection
from engine.store.database import Database
from engine.store.records import Records

THREADS = 8
SECONDS = 2.0
NOW = dt.datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
FIELDS = [
    ("company", "text"), ("contact", "text"), ("phone", "phone"), ("source", "text"), ("owner", "user"), ("stage", "state"),
    ("heat", "number"), ("visits", "integer"), ("budget", "money"), ("called_at", "datetime"), ("region", "text"),
    ("note", "long_text"),
]  # fmt: skip
LEAD = {
    "company": "锐视光学仪器有限公司", "contact": "李雷", "phone": "+8613800138000", "source": "douyin", "stage": "new",
    "heat": 12.5, "visits": 3, "region": "广东", "note": "展会上聊过,想看样机",
}  # fmt: skip
RAW = "INSERT INTO lead (company, contact, phone, source, stage, heat, visits, region, note, at) VALUES (?,?,?,?,?,?,?,?,?,?)"


def _manifest(*fields: tuple[str, str], **more: Any) -> Manifest:
    def entity(name: str, *pairs: tuple[str, str]) -> Entity:
        return Entity(
            name=name, fields={n: Field(name=n, type=t, search=n in more.get("search", ())) for n, t in pairs}
        )

    return Manifest(
        site=Site(name="bench"), entities={"user": entity("user", ("name", "text")), "lead": entity("lead", *fields)}
    )


def _types() -> Any:
    return Registry.discover(["engine.plugins.field_types"], entry_points=False).plugins["field_type"]


@contextmanager
def _site(folder: str, name: str, search: tuple[str, ...] = ()) -> Iterator[tuple[Database, Records, tables.Schema]]:
    schema = tables.build(_manifest(*FIELDS, search=search), _types())
    database = Database.open(f"sqlite:///{folder}/{name}.db", SystemClock())
    database.write(schema.create)
    yield database, Records(schema), schema
    database.close()


def _in_threads(work: Callable[[], Any], seconds: float = SECONDS) -> float:
    """Calls a second by eight threads."""
    counts, stop = [0] * THREADS, threading.Event()

    def loop(number: int) -> None:
        while not stop.is_set():
            work()
            counts[number] += 1

    threads = [threading.Thread(target=loop, args=(n,)) for n in range(THREADS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def turn(records: Records) -> Callable[[Connection], Any]:
    """One lead with its history and audit: what every turn writes at least."""

    def work(connection: Connection) -> Any:
        record = records.insert(connection, "lead", LEAD, NOW, None)
        history.enter(connection, "lead", record.id, "stage", "new", NOW)
        audit.write(connection, NOW, SYSTEM, "create", entity="lead", record=record.id, after=LEAD)
        return record

    return work


class _WriterThread:
    """The other way to share a commit: one thread that writes, everybody else waits for it."""

    def __init__(self, database: Database) -> None:
        self.engine: Any = database._engine
        self.queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def write(self, work: Any) -> Any:
        done = threading.Lock()
        done.acquire()
        box: list[Any] = []
        self.queue.put((work, done, box))
        done.acquire()
        return box[0]

    def _run(self) -> None:
        while (first := self.queue.get()) is not None:
            group = [first]

            def turns(connection: Connection, group: list[Any] = group) -> None:
                for number in range(64):
                    work, _, box = group[number]
                    with connection.savepoint():
                        box.append(work(connection))
                    if self.queue.empty():
                        return
                    group.append(self.queue.get())

            self.engine.write(turns)
            for _, done, _ in group:
                done.release()


def turns_a_second(folder: str) -> None:
    raw_path = f"{folder}/raw.db"
    with sqlite3.connect(raw_path) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute(
            "CREATE TABLE lead (id INTEGER PRIMARY KEY, company, contact, phone, source, stage, heat, visits, region, note, at)"
        )
        made.execute("CREATE INDEX i ON lead (stage, at)")
    here, lock = threading.local(), threading.Lock()

    def raw() -> None:
        """A careful beginner's code: a connection a thread, one commit each, a lock so that nobody spins."""
        if not hasattr(here, "raw"):
            here.raw = sqlite3.connect(raw_path, isolation_level=None, timeout=30)
            here.raw.execute("PRAGMA synchronous=FULL")
        with lock:
            here.raw.execute("BEGIN IMMEDIATE")
            here.raw.execute(RAW, (*[LEAD[k] for k in list(LEAD)], 1))
            here.raw.execute("COMMIT")

    with _site(folder, "turns") as (database, records, _), _site(folder, "thread") as (other, others, _):
        single = _WriterThread(other)
        work, its = turn(records), turn(others)
        found: dict[str, list[float]] = {"raw": [], "leader": [], "writer thread": []}
        for _ in range(3):
            found["raw"].append(_in_threads(raw))
            found["leader"].append(_in_threads(lambda: database.write(work)))
            found["writer thread"].append(_in_threads(lambda: single.write(its)))
        raw_rate = statistics.median(found["raw"])
        for name, rates in found.items():
            rate = statistics.median(rates)
            print(f"turns, 8 threads, {name:14} {rate:8.0f} /s   {rate / raw_rate:5.2f} x raw sqlite3 one commit each")
        started, cpu, count = time.perf_counter(), time.process_time(), 300
        for _ in range(count):
            database.write(work)
        spent, cpu = time.perf_counter() - started, time.process_time() - cpu
        print(f"turns, alone                       {count / spent:8.0f} /s   {cpu / count * 1e6:5.0f} us CPU each")
        with database.read() as connection:
            assert audit.verify(connection).intact


def bulk(folder: str, count: int) -> None:
    for label, search in (("", ()), ("with search words", ("company", "phone"))):
        with _site(folder, f"bulk{len(search)}", search) as (database, records, _):
            work_rows = [{**LEAD, "company": f"锐视光学{n}号", "phone": f"+86138{n:08d}"} for n in range(count)]
            spent = {"insert": 0.0, "insert_many": 0.0}
            busy = dict(spent)
            for start in range(0, count, 500):
                rows = work_rows[start : start + 500]
                how = "insert" if (start // 500) % 2 else "insert_many"

                def lot(connection: Connection, rows: Any = rows, how: str = how) -> None:
                    if how == "insert":
                        made = [records.insert(connection, "lead", row, NOW, None) for row in rows]
                    else:
                        made = records.insert_many(connection, "lead", rows, NOW, None)
                    for record, row in zip(made, rows, strict=True):
                        history.enter(connection, "lead", record.id, "stage", "new", NOW)
                        audit.write(connection, NOW, SYSTEM, "create", entity="lead", record=record.id, after=row)

                started, cpu = time.perf_counter(), time.process_time()
                database.write(lot)
                spent[how] += time.perf_counter() - started
                busy[how] += time.process_time() - cpu
            for how, seconds in spent.items():
                each, cpu = seconds / (count / 2) * 1e6, busy[how] / (count / 2) * 1e6
                print(f"bulk, {how:12} {label:18} {each:6.1f} us a record, {cpu:6.1f} us CPU (history, audit, commit)")


def verify(folder: str, count: int) -> None:
    with _site(folder, "audit") as (database, _, _):

        def lot(connection: Connection) -> None:
            for number in range(10_000):
                audit.write(connection, NOW, SYSTEM, "update", entity="lead", record=number, before=LEAD, after=LEAD)

        for _ in range(count // 10_000):
            database.write(lot)
        started = time.perf_counter()
        with database.read() as connection:
            verdict = audit.verify(connection)
        spent = time.perf_counter() - started
        assert verdict.intact
        print(f"audit verify                       {verdict.rows:8} rows in {spent:5.1f} s")


def changes(folder: str, count: int) -> None:
    types = _types()
    with _site(folder, "change") as (database, records, _):
        for start in range(0, count, 5000):
            rows = [{"company": f"c{n}", "visits": n, "source": "web"} for n in range(start, start + 5000)]
            database.write(lambda c, rows=rows: records.insert_many(c, "lead", rows, NOW, None))  # type: ignore[misc]
        steps: list[tuple[str, list[tuple[str, str]]]] = [
            ("add a field", [*FIELDS, ("extra", "integer")]),
            ("drop a field", FIELDS),
            ("retype integer to money", [(n, "money" if n == "visits" else t) for n, t in FIELDS]),
        ]
        for label, fields in steps:
            schema = tables.build(_manifest(*fields), types)
            started = time.perf_counter()
            with database.read() as connection:
                planned = migrate.plan(connection, schema, types)
            middle = time.perf_counter()
            database.write(lambda c: migrate.apply(c, planned, schema, types, NOW))  # noqa: B023
            print(
                f"{label:34} {count:8} records: plan {middle - started:5.2f} s, carry out {time.perf_counter() - middle:5.2f} s"
            )


def main() -> None:
    """Print every figure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        turns_a_second(folder)
        bulk(folder, count)
        verify(folder, count)
        changes(folder, count)


if __name__ == "__main__":
    main()

"""Durable runs: how many a second, what a sweep costs with 100,000 waiting, and how much memory that takes.

    python -m bench.runs                       SQLite in a temporary folder
    python -m bench.runs postgresql://…        PostgreSQL

The rule is `call` (answered at once, inside the process) and then `set`: a claim, the request made ready and kept, its answer and the
record written together. Three commits a run, and one for the turn that started it.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from engine.clock import SystemClock
from engine.facts import SYSTEM
from engine.load.pipeline import load
from engine.plugins.executors.local import Local
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType
from engine.runtime import turn
from engine.runtime.context import Parts
from engine.runtime.worker import Worker
from engine.store import tables
from engine.store.database import Database
from engine.store.records import Records

SITE = """
kind: entity
name: lead
label: {zh: 线索}
fields: {company: {type: text}, number: {type: text}}
---
kind: connection
name: erp
connector: http
settings: {url: "http://erp.example"}
---
kind: trigger
name: order
when: {event: created, entity: lead}
do:
  - id: erp
    call: {connection: erp, path: /orders, json: {company: "=company"}}
  - set: {number: "=steps.erp.result.body.number"}
---
kind: trigger
name: later
when: {event: changed, entity: lead, fields: [company]}
do: [{wait: 30d}, {set: {number: null}}]
"""


class Echo:
    """An outside that answers at once."""

    def deliver(self, plugin: Any, delivery: Any, key: str) -> Any:
        return {"status": 200, "body": {"number": key}}


def site(url: str) -> tuple[Parts, Database]:
    registry = Registry.discover(entry_points=False)
    loaded = load({"site.yaml": "name: bench\n", "custom/all.yaml": SITE}, registry)
    assert loaded.manifest is not None, loaded.errors
    types: Any = registry.plugins[FieldType.slot]
    schema = tables.build(loaded.manifest, types)
    clock = SystemClock()
    database = Database.open(url, clock)
    database.write(schema.create)
    return Parts(loaded.manifest, registry, schema, Records(schema), clock), database


def create(parts: Parts, database: Database, count: int, threads: int = 8) -> float:
    """Seconds to start so many runs, each in a turn of its own."""

    def some(first: int) -> None:
        for number in range(first, count, threads):
            turn.run(parts, database, SYSTEM, lambda context, n=number: context.create("lead", {"company": f"公司{n}"}))  # type: ignore[misc]

    begun = time.perf_counter()
    crew = [threading.Thread(target=some, args=(first,)) for first in range(threads)]
    for each in crew:
        each.start()
    for each in crew:
        each.join()
    return time.perf_counter() - begun


def carry(parts: Parts, database: Database, count: int, threads: int) -> float:
    """Seconds until all are done."""
    worker = Worker(database, lambda: parts, way=lambda _: Echo())
    executor = Local(threads)
    begun = time.perf_counter()
    executor.start(worker.do, worker.due)
    while True:
        with database.read() as connection:
            if connection.scalar("SELECT COUNT(*) FROM fl_jobs WHERE state = 'done'") >= count:
                break
        time.sleep(0.02)
    spent = time.perf_counter() - begun
    executor.stop()
    return spent


def waiting(parts: Parts, database: Database, count: int) -> tuple[float, float]:
    """(seconds of a sweep that finds nothing due, megabytes this process grew by) with so many waiting."""
    record = turn.run(parts, database, SYSTEM, lambda context: context.create("lead", {"company": "a"})).value
    turn.run(parts, database, SYSTEM, lambda context: context.update("lead", record.id, {"company": "b"}))
    worker = Worker(database, lambda: parts, way=lambda _: Echo())
    while found := worker.due(8):
        for id in found:
            worker.do(id)

    def fill(connection: Any) -> None:
        last = connection.scalar("SELECT MAX(id) FROM fl_jobs")
        names = "kind, payload, state, due, attempts, entity, record, run, created_at, claims"
        number = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        text = f"{number}INSERT INTO fl_jobs (\"key\", {names}) SELECT 'fill:' || CAST(i AS TEXT), {names} FROM fl_jobs, n WHERE id = ?"
        connection.execute(text, (count, last))

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    database.write(fill)
    database.tune()
    begun = time.perf_counter()
    for _ in range(20):
        assert worker.due(8) == []
    spent = (time.perf_counter() - begun) / 20
    return spent, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    count = 1000
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'bench.db'}"
        parts, database = site(url)
        started = create(parts, database, count)
        print(f"{database.dialect}: {count / started:8.0f} runs started a second (8 threads)")
        spent = carry(parts, database, count, 8)
        print(f"{database.dialect}: {count / spent:8.0f} runs carried a second (8 threads)")
        sweep, memory = waiting(parts, database, 100_000)
        print(
            f"{database.dialect}: {sweep * 1000:8.2f} ms a sweep with 100,000 waiting; {memory:.0f} MB more in this process"
        )
        database.close()


if __name__ == "__main__":
    main()

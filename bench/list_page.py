"""A page of a filtered, sorted list over a million leads: p95 of one request's work in the engine (bar 50 ms, aim 10 ms)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.leads import BOSS, REP, Site
from engine.facts import Actor
from engine.runtime import view
from engine.runtime.ground import ground_of
from engine.runtime.view import Look
from engine.store.query import answer
from engine.store.query.question import Filter

ROUNDS = 15
BAR, AIM = 50.0, 10.0

#: (what, whose, view or none, what the reader adds)
CASES: list[tuple[str, Actor, str | None, Look]] = [
    ("all leads, the view's order", BOSS, "all_leads", Look()),
    ("all leads, newest first", BOSS, None, Look()),
    ("owner and stage, newest first", BOSS, "all_leads", Look(filters=(Filter("owner", "eq", "7"), Filter("stage", "eq", "called")), sort=("-created_at",))),
    ("stage, newest first", BOSS, "all_leads", Look(filters=(Filter("stage", "eq", "proposed"),), sort=("-created_at",))),
    ("source, view's order", BOSS, "all_leads", Look(filters=(Filter("source", "eq", "jd"),))),
    ("one month, newest first", BOSS, "all_leads", Look(filters=(Filter("created_at", "ge", "2025-06-01"), Filter("created_at", "lt", "2025-07-01")), sort=("-created_at",))),
    ("by phone", BOSS, "all_leads", Look(filters=(Filter("phone", "eq", "13800138000"),))),
    ("a condition that is typed", BOSS, "all_leads", Look(where="heat > 90 and hospital.owner == owner", sort=("-created_at",))),
    ("stuck leads", BOSS, "stuck_leads", Look()),
    ("a salesperson's view of the team", REP, "all_leads", Look(sort=("-created_at",))),
    ("a salesperson's own leads", REP, "my_leads", Look()),
    ("unassigned", REP, "unassigned_pool", Look()),
]  # fmt: skip


def timed(work: Callable[[], Any]) -> tuple[list[float], list[float], Any]:
    """Wall and CPU milliseconds of some rounds, and the last result."""
    walls, cpus, last = [], [], None
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        last = work()
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    return walls, cpus, last


def p95(values: list[float]) -> float:
    """The value 95% are not above."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def main() -> None:
    """Print one line a case: first page and tenth page, milliseconds."""
    site = Site()
    worst: list[float] = []
    print(f"{'list page over 1,000,000 leads':<40} {'wall p50':>9} {'p95':>8} {'CPU p50':>8} {'page 10 CPU':>12}  ms")
    for label, actor, name, look in CASES:
        with site.database.read() as connection:
            context = site.context(connection, actor)
            shown = view.view_of(context, name) if name else None

            def page(look: Look = look, context: Any = context, shown: Any = shown) -> answer.Page:
                return view.page(context, "lead", shown, look)

            page()
            walls, cpus, found = timed(page)
            deep = _deep(context, shown, look)
        worst += cpus
        print(
            f"{label:<40} {statistics.median(walls):>9.1f} {p95(walls):>8.1f} {statistics.median(cpus):>8.1f} {deep:>12.1f}"
            f"  ({len(found.records)} rows)"
        )
    print(f"CPU p95 over all: {p95(worst):.1f} ms (bar {BAR:.0f}, aim {AIM:.0f})")


def _deep(context: Any, shown: Any, look: Look) -> float:
    """CPU milliseconds of the tenth page."""
    from dataclasses import replace

    ground = ground_of(context)
    query = view.question(context, "lead", shown, look)
    spent = 0.0
    for _ in range(10):
        cpu = time.process_time()
        page = answer.page(context.connection, ground, query)
        spent = (time.process_time() - cpu) * 1000
        if page.next is None:
            break
        query = replace(query, cursor=page.next)
    return spent


if __name__ == "__main__":
    main()

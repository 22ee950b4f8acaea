"""A CRM with a million leads and their history, made from a seed and kept in the temp folder between runs."""

from __future__ import annotations

import datetime as dt
import hashlib
import inspect
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.clock import VirtualClock
from engine.facts import Actor
from engine.load import pipeline
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType
from engine.runtime.context import Context, Parts
from engine.store import tables
from engine.store.database import Database
from engine.store.records import Records

COUNT = int(os.environ.get("FLOWLOOM_BENCH_LEADS", "1000000"))
SEED = 20260105
USERS, TEAMS, HOSPITALS = 40, 5, 200
#: The leads came in over two years that end here.
NOW = dt.datetime(2026, 1, 5, 4, tzinfo=dt.UTC)
SPAN = dt.timedelta(days=730)
HOUR = 3_600_000_000
STATES = ("new", "called", "diagnosed", "proposed", "demo_booked", "won")
SOURCES = ("website", "douyin", "expo", "wecom", "phone", "jd", "referral", "other")
LOT = 20_000
BOSS = Actor(user=1, login="u1", roles=("sales_manager",), values={"id": 1, "team": 1, "login": "u1"})
REP = Actor(user=7, login="u7", roles=("sales",), values={"id": 7, "team": 2, "login": "u7"})


class Site:
    """The CRM pack over the generated database."""

    def __init__(self, count: int = COUNT, url: str = "") -> None:
        self.count = count
        self.registry = Registry.discover(entry_points=False)
        folder = Path(tempfile.mkdtemp(prefix="flowloom-bench-"))
        (folder / "site.yaml").write_text('name: bench\npacks: {crm: "*"}\n', "utf-8")
        loaded = pipeline.load_site(folder, self.registry)
        assert loaded.manifest is not None, [problem.line() for problem in loaded.errors]
        self.manifest = loaded.manifest
        kinds: Any = {kind.name: kind for kind in self.registry.all(FieldType)}
        self.schema = tables.build(self.manifest, kinds)
        self.clock = VirtualClock(NOW)
        if not url:
            url = f"sqlite:///{self._file(count)}"
        self.database = Database.open(url, self.clock)
        self.parts = Parts(self.manifest, self.registry, self.schema, Records(self.schema), self.clock)

    def _file(self, count: int) -> Path:
        made = "".join(inspect.getsource(each) for each in (fill, lots, _way, _lead, _task))
        digest = hashlib.sha256(repr((count, SEED, self.schema.statements("sqlite"), made)).encode())
        self.path = Path(tempfile.gettempdir()) / f"flowloom-leads-{count}-{digest.hexdigest()[:12]}.db"
        if not self.path.exists():
            self._make(count)
        return self.path

    def context(self, connection: Any, actor: Actor = BOSS) -> Context:
        """A context of that actor, now."""
        return Context(self.parts, connection, actor)

    def _make(self, count: int) -> None:
        started = time.perf_counter()
        building = self.path.with_suffix(".building")
        building.unlink(missing_ok=True)
        raw = sqlite3.connect(building)
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("PRAGMA journal_mode=OFF")
        statements = self.schema.statements("sqlite")
        for statement in statements:
            if "INDEX" not in statement.split("(")[0]:
                raw.execute(statement)
        fill(raw, self.schema, count)
        for statement in statements:
            if "INDEX" in statement.split("(")[0]:
                raw.execute(statement)
        raw.execute("ANALYZE")
        raw.commit()
        raw.close()
        building.rename(self.path)
        print(f"made {count:,} leads in {time.perf_counter() - started:.0f} s: {self.path}")


def insert(raw: sqlite3.Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    """Rows with the same keys into a table."""
    if rows:
        names = list(rows[0])
        columns = ", ".join(f'"{name}"' for name in names)
        text = f'INSERT INTO "{table.name}" ({columns}) VALUES ({", ".join("?" * len(names))})'
        raw.executemany(text, [tuple(row.values()) for row in rows])


def micros(instant: dt.datetime) -> int:
    """An instant as it is stored."""
    return int((instant - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1))


def fill(raw: sqlite3.Connection, schema: Any, count: int) -> None:
    """Every table, from the seed."""
    chance = random.Random(SEED)
    start, end = micros(NOW - SPAN), micros(NOW)
    system = {"version": 1, "created_at": start, "updated_at": start}
    insert(raw, schema.table("team"), [{"id": n + 1, **system, "name": f"团队{n + 1}"} for n in range(TEAMS)])
    insert(raw, schema.table("user"), [
        {"id": n + 1, **system, "login": f"u{n + 1}", "name": f"销售{n + 1}", "team": n % TEAMS + 1, "active": True} for n in range(USERS)
    ])  # fmt: skip
    insert(raw, schema.table("hospital"), [
        {"id": n + 1, **system, "name": f"第{n + 1}医院", "owner": n % USERS + 1} for n in range(HOSPITALS)
    ])  # fmt: skip
    for leads, stays in lots(chance, count, start, end):
        insert(raw, schema.table("lead"), leads)
        insert(raw, schema.history, stays)
    insert(raw, schema.table("task"), [_task(chance, n, start, end) for n in range(count // 20)])


def _task(chance: random.Random, n: int, start: int, end: int) -> dict[str, Any]:
    at = chance.randint(start, end)
    answered = at + chance.randint(1, 60) * HOUR if chance.random() < 0.8 else None
    return {
        "id": n + 1, "version": 1, "created_at": at, "updated_at": at, "owner": chance.randint(1, USERS),
        "requester": chance.randint(1, USERS), "answered_at": answered,
    }  # fmt: skip


def lots(chance: random.Random, count: int, start: int, end: int) -> Iterator[tuple[list[Any], list[Any]]]:
    """Leads with their stays, some at a time: about 2.5 stays a lead, the recent ones still on their way."""
    leads: list[dict[str, Any]] = []
    stays: list[dict[str, Any]] = []
    for n in range(1, count + 1):
        at = start + (end - start) * n // count
        moments = _way(chance, at, end)
        leads.append(_lead(chance, n, at, moments))
        for place, (state, entered, left) in enumerate(moments):
            stays.append({
                "entity": "lead", "record": n, "machine": "lead_stage", "state": state,
                "came_from": moments[place - 1][0] if place else None, "entered_at": entered, "left_at": left,
            })  # fmt: skip
        if len(leads) >= LOT:
            yield leads, stays
            leads, stays = [], []
    yield leads, stays


def _way(chance: random.Random, at: int, end: int) -> list[tuple[str, int, int | None]]:
    far = chance.choices(range(6), [30, 25, 15, 12, 10, 8])[0]
    found: list[tuple[str, int, int | None]] = []
    here = at
    for place in range(far + 1):
        left = here + chance.randint(HOUR // 2, 120 * HOUR) if place < far else None
        if left is not None and left > end:
            left = None
        found.append((STATES[place], here, left))
        if left is None:
            if place < far or chance.random() < 0.6:
                return found
            left = min(end, here + chance.randint(HOUR, 300 * HOUR))
            if STATES[place] != "won":
                found[-1] = (STATES[place], here, left)
                found.append(("lost", left, None))
            return found
        here = left
    return found


def _lead(chance: random.Random, n: int, at: int, moments: list[tuple[str, int, int | None]]) -> dict[str, Any]:
    entered = {state: when for state, when, _ in moments}
    company = f"{chance.choice('华锐康恒光明安泰')}{chance.choice('视眼光学影像医疗')}{n % 7919}有限公司"
    phone = f"+8613{chance.randint(0, 999_999_999):09d}"
    assigned = at + chance.randint(0, 70) * HOUR if chance.random() < 0.92 else None
    proposed = entered.get("proposed")
    last = moments[-1][1]
    return {
        "id": n, "version": len(moments), "created_at": at, "updated_at": last, "company": company, "contact": "王经理",
        "phone": phone if chance.random() < 0.95 else None, "hospital": chance.randint(1, HOSPITALS) if chance.random() < 0.6 else None,
        "region": "广东", "source": chance.choice(SOURCES), "source_tag": "抖音-眼科展会", "first_inquiry_at": at,
        "priority": "ABC"[chance.randint(0, 2)], "budget": chance.randint(1, 10**6) * 10_000, "heat": round(chance.random() * 100, 1),
        "industry": "eye" if chance.random() < 0.7 else None, "revenue_range": "to_50m" if chance.random() < 0.6 else None,
        "decision_role": "decider" if chance.random() < 0.5 else None, "frozen": chance.random() < 0.1,
        "owner": chance.randint(1, USERS) if assigned else None, "assigned_at": assigned, "first_call_at": entered.get("called"),
        "call_summary": "客户关心价格和售后,需要准备方案" if "called" in entered else None,
        "proposal_opened_at": proposed + HOUR if proposed and chance.random() < 0.6 else None,
        "objection_raised_at": proposed + 2 * HOUR if proposed and chance.random() < 0.3 else None,
        "objection_solved_at": proposed + chance.randint(3, 90) * HOUR if proposed and chance.random() < 0.2 else None,
        "first_answer_at": at + chance.randint(1, 300) * HOUR if chance.random() < 0.5 else None,
        "next_date": f"2026-{1 + n % 2:02d}-{1 + n % 28:02d}" if chance.random() < 0.4 else None, "last_action_at": last, "stage": moments[-1][0],
        "search_text": f"{company} wangjingli wjl {phone} {phone[1:]}",
    }  # fmt: skip

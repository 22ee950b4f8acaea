"""Due times against a count of single minutes: random calendars, time zones, holidays, make-up days and pauses.

Two thousand cases; ``FLOWLOOM_CASES=100000`` for the full run. The count knows nothing of the engine's calendar but the table
of holidays: every minute of the horizon is looked up on the wall clock, one by one.
"""

from __future__ import annotations

import datetime as dt
import os
import random
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest

from engine.clock import UTC
from engine.model.calendar import Calendar
from engine.runtime.calendar import DAYS, WorkTime, build, holidays
from engine.runtime.sla import resumed

CASES = int(os.environ.get("FLOWLOOM_CASES", 2000))
#: Cases with one calendar, and the days they may reach.
EACH, HORIZON = 100, 45
MINUTE = dt.timedelta(minutes=1)
ZONES = (
    "Asia/Shanghai", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "UTC",
    "Australia/Lord_Howe", "Pacific/Auckland", "America/Havana", "Africa/Cairo",
)  # fmt: skip
#: Where something happens: the spring festival, the national days, clock changes, the year after the last table.
TURNS = ("2025-09-20", "2026-02-01", "2026-03-20", "2026-04-15", "2026-09-20", "2026-10-15", "2026-12-10", "2027-01-20")


@dataclass
class Case:
    """A calendar, and its horizon as one flag a minute."""

    work: WorkTime
    start: dt.datetime
    open: bytearray


def written(chance: random.Random) -> Calendar:
    """A calendar as somebody may write it."""
    hours: dict[str, tuple[str, ...]] = {}
    for days in chance.choice([["mon-fri"], ["mon-fri", "sat"], ["mon-thu", "fri"], list(DAYS), ["sat", "sun"]]):
        cuts = sorted(chance.sample(range(0, 24 * 60 + 1, chance.choice([1, 15, 30])), 2 * chance.randint(1, 3)))
        hours[days] = tuple(f"{clock(a)}-{clock(b)}" for a, b in zip(cuts[::2], cuts[1::2], strict=True))
    day = dt.date.fromisoformat(chance.choice(TURNS)) + dt.timedelta(chance.randint(0, 30))
    return Calendar(
        name="random",
        timezone=chance.choice(ZONES),
        open=hours,
        holidays=chance.choice(["cn", "cn", None]),
        closed=tuple(str(day + dt.timedelta(n)) for n in chance.sample(range(20), 2)),
        extra=(str(day + dt.timedelta(21)), f"{day + dt.timedelta(22)} 10:00-11:30 13:00-13:20"),
    )


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def hours_of(calendar: Calendar, day: dt.date) -> list[tuple[int, int]]:
    """The spans of a day in minutes, read from the calendar's text."""
    week: dict[int, list[str]] = {number: [] for number in range(7)}
    for days, spans in calendar.open.items():
        first, _, last = days.partition("-")
        for number in range(DAYS.index(first), DAYS.index(last or first) + 1):
            week[number] += spans
    table = holidays(calendar.holidays) if calendar.holidays else None
    texts = week[day.weekday()]
    special = {text.split()[0]: text.split()[1:] for text in calendar.extra}
    if special.get(str(day)):
        texts = special[str(day)]
    elif str(day) in calendar.closed or (table and day in table.off):
        texts = []
    elif str(day) in special or (table and day in table.worked):
        texts = texts or next((week[number] for number in range(7) if week[number]), [])
    return sorted(tuple(minute_of(part) for part in text.split("-")) for text in texts)  # type: ignore[misc]


def minute_of(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def laid_out(chance: random.Random) -> Case:
    """Every minute of the horizon, looked up on the wall clock."""
    calendar = written(chance)
    zone = ZoneInfo(calendar.timezone or "UTC")
    start = dt.datetime.fromisoformat(chance.choice(TURNS)).replace(tzinfo=UTC) + chance.randint(0, 20 * 1440) * MINUTE
    # Two days more on either side: a day of the zone begins and ends elsewhere in UTC.
    walls = [(start + n * MINUTE).astimezone(zone).replace(tzinfo=None) for n in range(-2880, (HORIZON + 2) * 1440)]
    flags = bytearray(len(walls))
    day = walls[0].date() + dt.timedelta(1)
    first = 0
    while day < walls[-1].date() - dt.timedelta(1):
        midnight = dt.datetime.combine(day, dt.time())
        while walls[first] < midnight - dt.timedelta(hours=3):
            first += 1
        for begin, end in hours_of(calendar, day):
            # A wall time means the first minute at which the clock shows it or, where it skips it, anything later.
            here = reached(walls, first, midnight + begin * MINUTE)
            there = reached(walls, here, midnight + end * MINUTE)
            flags[here:there] = b"\1" * (there - here)
        day += dt.timedelta(1)
    return Case(build(calendar, "Asia/Shanghai"), start, flags[2880:])


def reached(walls: list[dt.datetime], first: int, wall: dt.datetime) -> int:
    while walls[first] < wall:
        first += 1
    return first


def counted(case: Case, start: int, target: int, pauses: list[tuple[int, int]]) -> int | None:
    """The minute after so many open ones that no pause covers; None when the horizon ends before."""
    moment = start
    while target:
        if moment >= HORIZON * 1440:
            return None
        paused = any(begin <= moment < end for begin, end in pauses)
        target -= case.open[moment] and not paused
        moment += 1
    return moment


@pytest.mark.parametrize("seed", range(max(CASES // EACH, 1)))
def test_fault_093_due_times_equal_a_count_of_single_minutes(seed: int) -> None:
    chance = random.Random(seed)
    case = laid_out(chance)
    checked = 0
    while checked < EACH:
        start, target = chance.randint(0, 10 * 1440), chance.randint(1, chance.choice([30, 240, 1440, 4000]))
        moments = sorted(chance.sample(range(start, start + 5 * 1440), 2 * chance.choice([0, 0, 1, 2, 3])))
        due = case.work.add(case.start + start * MINUTE, target * MINUTE)
        met: list[tuple[int, int]] = []
        for begin, end in zip(moments[::2], moments[1::2], strict=True):
            if case.start + begin * MINUTE < due:
                met.append((begin, end))
                due, _ = resumed(case.work, due, case.start + begin * MINUTE, case.start + end * MINUTE)
        expected = counted(case, start, target, met)
        checked += 1
        if expected is not None:
            assert due == case.start + expected * MINUTE, (case.work, start, target, met)
            lost = sum(case.open[moment] for begin, end in met for moment in range(begin, end))
            assert case.work.between(case.start + start * MINUTE, due) == (target + lost) * MINUTE

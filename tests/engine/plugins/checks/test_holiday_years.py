from __future__ import annotations

import datetime as dt

import pytest

from engine.clock import UTC, SystemClock
from engine.plugins.checks.holiday_years import years
from tests.engine.load.conftest import Loader, codes

CALENDAR = "kind: calendar\nname: c\nopen: {mon-fri: ['09:00-18:00']}\nholidays: %s\n%s"


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> object:
    def at(day: str) -> None:
        monkeypatch.setattr(SystemClock, "now", lambda self: dt.datetime.fromisoformat(day).replace(tzinfo=UTC))

    return at


def test_the_shipped_table_knows_its_years() -> None:
    assert 2025 in years("cn")
    assert years("none") == years("../cn") == frozenset()


def test_fault_094_a_year_without_holidays_is_told(loaded: Loader, today: object) -> None:
    today("2031-03-01")  # type: ignore[operator]
    found = loaded(CALENDAR % ("cn", ""))
    assert codes(found) == ["L013"]
    assert found.problems[0].line("zh") == (
        "custom/x.yaml:1:1 L013 工作日历 c 没有 2031 年的放假安排,这些年按周一至周五估算 -> "
        "等国务院公布后升级产品,或先在 closed / extra 里写上"
    )


def test_days_listed_by_hand_make_a_year_known(loaded: Loader, today: object) -> None:
    today("2031-03-01")  # type: ignore[operator]
    assert codes(loaded(CALENDAR % ("cn", "closed: ['2031-10-01']\n"))) == []
    assert codes(loaded(CALENDAR % ("none", ""))) == []


def test_in_december_the_next_year_is_asked_for(loaded: Loader, today: object) -> None:
    last = max(years("cn"))
    today(f"{last}-11-30")  # type: ignore[operator]
    assert codes(loaded(CALENDAR % ("cn", ""))) == []
    today(f"{last}-12-01")  # type: ignore[operator]
    assert codes(loaded(CALENDAR % ("cn", ""))) == ["L013"]

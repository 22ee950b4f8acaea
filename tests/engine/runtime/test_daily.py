"""What connectors spend in a day, counted in the database for all processes."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.openai_compatible import OpenaiCompatible
from engine.clock import UTC, VirtualClock
from engine.plugins.purse import Own, Settings
from engine.plugins.slots import Undone
from engine.runtime.daily import Daily
from engine.runtime.outside import Outside
from tests.engine.runtime.stage import Stage, registry

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def stage() -> Stage:
    return Stage("kind: entity\nname: x\nfields: {a: {type: text}}\n")


def test_processes_spend_from_one_purse_and_a_new_day_of_the_site_fills_it(stage: Stage) -> None:
    clock = VirtualClock(dt.datetime(2026, 1, 5, 15, 0, tzinfo=UTC))
    one, other = Daily(stage.database, clock, ZONE), Daily(stage.database, clock, ZONE)
    assert one.spend("model", 600, 1000) is None
    assert other.spend("model", 600, 1000) == 600 and other.spend("another", 600, 1000) is None
    one.give_back("model", 500)
    assert other.spend("model", 600, 1000) is None
    # Fewer than nothing is never spent; what cost more than was set aside is counted beside it.
    other.give_back("model", 5000)
    other.give_back("model", -900)
    assert one.spend("model", 101, 1000) == 900
    clock.advance(dt.timedelta(hours=1))  # midnight in Shanghai
    assert one.spend("model", 1000, 1000) is None
    days = stage.database.write(lambda c: c.execute("SELECT day, n FROM fl_counters WHERE name = 'spent:model'"))
    assert days == [("2026-01-06", 1000)]


def test_many_at_once_never_pass_the_bound(stage: Stage) -> None:
    purse, got = Daily(stage.database, stage.clock, ZONE), list[Any]()
    threads = [threading.Thread(target=lambda: got.append(purse.spend("m", 30, 100))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got.count(None) == 3


def test_two_workers_of_a_language_model_share_its_budget_of_the_day(stage: Stage) -> None:
    purse = Daily(stage.database, stage.clock, ZONE)
    settings = Settings({"url": "http://127.0.0.1:1", "model": "m", "budget": 1000, "longest": 200}, purse)
    OpenaiCompatible()._take(settings, 700)
    with pytest.raises(Undone) as refused:
        OpenaiCompatible()._take(settings, 700)
    assert refused.value.problems[0].parameters == {"budget": 1000, "used": 700}
    OpenaiCompatible()._settle(settings, 700, 100)
    OpenaiCompatible()._take(settings, 700)


def test_a_connector_is_given_the_purse_of_its_site_with_its_settings(stage: Stage) -> None:
    purse = Own()
    loaded = Stage("kind: connection\nname: erp\nconnector: http\nsettings: {url: 'https://erp.example.com'}\n")
    _, settings = Outside(loaded.manifest, registry(), purse=purse).connection("erp")
    assert isinstance(settings, Settings) and settings.purse is purse and settings["url"] == "https://erp.example.com"
    assert purse.spend("a", 5, 5) is None and purse.spend("a", 1, 5) == 5
    purse.give_back("a", 1)
    assert purse.spend("a", 1, 5) is None

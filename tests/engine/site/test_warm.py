"""A site that serves counts its dashboards before anybody asks."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import pytest

from engine.api import Choices
from engine.runtime import kept
from engine.runtime.kept import Kept
from engine.site import warm
from tests.company import SITE, Company


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def large(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Twelve leads are many, and few of them are read in one go."""
    for module in (kept, warm):
        monkeypatch.setattr(module, "LOT", 2)
        monkeypatch.setattr(module, "AT_ONCE", 2)
    monkeypatch.setattr("engine.runtime.shared.FEW", -1)
    for number in range(12):
        company.lead(company=f"锐视{number}", phone=f"1390013900{number % 10}" if number < 10 else f"138001380{number}")
    return company


def settle(company: Company) -> None:
    numbers = company.engine.numbers
    numbers.keep_warm()
    warming = numbers._warm
    until(lambda: warming._thread is not None and not warming._thread.is_alive())
    until(lambda: warming._warming is not None and not warming._warming.busy)


def test_who_comes_first_finds_the_numbers_counted(large: Company) -> None:
    keep: Kept = large.engine._site.kept
    settle(large)
    reads = keep.read_lots
    assert reads > 12
    shown = large.engine.numbers.dashboard(large.actor("zhao"), "lead_health")
    assert not shown["counting"] and shown["tiles"]["sources"]["data"]["points"][0]["count"] == 12
    assert shown["tiles"]["funnel"]["data"]["points"][0]["count"] == 12
    large.engine.numbers.stop()


def test_after_a_publish_and_after_writes_it_looks_again_but_not_all_the_time(large: Company) -> None:
    settle(large)
    keep, warming = large.engine._site.kept, large.engine.numbers._warm
    seen, reads = warming._seen, keep.read_lots
    large.engine.numbers.keep_warm()
    large.lead(company="明眸眼科", phone="13700137000")
    large.engine.numbers.keep_warm()
    assert warming._seen == seen and keep.read_lots == reads, "a minute has not passed"
    large.clock.advance(dt.timedelta(minutes=2))
    settle(large)
    assert warming._seen != seen and keep.read_lots > reads
    large.engine.numbers.stop()


def test_a_publish_that_leaves_the_records_alone_lets_the_numbers_stand(large: Company) -> None:
    settle(large)
    keep = large.engine._site.kept
    (large.folder / "site.yaml").write_text(SITE + "parameters:\n  first_call_limit: 8h\n", "utf-8")
    large.engine.revisions.publish("", Choices(timers="keep"))
    reads = keep.read_lots
    shown = large.engine.numbers.dashboard(large.actor("zhao"), "lead_health")
    assert not shown["counting"] and keep.read_lots - reads < 12
    large.engine.numbers.stop()


def test_a_small_site_begins_nothing(company: Company) -> None:
    company.lead()
    company.engine.numbers.keep_warm()
    assert company.engine.numbers._warm._thread is None
    company.engine.numbers.stop()

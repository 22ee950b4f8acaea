"""What is spent in a day, and pages of the inbox, on each database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import VirtualClock
from engine.plugins.registry import Registry
from engine.store import inbox, spending
from engine.store.connection import Connection
from tests.company import Company, found


@pytest.fixture
def company(tmp_path: Path, clock: VirtualClock, registry: Registry, database_url: str) -> Iterator[Company]:
    made = found(tmp_path / "site", clock, registry, database_url)
    yield made
    made.engine.close()


def test_a_day_is_spent_once_and_yesterday_is_forgotten(company: Company) -> None:
    def work(connection: Connection) -> None:
        assert spending.spend(connection, "spent:m", "2026-01-05", 90, 100) is None
        assert spending.spend(connection, "spent:m", "2026-01-05", 20, 100) == 90
        spending.give_back(connection, "spent:m", "2026-01-05", -5)
        spending.give_back(connection, "spent:m", "2026-01-05", 30)
        assert spending.spend(connection, "spent:m", "2026-01-05", 36, 100) == 65
        spending.give_back(connection, "spent:m", "2026-01-05", 1000)
        assert spending.spend(connection, "spent:m", "2026-01-06", 1, 100) is None
        assert connection.execute("SELECT day, n FROM fl_counters WHERE name = 'spent:m'") == [("2026-01-06", 1)]

    company.engine._site.database.write(work)


def test_deliveries_of_one_moment_are_paged_without_a_gap(company: Company) -> None:
    now = company.clock.now()

    def work(connection: Connection) -> None:
        for number in range(5):
            inbox.receive(connection, "one", str(number), b"{}", now)
            inbox.receive(connection, "two", str(number), b"{}", now)
        for states, keys in ((("new",), "01234"), (("done",), "43210")):
            if states == ("done",):
                connection.execute("UPDATE fl_inbox SET state = 'done'")
            seen, after = [], None
            while page := inbox.page(connection, states, 2, "one", after):
                seen += [each.key for each in page]
                after = (int(page[-1].received_at.timestamp() * 1_000_000), page[-1].id)
            assert "".join(seen) == keys
        assert inbox.came(connection, "two", now) == {"done": 5}
        assert inbox.came(connection, "two", now + dt.timedelta(seconds=1)) == {}

    company.engine._site.database.write(work)

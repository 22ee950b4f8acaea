"""The purse of a site: what its connectors spend in a day is counted in the database, for all processes. Floor: 5."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.store import spending
from engine.store.database import Database


class Daily:
    """Days are those of the site's clocks. Every counting is a transaction of its own. Raises Unavailable."""

    def __init__(self, database: Database, clock: Clock, zone: ZoneInfo) -> None:
        self._database, self._clock, self._zone = database, clock, zone

    def spend(self, name: str, amount: int, most: int) -> int | None:
        """None when so much more may be spent today (and is counted), else how much is spent already."""
        day = self._day()
        return self._database.write(lambda connection: spending.spend(connection, _named(name), day, amount, most))

    def give_back(self, name: str, amount: int) -> None:
        """So much of what was counted was not spent; a negative amount was spent beside it."""
        day = self._day()
        self._database.write(lambda connection: spending.give_back(connection, _named(name), day, amount))

    def _day(self) -> str:
        return self._clock.now().astimezone(self._zone).date().isoformat()


def _named(name: str) -> str:
    return f"spent:{name}"

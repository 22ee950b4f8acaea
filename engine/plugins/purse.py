"""What a connector may spend in a day, and the settings that know it. Floor: 4."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

from engine.clock import SystemClock


class Purse(Protocol):
    """Counts amounts of a day by name. In a running site all its processes share one."""

    def spend(self, name: str, amount: int, most: int) -> int | None:
        """None when so much more may be spent today (and is counted), else how much is spent already."""
        ...

    def give_back(self, name: str, amount: int) -> None:
        """So much of what was counted was not spent; a negative amount was spent beside it."""
        ...


class Own:
    """A purse of this process alone, for where no site runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[str, tuple[str, int]] = {}

    def spend(self, name: str, amount: int, most: int) -> int | None:
        """None when so much more may be spent today (and is counted), else how much is spent already."""
        day = SystemClock().now().date().isoformat()
        with self._lock:
            kept = self._spent.get(name, (day, 0))
            spent = kept[1] if kept[0] == day else 0
            if spent + amount > most:
                return spent
            self._spent[name] = (day, spent + amount)
            return None

    def give_back(self, name: str, amount: int) -> None:
        """So much of what was counted was not spent."""
        with self._lock:
            if name in self._spent:
                day, spent = self._spent[name]
                self._spent[name] = (day, max(0, spent - amount))


class Settings(dict[str, Any]):
    """A connection's settings as its connector is given them, with the purse of the site."""

    def __init__(self, values: Mapping[str, Any], purse: Purse | None) -> None:
        super().__init__(values)
        self.purse = purse

"""The only reader of time. Floor: 1.

Everything that needs the time takes a Clock, so scenarios, tests and simulations own it.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Protocol

UTC = dt.UTC


class Clock(Protocol):
    """Gives the instant (aware, UTC) and a monotonic reading for measuring spans."""

    def now(self) -> dt.datetime:
        """The current instant, aware and in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, for measuring how long something took."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """The current instant, aware and in UTC."""
        return dt.datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()


class VirtualClock:
    """A clock that stands still until it is moved: scenarios, tests, simulations."""

    def __init__(self, start: dt.datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a virtual clock starts at an aware instant")
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> dt.datetime:
        """The instant it was last moved to."""
        return self._now

    def monotonic(self) -> float:
        """The virtual instant as seconds since the epoch."""
        return self._now.timestamp()

    def move_to(self, instant: dt.datetime) -> None:
        """Stand at ``instant`` from now on."""
        with self._lock:
            self._now = instant.astimezone(UTC)

    def advance(self, span: dt.timedelta) -> None:
        """Move forward (or, with a negative span, backward)."""
        self.move_to(self._now + span)

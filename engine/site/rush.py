"""When more arrives than can be worked off while its sender waits: then it is only kept, and worked off afterwards. Floor: 6."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from engine.clock import Clock

#: Deliveries in a second, and requests at once, from which on it is a rush; and the seconds it lasts beyond the last such second.
MANY, AT_ONCE, LASTS = 100, 4, 2.0


class Rush:
    """Counts what comes in one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._second = 0
        self._count = self._before = self._inside = 0
        self._until = self._since = float("-inf")

    @contextmanager
    def come(self) -> Iterator[bool]:
        """True inside when this one is only to be kept."""
        with self._lock:
            self._inside += 1
            rushing = self._seen(self._clock.monotonic())
        try:
            yield rushing
        finally:
            with self._lock:
                self._inside -= 1

    @property
    def on(self) -> bool:
        """True while it lasts."""
        return self._clock.monotonic() < self._until

    @property
    def lasting(self) -> float:
        """Seconds since it began; 0 where there is none."""
        now = self._clock.monotonic()
        return now - self._since if now < self._until else 0.0

    def _seen(self, now: float) -> bool:
        second = int(now)
        if second != self._second:
            self._before = self._count if second == self._second + 1 else 0
            self._second, self._count = second, 0
        self._count += 1
        lately = self._count + self._before * (1 - (now - second))
        already = now < self._until
        # One sender that sends fast, one after the other, gets its answers; many at once would wait for each other.
        if lately > MANY and (already or self._inside >= AT_ONCE):
            self._since = self._since if already else now
            self._until = now + LASTS
            return True
        return already

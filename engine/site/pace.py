"""How many requests a connection takes in a minute, counted for all serving processes together. Floor: 6.

The bucket rests in the database; a process draws a second's worth at a time, so that a burst costs a transaction a second and
not one a request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from engine.clock import Clock
from engine.errors import Unavailable
from engine.store import buckets
from engine.store.connection import Connection

#: Before the name of a connection, where what is sent through it is counted under the name alone.
PREFIX = "received:"
#: Draws in a minute, where a connection takes many.
DRAWS = 60

Write = Callable[[Callable[[Connection], buckets.Drawn]], buckets.Drawn]


class Pace:
    """``write`` does a piece of work in the database, in time. Raises nothing: while the database is away nobody is held back."""

    def __init__(self, write: Write, clock: Clock) -> None:
        self._write, self._clock = write, clock
        self._lock = threading.Lock()
        #: connection -> how many it may still take without asking, and until when there is none.
        self._left: dict[str, tuple[int, float]] = {}

    def wait(self, name: str, per_minute: int) -> float:
        """0 when one more may come now, else the seconds until the next may."""
        with self._lock:
            left, until = self._left.get(name, (0, 0.0))
            now = time.monotonic()
            if left > 0:
                self._left[name] = (left - 1, 0.0)
                return 0.0
            if now < until:
                return until - now
        try:
            lot = max(1, per_minute // DRAWS)
            at = self._clock.now()
            drawn = self._write(lambda connection: buckets.draw(connection, PREFIX + name, at, per_minute, lot))
        except Unavailable:
            return 0.0
        wait = (drawn.again - at).total_seconds() if drawn.again is not None else 0.0
        with self._lock:
            kept = self._left.get(name, (0, 0.0))[0]
            self._left[name] = (kept + drawn.taken - 1, 0.0) if drawn.taken else (kept, now + wait)
        return wait

"""How often somebody may come: a bucket for each, in memory. Floor: 7."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, request

#: Buckets remembered at once; beyond that the fullest are forgotten, for who has a full one has done nothing lately.
REMEMBERED = 20_000


@dataclass
class Limit:
    """At most ``burst`` at once and ``per_minute`` on and on, for each key."""

    per_minute: float
    burst: int
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, key: str, now: float, *, take: bool = True) -> float:
        """0 when this one may pass, else the seconds until the next may. ``now`` in seconds that never run backwards; without
        ``take`` it is only asked."""
        with self._lock:
            if len(self._buckets) >= REMEMBERED and key not in self._buckets:
                for other in sorted(self._buckets, key=lambda each: -self._buckets[each][0])[: REMEMBERED // 2]:
                    del self._buckets[other]
            left, seen = self._buckets.get(key, (float(self.burst), now))
            left = min(self.burst, left + max(0.0, now - seen) * self.per_minute / 60)
            if left < 1:
                self._buckets[key] = (left, now)
                return (1 - left) * 60 / self.per_minute
            if take:
                self._buckets[key] = (left - 1, now)
            return 0.0


def address() -> str:
    """Who is at the other end of this request."""
    return peer(request.environ, behind_proxy=current_app.config["SECURE_COOKIES"])


def peer(environ: Mapping[str, Any], *, behind_proxy: bool) -> str:
    """Who is at the other end: the peer, or, behind our own proxy, the last address that proxy has added."""
    if behind_proxy:
        passed = str(environ.get("HTTP_X_FORWARDED_FOR") or "").rpartition(",")[2].strip()
        if passed:
            return passed[:64]
    return str(environ.get("REMOTE_ADDR") or "")

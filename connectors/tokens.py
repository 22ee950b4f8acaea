"""Access tokens: fetched once, used until shortly before they end, fetched anew when a service no longer takes them. Floor: 5."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable

#: Seconds before its end from which a token is not used any more.
EARLY = 120.0
#: Tokens remembered at most.
MOST = 256


class Tokens:
    """Tokens by what they were asked with; only hashes of that are kept, so another secret asks for another token."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._fetching: dict[str, threading.Lock] = {}

    def get(self, asked_with: tuple[str, ...], fetch: Callable[[], tuple[str, float]], stale: str = "") -> str:
        """The token. ``fetch`` gives a new one and the seconds it is good for; ``stale`` is one that the service refused. Threads that
        want the same wait for one fetch, for many services take the older token away with every new one."""
        key = hashlib.sha256("\0".join(asked_with).encode()).hexdigest()
        with self._lock:
            own = self._fetching.setdefault(key, threading.Lock())
        with own:
            known = self._kept.get(key)
            if known is not None and known[0] != stale and time.monotonic() < known[1]:
                return known[0]
            token, seconds = fetch()
            with self._lock:
                if len(self._kept) >= MOST:
                    self._kept.clear()
                # A token that lasts less than twice that is used for half of its time.
                self._kept[key] = (token, time.monotonic() + seconds - min(EARLY, seconds / 2))
            return token

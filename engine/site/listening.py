"""One thread listens for all connections whose other side speaks when it likes, however many there are. Floor: 6.

A poll that only waits (``Wait``) is taken over from the worker that began it: its lease is renewed here, its pages are kept here,
each in its turn, so a flood on one connection does not silence the others.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, cast

from engine.errors import Unavailable
from engine.plugins.slots import Page, Wait
from engine.runtime.run import Void
from engine.store import jobs

#: Seconds between two renewals of a lease while the other side is slow.
BEAT = 5.0
#: Seconds the thread sleeps at most.
LONGEST = 1.0


@dataclass(eq=False, slots=True)
class Look:
    """A poll that goes on: its job and lease, the connection's ``name``, how many ``came``; ``listens`` once it has waited."""

    job: jobs.Kept
    lease: str
    name: str
    pages: Iterator[Page | Wait]
    came: int = 0
    listens: bool = False

    def close(self) -> None:
        """End the connector's session."""
        if hasattr(self.pages, "close"):
            cast("Generator[Page | Wait]", self.pages).close()


#: Carries a look on: what it waits for, or None when it is over. Raises Void, Unavailable.
Advance = Callable[[Look], "Wait | None"]


class Listening:
    """``renew`` keeps the leases of jobs; ``stopping`` is set when this process ends. Nothing runs before the first ``take``."""

    def __init__(
        self, advance: Advance, renew: Callable[[list[tuple[int, str]]], None], stopping: threading.Event
    ) -> None:
        self._advance, self._renew, self._stopping = advance, renew, stopping
        self._mutex = threading.Lock()
        self._looks: dict[Look, tuple[Any, float]] = {}
        self._new: list[tuple[Look, Wait]] = []
        self._threads: list[threading.Thread] = []
        self._bell, self._heard = socket.socketpair()
        self._bell.setblocking(False)
        self._heard.setblocking(False)

    def take(self, look: Look, wait: Wait) -> bool:
        """Listen for it from now on; False when this process ends and its worker has to end it."""
        with self._mutex:
            if self._stopping.is_set():
                return False
            self._new.append((look, wait))
            if not self._threads:
                for name, work in (("listening", self._listen), ("listening leases", self._beat)):
                    self._threads.append(threading.Thread(target=work, name=name, daemon=True))
                    self._threads[-1].start()
        self.ring()
        return True

    def ring(self) -> None:
        """Look up now: something is new, or the end is near."""
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def close(self) -> None:
        """Return when every look has ended. ``stopping`` is set."""
        self.ring()
        for thread in self._threads:
            thread.join(30)
        self._bell.close()
        self._heard.close()

    def _beat(self) -> None:
        while not self._stopping.wait(BEAT):
            with self._mutex:
                held = [(each.job.id, each.lease) for each in (*self._looks, *(look for look, _ in self._new))]
            with contextlib.suppress(Unavailable):
                self._renew(held)

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._heard, selectors.EVENT_READ)
            while True:
                with self._mutex:
                    new, self._new = self._new, []
                for look, wait in new:
                    self._wait(selector, look, wait)
                over = self._stopping.is_set()
                if over and not self._looks and not self._new:
                    return
                for look in list(self._looks) if over else self._due(selector):
                    self._carry(selector, look)

    def _due(self, selector: selectors.BaseSelector) -> list[Look]:
        """The looks that can go on, after a sleep of which the first of them ends."""
        now = time.monotonic()
        first = min((until for _, until in self._looks.values()), default=now + LONGEST)
        ready = {key.data for key, _ in selector.select(max(0.0, min(first - now, LONGEST)))}
        with contextlib.suppress(OSError):
            self._heard.recv(4096)
        now = time.monotonic()
        return [look for look, (_, until) in self._looks.items() if look in ready or until <= now]

    def _carry(self, selector: selectors.BaseSelector, look: Look) -> None:
        on, _ = self._looks[look]
        if on is not None:
            with contextlib.suppress(KeyError, ValueError):
                selector.unregister(on)
        wait: Wait | None = None
        try:
            wait = self._advance(look)
        except (Void, Unavailable):
            # Somebody else has it, or the database is away: the lease runs out, and whoever takes it goes on from the last page.
            look.close()
        except Exception:  # a mistake in the program: the others must go on
            traceback.print_exc(file=sys.stderr)
            look.close()
        if wait is None:
            with self._mutex:
                del self._looks[look]
        else:
            self._wait(selector, look, wait)

    def _wait(self, selector: selectors.BaseSelector, look: Look, wait: Wait) -> None:
        on = wait.on
        if on is not None:
            try:
                selector.register(on, selectors.EVENT_READ, look)
            except (KeyError, ValueError, OSError):
                # It is closed: the connector finds out.
                on = None
        with self._mutex:
            self._looks[look] = (on, time.monotonic() + (wait.seconds if on is wait.on else 0.0))

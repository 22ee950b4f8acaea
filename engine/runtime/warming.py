"""Counts in the background what would keep the reader of a dashboard waiting. Floor: 5.

The first count of a million records takes seconds. Nobody should wait for it: its lots are read by threads of their own (the
database driver lets others run meanwhile), each in short snapshots, and whoever looks before they are done is told how far
they are.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections import deque

from engine.runtime.kept import Job, Kept, moment
from engine.store.database import Database
from engine.store.tables import Schema

#: Threads that count at most.
THREADS = 4


class Warming:
    """The threads behind a process's dashboards. They live while there is something to count."""

    def __init__(self, database: Database, kept: Kept, threads: int | None = None) -> None:
        self._database, self._kept = database, kept
        self._most = threads or min(THREADS, os.cpu_count() or 1)
        self._queue: deque[tuple[Schema, Job]] = deque()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._stopped = False
        kept.behind = self.ask

    def ask(self, schema: Schema, job: Job) -> None:
        """See to it that a job is counted; nothing when it is already under way."""
        with self._lock:
            if self._stopped:
                return
            if all(waiting.key != job.key for _, waiting in self._queue):
                self._queue.append((schema, job))
            for place in range(len(self._threads), self._most):
                thread = threading.Thread(target=self._work, name=f"counting-{place}", daemon=True)
                self._threads.append(thread)
                thread.start()

    @property
    def busy(self) -> bool:
        """True while something is counted."""
        with self._lock:
            return bool(self._threads)

    def stop(self) -> None:
        """Begin nothing more, and wait for what is being read."""
        with self._lock:
            self._stopped = True
            self._queue.clear()
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _work(self) -> None:
        while (found := self._next()) is not None:
            schema, job = found
            try:
                with self._database.read() as connection:
                    now = moment(connection, self._database.clock.now())
                    more = self._kept.step(connection, schema, job, now)
            except Exception:  # whoever looks at it next is told what is wrong; the others go on
                traceback.print_exc(file=sys.stderr)
                self._kept.failed.add(job.key)
                more = False
            if not more:
                self._done(job)

    def _next(self) -> tuple[Schema, Job] | None:
        """What is asked for first, or None, and with it the end of this thread."""
        with self._lock:
            if self._queue:
                return self._queue[0]
            self._threads.remove(threading.current_thread())
            return None

    def _done(self, job: Job) -> None:
        with self._lock:
            self._queue = deque(each for each in self._queue if each[1].key != job.key)

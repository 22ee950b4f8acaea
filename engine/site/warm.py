"""Dashboards that are counted before anybody asks. Floor: 6."""

from __future__ import annotations

import datetime as dt
import sys
import threading
import traceback

from engine.facts import Actor
from engine.runtime import dashboard
from engine.runtime.context import values_of
from engine.runtime.kept import AT_ONCE, LOT
from engine.runtime.warming import Warming
from engine.site.running import Running

#: After writes the dashboards are looked at again no more often than this.
EVERY = dt.timedelta(minutes=1)
#: Sets of roles for which it is done at most; the others count when they look.
READERS = 12


class Warm:
    """Looks at every dashboard as one person of each kind would, so that its numbers are there when people come.

    What takes long is left to ``engine.runtime.warming``; readers who come before it is done see how far it is.
    """

    def __init__(self, running: Running) -> None:
        self._running = running
        self._warming: Warming | None = None
        self._thread: threading.Thread | None = None
        self._seen: tuple[int, int] | None = None
        self._at = dt.datetime.min.replace(tzinfo=dt.UTC)

    def look(self) -> None:
        """Begin where something new is to be counted; returns at once."""
        running = self._running
        if not running.published or (self._thread is not None and self._thread.is_alive()):
            return
        if self._warming is None:
            self._warming = Warming(running.database, running.kept)
        now, seen = running.clock.now(), (running.revision, running.changed())
        published = self._seen is None or self._seen[0] != seen[0]
        if seen == self._seen or not (published or abs(now - self._at) >= EVERY):
            return
        self._seen, self._at = seen, now
        if self._large():
            self._thread = threading.Thread(target=self._look, name="warming", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Begin nothing more, and wait for what is being read."""
        if self._thread is not None:
            self._thread.join()
        if self._warming is not None:
            self._warming.stop()

    def _large(self) -> bool:
        """True where counting takes long enough to be noticed."""
        running = self._running
        with running.database.read() as connection:
            tables = [running.parts.schema.table(name).name for name in running.manifest.entities]
            last = (connection.scalar(f'SELECT MAX(id) FROM "{table}"') for table in tables)
            return any((each or 0) > AT_ONCE * LOT for each in last)

    def _look(self) -> None:
        try:
            for actor in self._readers():
                with self._running.reading(actor) as context:
                    for name in context.manifest.dashboards:
                        dashboard.read(context, name, kept=self._running.kept)
        except Exception:  # readers count for themselves then, and are told what is wrong
            traceback.print_exc(file=sys.stderr)

    def _readers(self) -> list[Actor]:
        """One person of every set of roles."""
        running = self._running
        with running.reading() as context:
            text = 'SELECT MIN(id) FROM "user" WHERE deleted_at IS NULL GROUP BY roles ORDER BY COUNT(*) DESC'
            ids = [row[0] for row in context.connection.execute(text)][:READERS]
            people = context.records.get_many(context.connection, "user", ids).values()
        return [
            Actor(each.id, str(each.values.get("login") or ""), tuple(each.values.get("roles") or ()), values_of(each))
            for each in people
        ]

"""Rules as earlier revisions wrote them: what a run that began under one of them goes on by. Floor: 6."""

from __future__ import annotations

from collections.abc import Mapping

from engine.model.trigger import Trigger
from engine.site import publishing
from engine.site.running import Running
from engine.store import revisions

#: How many revisions are kept in memory.
KEPT = 8


class Earlier:
    """The rules of the revisions of one site, read when they are asked for."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._rules: dict[int, Mapping[str, Trigger]] = {}

    def rule(self, revision: int, name: str) -> Trigger | None:
        """The rule as that revision wrote it; None where it cannot be read any more."""
        known = self._rules.get(revision)
        if known is None:
            with self._running.database.read() as connection:
                if revisions.get(connection, revision) is None:
                    return None
                loaded = publishing.revive(self._running, revisions.load(connection, revision))
            known = loaded.manifest.triggers if loaded.manifest is not None else {}
            if len(self._rules) >= KEPT:
                self._rules.clear()
            self._rules[revision] = known
        return known.get(name)

    def or_current(self, revision: int, name: str) -> Trigger | None:
        """The same, without reading the revision that runs."""
        running = self._running
        if revision in (0, running.revision):
            return running.manifest.triggers.get(name)
        return self.rule(revision, name) or running.manifest.triggers.get(name)

"""A site that runs: its folder, its database, and the manifest of the moment. Floor: 6."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.clock import Clock
from engine.errors import NotFound, Problem
from engine.facts import SYSTEM, Actor
from engine.model.manifest import Manifest
from engine.plugins.registry import Registry
from engine.runtime import circles
from engine.runtime.acts import Acting
from engine.runtime.context import Parts
from engine.runtime.kept import Kept
from engine.store import changes
from engine.store.database import Database
from engine.store.files import Files, beside


class Running:
    """What every operation on an open site needs.

    ``parts`` is replaced in one assignment when another revision becomes current; whoever began with the old
    one finishes with it. ``kept`` is what dashboards remember between two looks. ``send`` reaches the executor, once one
    carries jobs in this process (then it is ``working``). ``watched`` are the entities runs of earlier rules may wait for. ``files`` is where the contents of files lie.
    """

    def __init__(self, folder: Path, registry: Registry, clock: Clock, database: Database) -> None:
        self.folder = folder
        self.registry = registry
        self.clock = clock
        self.database = database
        self.publishing = threading.Lock()
        self.kept = Kept()
        self.paused: set[str] = set()
        self.watched: set[str] = set()
        self.files = Files(beside(folder, database.url))
        self.send: Callable[[int], None] = lambda job: None
        self.working = False
        self._parts: Parts | None = None

    def tell(self, job: int) -> None:
        """A job is ready: whoever carries jobs in this process hears of it."""
        self.send(job)

    @property
    def parts(self) -> Parts:
        """The manifest and all that was made ready for it. Raises NotFound (C011) before the first publish."""
        if self._parts is None:
            raise NotFound(Problem("C011"))
        return self._parts

    @property
    def published(self) -> bool:
        """True once a revision runs."""
        return self._parts is not None

    def take_up(self, parts: Parts) -> None:
        """Let this revision be the one that runs from now on."""
        self._parts = parts

    def look_for_paused(self) -> None:
        """Take up which rules this process or another has paused or let go on."""
        if self._parts is None:
            return
        with self.database.read() as connection:
            known = circles.known(connection).keys()
        self.paused -= self.paused - known
        self.paused |= known

    @property
    def manifest(self) -> Manifest:
        """The definitions that run now."""
        return self.parts.manifest

    @property
    def revision(self) -> int:
        """The number of the revision that runs."""
        return self.parts.revision

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return self.parts.zone

    @contextmanager
    def reading(self, actor: Actor = SYSTEM) -> Iterator[Acting]:
        """A context whose every look sees the same instant, with the actor's rights."""
        parts = self.parts
        with self.database.read() as connection:
            yield Acting(parts, connection, actor)

    def changed(self, *entities: str) -> int:
        """The change counter of these entities, or of all."""
        with self.database.read() as connection:
            return changes.count(connection, *entities)

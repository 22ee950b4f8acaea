"""The one door to the database: snapshots to read, turns to write. Floor: 3."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from engine.clock import Clock
from engine.errors import Problem, WrongUsage
from engine.store import changes
from engine.store.connection import Connection
from engine.store.postgresql import Postgresql
from engine.store.sqlite import Sqlite

T = TypeVar("T")


class Database:
    """A site's database. Make one with ``open``; share it among threads."""

    def __init__(self, engine: Sqlite | Postgresql, url: str, clock: Clock) -> None:
        self._engine = engine
        self.url = url
        self.clock = clock
        self.dialect = engine.statements.driver
        self.statements = engine.statements

    @classmethod
    def open(cls, url: str, clock: Clock) -> Database:
        """The database behind ``sqlite:///file.db`` (three slashes: relative), ``sqlite://`` (in memory) or
        ``postgresql://…`` (``?pool=20`` for more than ten connections). Raises Unavailable, or WrongUsage for another url.

        ``sqlite:///file.db?durable=no`` waits for the disk only when it is closed: a crash before leaves a file that may
        be broken, so it is for making a database that is put to use afterwards, never for one in use.
        """
        scheme = url.partition(":")[0]
        if scheme == "sqlite":
            path, _, options = url.partition("://")[2].removeprefix("/").partition("?")
            return cls(Sqlite(path or ":memory:", changes.bump, options != "durable=no"), url, clock)
        if scheme in ("postgresql", "postgres"):
            parts = urlsplit(url)
            asked = parse_qs(parts.query)
            size = int(asked.pop("pool", ["10"])[0])
            query = "&".join(f"{key}={values[0]}" for key, values in asked.items())
            bare = url.partition("?")[0] + (f"?{query}" if query else "")
            return cls(Postgresql(bare, changes.bump, size), url, clock)
        raise WrongUsage(Problem("B020", parameters={"url": scheme}))

    def read(self) -> AbstractContextManager[Connection]:
        """A connection whose every statement sees the same instant; it cannot write."""
        return self._engine.read()

    def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work(connection)`` returns, when it is on disk: one turn, all or nothing.

        What ``work`` raises is raised here, after everything it did was taken back; other turns are not harmed. Raises
        Unavailable (503, ``retry_after``) when the database cannot take it now. On PostgreSQL ``work`` may run
        again after a deadlock: it must touch nothing outside but through ``after_commit``.
        """
        return self._engine.write(work)

    def tune(self) -> None:
        """Let the database learn how values are spread, so that it picks the right index: after an import or a publish."""

        def learn(connection: Connection) -> None:
            if connection.dialect == "sqlite":
                connection.execute("PRAGMA analysis_limit=1000")
            connection.execute("ANALYZE")

        self.write(learn)

    def close(self) -> None:
        """Give every connection back."""
        self._engine.close()

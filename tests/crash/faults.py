"""A database that fails now and then, whatever it is asked: ``Faults`` gives this process one.

On SQLite a statement meets a disk that fails, that is full, or another process; as SQLite does it, the transaction is then gone or
not. On PostgreSQL the connection breaks before the statement was done or after (a COMMIT too), or a deadlock is found.
"""

from __future__ import annotations

import random
import sqlite3
from typing import Any

BROKEN = ((sqlite3.SQLITE_IOERR, "disk I/O error"), (sqlite3.SQLITE_FULL, "database or disk is full"))


class Faults:
    """Lets ``rate`` of all calls fail on connections that are opened once it is made: none until somebody says so."""

    def __init__(self, seed: int) -> None:
        self.rate = 0.0
        self.chance = random.Random(seed)
        _on_sqlite(self)
        _on_postgresql(self)

    def met(self) -> bool:
        """Whether it is this call's turn."""
        return self.chance.random() < self.rate


def _on_sqlite(faults: Faults) -> None:
    from engine.store import sqlite

    class Raw(sqlite._Raw):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            self._meet(sql)
            return super().execute(sql, *more)

        def executemany(self, sql: str, *more: Any) -> sqlite3.Cursor:
            self._meet(sql)
            return super().executemany(sql, *more)

        def _meet(self, sql: str) -> None:
            # A setting touches no disk, and taking back needs none.
            if sql.startswith(("PRAGMA", "ROLLBACK")) or not faults.met():
                return
            if sql == "BEGIN IMMEDIATE" and faults.chance.random() < 0.5:
                raise _error(sqlite3.SQLITE_BUSY, "database is locked")
            if self.in_transaction and faults.chance.random() < 0.5:
                super().execute("ROLLBACK")
            raise _error(*faults.chance.choice(BROKEN))

    sqlite._Raw = Raw  # type: ignore[misc]


def _error(code: int, text: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


def _on_postgresql(faults: Faults) -> None:
    import psycopg
    from psycopg import errors

    class Raw(psycopg.Connection[Any]):
        def execute(self, query: Any, *more: Any, **also: Any) -> Any:
            kind = faults.chance.choice(("before", "after", "deadlock")) if faults.met() else ""
            if kind == "deadlock" and self.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
                try:
                    super().execute("SELECT 1 / 0")
                except psycopg.Error as error:
                    raise errors.DeadlockDetected("deadlock detected") from error
            if kind == "after":
                super().execute(query, *more, **also)
            if kind:
                self.close()
                raise psycopg.OperationalError("server closed the connection unexpectedly")
            return super().execute(query, *more, **also)

    psycopg.connect = Raw.connect  # type: ignore[assignment]

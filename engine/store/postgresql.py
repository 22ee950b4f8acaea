"""PostgreSQL: every turn its own transaction, run again when the database asks for it. Floor: 3.

Turns run at READ COMMITTED, and a record's row is locked (``FOR NO KEY UPDATE``, or by the update itself, which also checks the
version) before it changes. So of two people moving one card the second waits for the first's commit, then finds another
version and loses: exactly one winner, told at once, without the storms of retries that SERIALIZABLE or REPEATABLE
READ bring to a busy row. The audit chain, too, must see the head that was committed while it waited for its lock.
Reads run at REPEATABLE READ: one snapshot for the whole page.
"""

from __future__ import annotations

import contextlib
import queue
import random
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from engine.errors import Problem, Unavailable
from engine.failpoints import failpoint
from engine.store.connection import Again, Careless, Connection, Violation
from engine.store.statement import Statements

T = TypeVar("T")

#: Seconds to wait for a free connection before the caller is told to come back.
PATIENCE = 10.0
#: How often a turn is run again after a deadlock, a serialization failure or a lost connection.
ATTEMPTS = 5

BEGIN_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED"
BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class _Lost(Again):
    """The connection is gone."""


class Postgresql:
    """A pool of connections to one database; at most ``size`` at a time."""

    def __init__(self, url: str, before_commit: Callable[[Connection], None], size: int = 10) -> None:
        self.url = url
        self.statements = Statements("postgresql")
        self._before_commit = before_commit
        self._idle: queue.LifoQueue[tuple[Any, int] | None] = queue.LifoQueue()
        for _ in range(size):
            self._idle.put(None)
        self._size = size
        self._here = threading.local()
        self._pause = threading.Event()

    # --- connections

    def _connect(self) -> tuple[Any, int]:
        import psycopg
        from psycopg.types.string import TextLoader

        try:
            raw = psycopg.connect(self.url, autocommit=True, connect_timeout=int(PATIENCE))
        except psycopg.Error as error:
            raise Unavailable(Problem("B006", parameters={"reason": str(error).splitlines()[0]})) from error
        for name in ("json", "jsonb"):
            raw.adapters.register_loader(name, TextLoader)
        return raw, raw.info.backend_pid

    @contextlib.contextmanager
    def _borrow(self, begin: str) -> Iterator[tuple[Any, int]]:
        """A connection with a transaction begun by ``begin``; one that was cut while it lay idle is replaced."""
        import psycopg

        try:
            held = self._idle.get(timeout=PATIENCE)
        except queue.Empty:
            raise Unavailable(Problem("B007", parameters={"seconds": int(PATIENCE), "size": self._size})) from None
        try:
            if held is not None:
                try:
                    held[0].execute(begin)
                except psycopg.Error:
                    held[0].close()
                    held = None
            if held is None:
                held = self._connect()
                try:
                    held[0].execute(begin)
                except psycopg.Error as error:
                    # It went away again at once: whoever writes tries once more, whoever reads is told.
                    held[0].close()
                    raise translate(error) from error
            yield held
        finally:
            if held is not None and held[0].closed:
                held = None
            self._idle.put(held)

    # --- reading

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot; nested in the same thread it is the same one, and inside a turn it is the turn's own connection (a
        second one would let turns wait for each other's connections)."""
        opened = getattr(self._here, "turn", None) or getattr(self._here, "snapshot", None)
        if opened is not None:
            yield opened
            return
        try:
            with self._borrow(BEGIN_READ) as (raw, stripe):
                self._here.snapshot = connection = Connection(raw, self.statements, translate, stripe)
                try:
                    yield connection
                finally:
                    self._here.snapshot = None
                    _end(raw)
        except Again as error:
            raise Unavailable(Problem("B006", parameters={"reason": str(error)})) from error

    # --- writing

    def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once it is committed. It may run several times: it must not touch the outside."""
        if getattr(self._here, "turn", None) is not None:
            raise RuntimeError("a turn is already open in this thread: pass its connection on")
        try:
            result, hooks = self._attempts(work)
        finally:
            self._here.turn = None
        for hook in hooks:
            hook()
        return result

    def _attempts(self, work: Callable[[Connection], T]) -> tuple[T, list[Callable[[], None]]]:
        reason, careful = "", False
        contested: set[Any] = set()
        for attempt in range(ATTEMPTS + 1):
            try:
                with self._borrow(BEGIN_WRITE) as (raw, stripe):
                    return self._attempt(raw, stripe, work, contested, careful)
            except Careless:
                careful = True
                continue
            except Again as error:
                reason = str(error)
            self._pause.wait(random.uniform(0.5, 1.5) * 0.01 * 2**attempt)
        raise Unavailable(Problem("B008", parameters={"times": ATTEMPTS, "reason": reason}))

    def _attempt(
        self, raw: Any, stripe: int, work: Callable[[Connection], T], contested: set[Any], careful: bool
    ) -> tuple[T, list[Callable[[], None]]]:
        connection = self._here.turn = Connection(raw, self.statements, translate, stripe)
        connection.contested, connection.careful = contested, careful
        try:
            result = work(connection)
            if connection.broken is not None:
                raise connection.broken
            self._before_commit(connection)
            connection.flush()
            number = connection.scalar("SELECT pg_current_xact_id_if_assigned()::text")
        except BaseException as error:
            _end(raw)
            if isinstance(connection.broken, _Lost):
                raw.close()
            # A rule that caught the deadlock of a statement caught what was not its own: the turn is run again.
            if isinstance(connection.broken, Again) and not isinstance(error, Again):
                raise connection.broken from error
            raise
        self._commit(raw, number)
        return result, connection.take_hooks()

    def _commit(self, raw: Any, number: str | None) -> None:
        import psycopg

        try:
            failpoint("before_commit")
            raw.execute("COMMIT")
            failpoint("after_commit")
        except psycopg.Error as error:
            explained = translate(error)
            lost = isinstance(explained, _Lost) or raw.closed
            _end(raw)
            if not lost or number is None:
                raise explained from error
            self._ask(number, error)

    def _ask(self, number: str, error: BaseException) -> None:
        """The connection broke at COMMIT: the database itself knows what became of the transaction."""
        for attempt in range(ATTEMPTS):
            self._pause.wait(0.05 * 2**attempt)
            try:
                with self._borrow(BEGIN_READ) as (raw, _):
                    became = raw.execute("SELECT pg_xact_status(%s::xid8)", [number]).fetchone()[0]
                    _end(raw)
            except Exception:
                continue
            if became == "committed":
                return
            if became == "aborted":
                raise _Lost(str(error)) from error
        raise Unavailable(Problem("B009")) from error

    def close(self) -> None:
        """Close what is idle; what is borrowed closes when it is dropped."""
        with contextlib.suppress(queue.Empty):
            while True:
                held = self._idle.get_nowait()
                if held is not None:
                    held[0].close()


def _end(raw: Any) -> None:
    """Leave no transaction behind; a connection that cannot do that is closed."""
    try:
        raw.execute("ROLLBACK")
    except Exception:
        raw.close()


def translate(error: BaseException) -> BaseException:
    """The driver's error as ours, or itself when it is a mistake in the program."""
    import psycopg
    from psycopg import errors

    if not isinstance(error, psycopg.Error):
        return error
    if isinstance(error, psycopg.IntegrityError):
        return _violation(error)
    if isinstance(error, (errors.SerializationFailure, errors.DeadlockDetected)):
        return Again(str(error).splitlines()[0])
    if isinstance(error, (errors.DiskFull, errors.OutOfMemory, errors.TooManyConnections)):
        return Unavailable(
            Problem(
                "B002" if isinstance(error, errors.DiskFull) else "B006",
                parameters={"free": 0, "reason": str(error).splitlines()[0]},
            )
        )
    if isinstance(error, errors.FeatureNotSupported) and "cached plan" in str(error):
        return _Lost("the tables changed under a prepared statement")
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return Unavailable(Problem("B004", parameters={"file": "PostgreSQL", "reason": str(error).splitlines()[0]}))
    if isinstance(error, errors.LockNotAvailable):
        return Unavailable(Problem("B001", parameters={"seconds": int(PATIENCE)}))
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return _Lost((str(error) or type(error).__name__).splitlines()[0])
    return error


def _violation(error: Any) -> Violation:
    kinds = {"23505": "unique", "23503": "foreign", "23502": "empty"}
    said = error.diag
    named = re.match(r"Key \(([^)]+)\)=", said.message_detail or "")
    columns = [said.column_name] if said.column_name else []
    if named and not columns:
        columns = [column.strip(' "') for column in named[1].split(",")]
    return Violation(
        kinds.get(error.sqlstate or "", "check"), said.table_name or "", columns, said.constraint_name or ""
    )

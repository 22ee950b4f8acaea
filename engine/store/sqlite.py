"""SQLite: many threads write, turns run one after another and share one fsync. Floor: 3.

With ``synchronous=FULL`` a commit waits for the disk, some hundred times a second at best. So the first thread that
finds nobody writing becomes the leader: it opens the transaction, runs every turn that waits, each in its own savepoint,
commits once and wakes their threads. Who arrives during the fsync forms the next group, led by its first. A lone
writer pays no thread switch at all (a writer thread of its own costs two for every turn; see bench/store.py).

Half of what a turn of its own costs is its commit. Writers that were answered together come back nearly together, so a
leader waits for as many as the last group had, a moment at most: else the first one back would often go alone.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from engine.errors import Problem, Unavailable
from engine.failpoints import failpoint
from engine.store import disk
from engine.store.connection import Careless, Connection, Violation
from engine.store.statement import Statements

T = TypeVar("T")

#: Seconds a write waits for another process before it is refused.
PATIENCE = 10.0
#: Turns in one group at most, so that the first of them is not kept waiting.
GROUP = 64
#: Seconds a leader waits for those of the last group.
GATHER = 0.001
#: Groups that set savepoints after one that needed them.
CAUTION = 32


class _Raw(sqlite3.Connection):
    """A driver connection that can be referred to weakly, so that a dead thread's is closed."""


class _Turn:
    """A unit of work that waits for its group."""

    __slots__ = ("done", "error", "hooks", "lead", "result", "waited", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.hooks: list[Callable[[], None]] = []
        self.lead = False
        self.waited = 0.0
        self.done = threading.Lock()
        self.done.acquire()


class Sqlite:
    """One database file, or one in memory (path ``:memory:``, a single shared connection).

    Not ``durable``: nothing waits for the disk until ``close``. For a file that is made beside and then moved to its
    place, where a half one is thrown away anyway.
    """

    def __init__(self, path: str, before_commit: Callable[[Connection], None], durable: bool = True) -> None:
        self.path = path
        self._durable = durable
        self.statements = Statements("sqlite")
        self._before_commit = before_commit
        self._in_memory = path == ":memory:"
        self._cautious = 0
        self._queue: deque[_Turn] = deque()
        self._mutex = threading.Lock()
        self._leading = False
        self._expected = 1
        self._gathering: threading.Lock | None = None
        self._here = threading.local()
        self._readers: weakref.WeakSet[_Raw] = weakref.WeakSet()
        self._shared = threading.RLock()
        self._writer = self._connect(write=True)
        self._pause = threading.Event()

    def _connect(self, write: bool) -> _Raw:
        try:
            raw = sqlite3.connect(
                self.path,
                timeout=PATIENCE,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
                factory=_Raw,
            )
            if not self._in_memory and write:
                raw.execute("PRAGMA journal_mode=WAL")
            raw.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'OFF'}")
            raw.execute("PRAGMA foreign_keys=ON")
            # What a savepoint must be able to take back grows with the transaction. In memory it is a chain that every
            # release walks to its end (0.6 ms a row of an import); in a file it is not. Readers only sort there.
            raw.execute(f"PRAGMA temp_store={'DEFAULT' if write else 'MEMORY'}")
            # Kilobytes; readers are many and the operating system caches the file for all of them.
            raw.execute(f"PRAGMA cache_size={-16000 if write else -4000}")
            if write:
                raw.execute("PRAGMA wal_autocheckpoint=4000")
                raw.execute("PRAGMA busy_timeout=0")
            else:
                raw.execute("PRAGMA query_only=ON")
                self._readers.add(raw)
            return raw
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    # --- reading

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot: what is committed while it is open stays unseen. Nested in the same thread it is the same one, and
        inside a turn it is the turn's own connection."""
        here = self._here
        opened = getattr(here, "connection", None) or getattr(here, "snapshot", None)
        if opened is not None:
            yield opened
            return
        if self._in_memory:
            with self._shared:
                yield self._wrap(self._writer)
            return
        raw = getattr(here, "reader", None)
        if raw is None:
            raw = here.reader = self._connect(write=False)
        try:
            raw.execute("BEGIN")
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        here.snapshot = connection = self._wrap(raw)
        try:
            yield connection
        finally:
            here.snapshot = None
            if raw.in_transaction:
                raw.execute("ROLLBACK")

    def _wrap(self, raw: sqlite3.Connection) -> Connection:
        return Connection(raw, self.statements, lambda error: translate(error, self.path))

    # --- writing

    def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once it is on disk. What it raises takes back only itself."""
        if getattr(self._here, "connection", None) is not None:
            raise RuntimeError("a turn is already open in this thread: pass its connection on")
        turn = _Turn(work)
        with self._mutex:
            self._queue.append(turn)
            lead = not self._leading
            self._leading = True
            if self._gathering is not None and len(self._queue) >= self._expected:
                self._gathering.release()
                self._gathering = None
        if not lead:
            turn.done.acquire()
            lead = turn.lead
        if lead:
            self._lead()
        if turn.error is not None:
            raise turn.error
        for hook in turn.hooks:
            hook()
        return cast(T, turn.result)

    def _lead(self) -> None:
        """Run one group, then hand the lead to the first who waits. The leader's own turn is the queue's first."""
        group: list[_Turn] = []
        try:
            with self._shared if self._in_memory else contextlib.nullcontext():
                self._group(group)
        except BaseException as error:
            # Nobody may take what was not committed for done.
            for turn in group:
                turn.error = turn.error or error
            raise
        finally:
            with self._mutex:
                follower = self._queue[0] if self._queue else None
                self._leading = follower is not None
            for turn in group:
                turn.done.release()
            if follower is not None:
                follower.lead = True
                follower.done.release()

    def _gather(self) -> None:
        """Wait until as many wait as the last group had. Who writes alone waits for nobody: a group that nobody else came to
        makes the next leader expect one less."""
        with self._mutex:
            if len(self._queue) >= self._expected:
                return
            complete = self._gathering = threading.Lock()
            complete.acquire()
        complete.acquire(timeout=GATHER)
        with self._mutex:
            self._gathering = None

    def _group(self, group: list[_Turn]) -> None:
        try:
            self._gather()
            self._begin(group)
        except BaseException as error:
            if not group:
                with self._mutex:
                    group.append(self._queue.popleft())
            for turn in group:
                turn.error = error
            return
        connection = self._here.connection = self._wrap(self._writer)
        connection.careful = self._cautious > 0
        try:
            while len(group) < GROUP:
                with self._mutex:
                    if not self._queue:
                        break
                    turn = self._queue.popleft()
                group.append(turn)
                self._turn(connection, turn)
                if connection.broken is not None:
                    break
            careless = connection.broken
            if isinstance(careless, Careless):
                if careless.whole and len(group) == 1:
                    # Nobody else's work is in the transaction: it is simply dropped.
                    self._writer.execute("ROLLBACK")
                    return
                connection = self._again(group)
            self._cautious = max(0, self._cautious - 1)
            self._commit(connection, group)
        finally:
            self._expected = max(len(group), self._expected - 1)
            self._here.connection = None

    def _again(self, group: list[_Turn]) -> Connection:
        """Run the turns of a group once more, each with a savepoint: one of them had to take back what it wrote. Where that
        happened once it may well happen again soon, so the next groups take care from the start."""
        self._cautious = CAUTION
        connection = self._here.connection = self._wrap(self._writer)
        try:
            self._writer.execute("ROLLBACK")
            # Another process may be quicker to take the lock.
            self._writer.execute(f"PRAGMA busy_timeout={int(PATIENCE * 1000)}")
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            connection.broken = translate(error, self.path)
        finally:
            self._writer.execute("PRAGMA busy_timeout=0")
        for turn in group if connection.broken is None else ():
            turn.error = None
            self._turn(connection, turn)
            if connection.broken is not None:
                break
        return connection

    def _begin(self, refused: list[_Turn]) -> None:
        """Take the write lock. Another process may hold it: who has waited long enough is refused, together."""
        pause = 0.001
        while True:
            try:
                if self._writer.in_transaction:
                    # What could not be taken back then is now.
                    self._writer.execute("ROLLBACK")
                self._writer.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                explained = translate(error, self.path)
                if not _busy(error):
                    raise explained from error
            self._pause.wait(pause)
            with self._mutex:
                for turn in self._queue:
                    turn.waited += pause
                late = [turn for turn in self._queue if turn.waited >= PATIENCE]
                if late and late[0] is self._queue[0]:
                    for turn in late:
                        self._queue.remove(turn)
                    refused.extend(late)
                    raise explained
            pause = min(pause * 2, 0.05)

    def _turn(self, connection: Connection, turn: _Turn) -> None:
        try:
            with connection.savepoint():
                turn.result = turn.work(connection)
            turn.hooks = connection.take_hooks()
        except BaseException as error:
            turn.error = error
            connection.take_hooks()

    def _commit(self, connection: Connection, group: list[_Turn]) -> None:
        try:
            if connection.broken is not None:
                raise connection.broken
            self._before_commit(connection)
            connection.flush()
            if connection.broken is not None:
                raise connection.broken
            failpoint("before_commit")
            self._writer.execute("COMMIT")
            failpoint("after_commit")
        except BaseException as error:
            explained = translate(error, self.path)
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            for turn in group:
                turn.error = turn.error or explained

    def close(self) -> None:
        """Give back every connection; the last one out folds the log into the file."""
        for reader in list(self._readers):
            reader.close()
        self._writer.close()
        if not self._durable and not self._in_memory:
            with open(self.path, "rb+") as file:
                os.fsync(file.fileno())


def _busy(error: sqlite3.Error) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def translate(error: BaseException, path: str) -> BaseException:
    """The driver's error as ours, or itself when it is a mistake in the program."""
    if not isinstance(error, sqlite3.Error):
        return error
    code = getattr(error, "sqlite_errorcode", 0)
    if isinstance(error, sqlite3.IntegrityError):
        return _violation(str(error), code)
    main = code & 0xFF
    if main in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable(Problem("B001", parameters={"seconds": int(PATIENCE)}))
    if main == sqlite3.SQLITE_FULL or (main == sqlite3.SQLITE_IOERR and disk.is_full(path)):
        return Unavailable(Problem("B002", parameters={"free": disk.free_megabytes(path)}))
    if main == sqlite3.SQLITE_IOERR:
        return Unavailable(Problem("B003", parameters={"reason": str(error)}))
    if main in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return Unavailable(Problem("B004", parameters={"file": path, "reason": str(error)}))
    if main in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Unavailable(Problem("B005", parameters={"file": path}))
    return error


def _violation(text: str, code: int) -> Violation:
    kind = {
        sqlite3.SQLITE_CONSTRAINT_UNIQUE: "unique",
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: "unique",
        sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: "foreign",
        sqlite3.SQLITE_CONSTRAINT_NOTNULL: "empty",
    }.get(code, "check")
    table, columns = "", []
    if ":" in text:
        for name in text.split(":", 1)[1].split(","):
            table, _, column = name.strip().partition(".")
            columns.append(column)
    return Violation(kind, table, columns)

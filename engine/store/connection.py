"""One open transaction, seen from a turn. Floor: 3."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from engine.store.statement import Statements, insert_text

#: New rows that wait which are looked at one by one.
LOOKED_THROUGH = 64
#: Takes the rows about to be written to a table, in order, and gives them as they are to be written (audit: sealed).
Seal = Callable[["Connection", list[tuple[Any, ...]]], list[tuple[Any, ...]]]


class Violation(Exception):
    """A constraint said no. ``kind``: unique, foreign, empty or check; ``table``, ``columns`` where the database names them."""

    def __init__(self, kind: str, table: str = "", columns: Sequence[str] = (), constraint: str = "") -> None:
        super().__init__(f"{kind} {table} {', '.join(columns)} {constraint}".strip())
        self.kind = kind
        self.table = table
        self.columns = tuple(columns)
        self.constraint = constraint


class Again(Exception):
    """The transaction is lost through nobody's fault; run it again."""


class Careless(Again):
    """Something written has to be taken back, and no savepoint was set before it: run again, with savepoints. ``whole``
    says that it is all of the turn that is taken back."""

    def __init__(self, whole: bool) -> None:
        super().__init__("something written is taken back")
        self.whole = whole


class _Frame:
    """What a savepoint must remember to take everything after it back."""

    __slots__ = ("flushed", "hooks", "marks", "touched", "writes")

    def __init__(self, marks: dict[str, int], hooks: int, touched: frozenset[str], writes: int) -> None:
        self.marks = marks
        self.flushed: dict[str, list[tuple[Any, ...]]] = {}
        self.hooks = hooks
        self.touched = touched
        self.writes = writes


class _Savepoint:
    """A block of which everything is kept or taken back."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection._enter()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._connection._leave(back=kind is not None)


class Connection:
    """Statements against one transaction. ``dialect`` is sqlite or postgresql; ``first_stripe`` is where it looks first
    for a number to write under (``stripes``).

    ``contested`` names what an earlier attempt at this turn read too early. ``cache`` lives as long as the transaction and is emptied when a savepoint is taken back, because what was read
    in between may not be true any more. ``careful`` sets real savepoints. Nearly nothing is ever taken back, and a savepoint
    costs a copy of every page that is written after it, or two round trips: so the first attempt goes without, and where
    something written has to be taken back after all, ``broken`` says Careless and the transaction is run again with care.
    A ``broken`` one takes no statement any more, whoever caught what it raised: the database may have thrown the transaction
    away, and what is written after that would stand alone, at once.
    Not for use by two threads at once.
    """

    __slots__ = (
        "_frames",
        "_fresh",
        "_hooks",
        "_level",
        "_logs",
        "_pending",
        "_raw",
        "_statements",
        "_translate",
        "_writes",
        "broken",
        "cache",
        "careful",
        "contested",
        "dialect",
        "first_stripe",
        "touched",
    )

    def __init__(
        self,
        raw: Any,
        statements: Statements,
        translate: Callable[[BaseException], BaseException],
        first_stripe: int = 0,
    ) -> None:
        self._raw = raw
        self._statements = statements
        self._translate = translate
        self._pending: dict[str, list[tuple[Any, ...]]] = {}
        self._logs: dict[str, tuple[str, Seal | None]] = {}
        self._fresh: dict[str, tuple[str, dict[int, list[Any]]]] = {}
        self._frames: list[_Frame] = []
        self._hooks: list[Callable[[], None]] = []
        self._level = 0
        self.dialect = statements.driver
        self.cache: dict[Any, Any] = {}
        self.touched: set[str] = set()
        self.first_stripe = first_stripe
        self.broken: BaseException | None = None
        self.careful = True
        self._writes = 0
        self.contested: set[Any] = set()

    # --- statements

    def execute(self, statement: Any, params: Any = ()) -> list[tuple[Any, ...]]:
        """All rows (none for a statement that gives none). A text has ``?`` for each of a sequence of parameters; a
        SQLAlchemy statement takes a mapping for its named ones."""
        cursor, shape = self._run(statement, params)
        if cursor.description is None:
            return []
        rows: list[tuple[Any, ...]] = shape.read(cursor.fetchall())
        return rows

    def one(self, statement: Any, params: Any = ()) -> tuple[Any, ...] | None:
        """The first row, or None."""
        cursor, shape = self._run(statement, params)
        row = cursor.fetchone()
        return None if row is None else shape.read([row])[0]

    def scalar(self, statement: Any, params: Any = ()) -> Any:
        """The first cell of the first row, or None."""
        row = self.one(statement, params)
        return None if row is None else row[0]

    def change(self, statement: Any, params: Any = ()) -> int:
        """How many rows an update or delete touched."""
        cursor, _ = self._run(statement, params)
        return int(cursor.rowcount)

    def insert(self, statement: Any, params: Any = ()) -> int:
        """The id an insert was given. The table's key is called ``id``."""
        if self.dialect == "sqlite":
            cursor, _ = self._run(statement, params)
            return int(cursor.lastrowid)
        cursor, _ = self._run(f"{statement} RETURNING id", params)
        return int(cursor.fetchone()[0])

    def beside(self, statement: str, params: Any = ()) -> list[tuple[Any, ...]]:
        """All rows of a question whose answer none of the new rows that wait (see ``hold``) is part of: they go on
        waiting."""
        sql, values, shape = self._statements.ready(statement, params)
        if self._pending and not shape.tables.isdisjoint(self._pending):
            self.flush(shape.tables)
        if self.broken is not None:
            raise self.broken
        try:
            return shape.read(self._raw.execute(sql, values).fetchall())
        except Exception as error:
            raise self._explained(error) from error

    def many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """One text statement for many rows."""
        sql, _, shape = self._statements.ready(statement, ())
        if self._pending and not shape.tables.isdisjoint(self._pending):
            self.flush(shape.tables)
        self.settle()
        self._many(sql, rows)

    def stream(self, statement: Any, params: Any = (), size: int = 1000) -> Iterator[list[tuple[Any, ...]]]:
        """The rows in lots, without holding all of them."""
        sql, values, shape = self._statements.ready(statement, params)
        if self._pending and not shape.tables.isdisjoint(self._pending):
            self.flush(shape.tables)
        self.settle()
        if self.broken is not None:
            raise self.broken
        try:
            if self.dialect == "sqlite":
                cursor = self._raw.execute(sql, values)
            else:
                cursor = self._raw.cursor(name="fl_stream")
                cursor.execute(sql, values)
            with contextlib.closing(cursor):
                while rows := cursor.fetchmany(size):
                    yield shape.read(rows)
        except Exception as error:
            raise self._explained(error) from error

    def _run(self, statement: Any, params: Any) -> tuple[Any, Any]:
        sql, values, shape = self._statements.ready(statement, params)
        if self._pending and not shape.tables.isdisjoint(self._pending):
            self.flush(shape.tables)
        if self._fresh and not shape.words.isdisjoint(self._fresh):
            self.settle()
        if shape.writes:
            self._writes += 1
        if self.broken is not None:
            raise self.broken
        try:
            return self._raw.execute(sql, values), shape
        except Exception as error:
            raise self._explained(error) from error

    def _explained(self, error: BaseException) -> BaseException:
        explained = self._translate(error)
        if not isinstance(explained, Violation) and explained is not error:
            self.broken = explained
        return explained

    # --- rows that wait for the commit

    @property
    def may_hold(self) -> bool:
        """True where a new row may wait for what its turn still makes of it: one writer, nothing to be taken back."""
        return self.dialect == "sqlite" and not self.careful

    def hold(self, table: str, insert: str, id: int, row: list[Any]) -> None:
        """A new row whose every link is known to be good and whose values nobody else may have: written as soon as a
        statement names its table, or before the commit. Rules give a record its owner and its dates right after it is
        made; each would be an update of all its indexes."""
        found = self._fresh.get(table)
        if found is None:
            found = self._fresh[table] = (insert, {})
        found[1][id] = row
        self._writes += 1

    def held(self, table: str, id: int) -> list[Any] | None:
        """The row, while it waits; what is put into it is written with it."""
        found = self._fresh.get(table)
        row = found[1].get(id) if found is not None else None
        if row is not None:
            self._writes += 1
        return row

    def waits_for(self, table: str, id: int) -> bool:
        """Whether the record of that number is one of the new rows that wait."""
        found = self._fresh.get(table)
        return found is not None and id in found[1]

    def waits(self, table: str, cells: Sequence[tuple[int, Any]]) -> bool:
        """Whether one of the new rows that wait may have these cells, by place; many of them are not looked through."""
        found = self._fresh.get(table)
        if found is None:
            return False
        rows = found[1].values()
        return len(rows) > LOOKED_THROUGH or any(all(_alike(row[at], cell) for at, cell in cells) for row in rows)

    def behind(self, table: str) -> Sequence[str]:
        """The tables whose new rows wait to be written after those of this one, in order."""
        if table not in self._fresh:
            return ()
        names = list(self._fresh)
        return names[names.index(table) + 1 :]

    def settle(self) -> None:
        """Write the new rows that wait."""
        while self._fresh:
            insert, rows = self._fresh.pop(next(iter(self._fresh)))
            self._many(self._statements.ready(insert, ())[0], list(rows.values()))

    def append(
        self, table: str, names: Sequence[str], row: tuple[Any, ...], seal: Seal | None = None, statement: str = ""
    ) -> None:
        """Add a row to a log-like table (a system table without constraints): written together with the others of the
        group just before the commit, or as soon as a statement reads that table. ``statement`` writes one where that is
        not a plain insert of these columns."""
        waiting = self._pending.get(table)
        if waiting is None:
            waiting = self._pending[table] = []
            self._logs[table] = (statement or insert_text(table, names), seal)
        waiting.append(row)

    def flush(self, tables: frozenset[str] | None = None) -> None:
        """Write the rows that wait, of these tables or of all."""
        if tables is None:
            self.settle()
        for table in [name for name in self._pending if tables is None or name in tables]:
            statement, seal = self._logs[table]
            rows = self._pending.pop(table)
            for frame in self._frames:
                mark = frame.marks.pop(table, 0)
                if mark:
                    frame.flushed[table] = rows[:mark]
            if not rows:
                continue
            if seal is not None:
                rows = seal(self, rows)
            sql, _, _ = self._statements.ready(statement, ())
            self._many(sql, rows)

    def _many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._writes += 1
        if self.broken is not None:
            raise self.broken
        try:
            if self.dialect == "sqlite":
                self._raw.executemany(sql, rows)
            else:
                with self._raw.cursor() as cursor:
                    cursor.executemany(sql, rows)
        except Exception as error:
            raise self._explained(error) from error

    # --- taking back

    def savepoint(self) -> contextlib.AbstractContextManager[None]:
        """Everything inside is kept, or, when an exception leaves the block, taken back (and the exception goes on)."""
        return _Savepoint(self)

    def _enter(self) -> None:
        if self.careful:
            self._mark(f"SAVEPOINT s{self._level}")
        self._level += 1
        marks = dict(zip(self._pending, map(len, self._pending.values()), strict=True))
        self._frames.append(_Frame(marks, len(self._hooks), frozenset(self.touched), self._writes))

    def _mark(self, sql: str) -> None:
        if self.broken is not None:
            raise self.broken
        try:
            self._raw.execute(sql)
        except Exception as error:
            raise self._explained(error) from error

    def _leave(self, back: bool) -> None:
        frame = self._frames.pop()
        self._level -= 1
        if not back:
            if self.careful:
                self._mark(f"RELEASE SAVEPOINT s{self._level}")
            return
        self._restore(frame)
        if not self.careful:
            if self._writes != frame.writes:
                self.broken = self.broken or Careless(self._level == 0)
            return
        try:
            self._raw.execute(f"ROLLBACK TO SAVEPOINT s{self._level}")
            self._raw.execute(f"RELEASE SAVEPOINT s{self._level}")
        except Exception as error:
            # The database already threw the whole transaction away (disk full, connection lost): nobody may commit.
            self.broken = self.broken or self._translate(error)

    def _restore(self, frame: _Frame) -> None:
        for table, rows in list(self._pending.items()):
            self._pending[table] = rows[: frame.marks.get(table, 0)]
        self._pending.update(frame.flushed)
        del self._hooks[frame.hooks :]
        self.touched = set(frame.touched)
        self.cache.clear()

    def contest(self, key: Any) -> NoReturn:
        """What was read is not true any more, so what follows from it may not be written: the turn is run again, and finds
        ``key`` among ``contested``."""
        self.contested.add(key)
        self.broken = self.broken or Again(f"{key} was changed by another turn")
        raise self.broken

    # --- after

    def touch(self, entity: str) -> None:
        """Records of this entity change with this transaction: its change counter moves at the commit."""
        self.touched.add(entity)

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Call ``hook`` once what was written is durable; never when it is taken back."""
        self._hooks.append(hook)

    def take_hooks(self) -> list[Callable[[], None]]:
        """The hooks since the last call, for whoever commits."""
        hooks, self._hooks = self._hooks, []
        return hooks


def _alike(cell: Any, sought: Any) -> bool:
    """Whether the database may take them for equal: a number it is asked for finds the text, too."""
    return cell == sought or (cell is not None and sought is not None and type(cell) is not type(sought))

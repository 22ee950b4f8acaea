"""A statement compiled once: driver SQL and the order of its parameters. Floor: 3.

SQLAlchemy's own execution costs several times what SQLite needs for a small statement. Here a statement is compiled
once per shape; afterwards a call is a dictionary look-up and the driver's own execute.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

#: How many shapes are kept before the oldest is forgotten; a site has some hundreds.
SHAPES = 4096


@dataclass(frozen=True, slots=True)
class Shape:
    """What the driver needs to know of a statement, whatever its values."""

    sql: str
    tables: frozenset[str]
    words: frozenset[str]
    """Everything it names, tables among it."""
    names: tuple[str, ...] = ()
    decode: tuple[tuple[int, Callable[[Any], Any]], ...] = ()
    compiled: Any = None
    writes: bool = True
    """False for what certainly only reads."""

    def read(self, rows: list[Any]) -> list[tuple[Any, ...]]:
        """Rows with their booleans and the like as Python values."""
        if not self.decode:
            return rows
        shown = []
        for row in rows:
            cells = list(row)
            for position, process in self.decode:
                cells[position] = process(cells[position])
            shown.append(tuple(cells))
        return shown


class Statements:
    """The shapes known so far, shared by all connections of a database. ``driver`` is sqlite or postgresql."""

    def __init__(self, driver: str) -> None:
        self.driver = driver
        self.dialect = dialect_of(driver)
        self._texts: dict[str, Shape] = {}
        self._shapes: dict[Any, Shape] = {}
        self._lock = threading.Lock()

    def ready(self, statement: Any, params: Any) -> tuple[str, Sequence[Any], Shape]:
        """Driver SQL, parameters in its order, and the shape.

        A text has ``?`` for each parameter on both databases and takes a sequence; a SQLAlchemy statement takes a
        mapping for its named parameters and carries its literals itself.
        """
        if isinstance(statement, str):
            shape = self._texts.get(statement)
            if shape is None:
                shape = self._text(statement)
            return shape.sql, params, shape
        return self._bound(statement, params)

    def _text(self, statement: str) -> Shape:
        sql = statement
        if self.driver == "postgresql":
            sql = statement.replace("%", "%%").replace("?", "%s")
        words = words_of(statement)
        shape = Shape(sql, named_tables(words), words, writes=not statement.lstrip().upper().startswith("SELECT"))
        with self._lock:
            if len(self._texts) >= SHAPES:
                self._texts.clear()
            self._texts[statement] = shape
        return shape

    def _bound(self, statement: Any, params: Any) -> tuple[str, Sequence[Any], Shape]:
        key = statement._generate_cache_key()
        written = tuple(params) if params and getattr(statement, "is_dml", False) else ()
        place = (key.key, written) if key is not None else None
        shape = self._shapes.get(place) if place is not None else None
        if shape is None:
            shape = self._compile(statement, key, written)
            if place is not None:
                with self._lock:
                    if len(self._shapes) >= SHAPES:
                        self._shapes.clear()
                    self._shapes[place] = shape
        compiled = shape.compiled
        extracted = key.bindparams if key is not None else None
        values = compiled.construct_params(dict(params) if params else None, extracted_parameters=extracted)
        encode = compiled._bind_processors
        sql, order = shape.sql, shape.names
        if compiled.post_compile_params or compiled.literal_execute_params:
            expanded = compiled._process_parameters_for_postcompile(values)
            sql, order = expanded.statement, expanded.positiontup
            values = expanded.parameters
            encode = {**encode, **expanded.processors}
        if encode:
            return sql, [encode[n](values[n]) if n in encode else values[n] for n in order], shape
        return sql, [values[name] for name in order], shape

    def _compile(self, statement: Any, key: Any, written: tuple[str, ...]) -> Shape:
        compiled = statement.compile(dialect=self.dialect, cache_key=key, column_keys=list(written) or None)
        decode = []
        for position, column in enumerate(getattr(compiled, "_result_columns", None) or ()):
            if self.driver == "postgresql" and isinstance(column.type, (sa.Numeric, sa.Float)):
                # SQLAlchemy would ask the cursor for the column's type; what comes is a number either way.
                process: Any = None if getattr(column.type, "asdecimal", False) else _as_float
            else:
                process = column.type._cached_result_processor(self.dialect, None)
            if process is not None:
                decode.append((position, process))
        tables = frozenset(t.name for t in visitors.iterate(statement) if isinstance(t, sa.Table))
        reads = bool(getattr(statement, "is_select", False))
        words = words_of(compiled.string)
        return Shape(
            compiled.string, tables, words, tuple(compiled.positiontup or ()), tuple(decode), compiled, not reads
        )


def insert_text(table: str, names: Sequence[str]) -> str:
    """``INSERT INTO "t" ("a", "b") VALUES (?, ?)``."""
    columns = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join("?" * len(names))})'


class _Wide(sa.BigInteger):
    """A whole number among a statement's parameters."""

    render_bind_cast = True


def words_of(text: str) -> frozenset[str]:
    """Every word of a statement, without signs and quotes."""
    return frozenset(
        text.replace('"', " ").replace("(", " ").replace(")", " ").replace(",", " ").replace(".", " ").split()
    )


def named_tables(words: frozenset[str]) -> frozenset[str]:
    """The system tables among the words of a statement: those whose rows may wait in a buffer."""
    return frozenset(word for word in words if word.startswith("fl_"))


def dialect_of(driver: str) -> Any:
    """The SQLAlchemy dialect with positional parameters."""
    if driver == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.dialect(paramstyle="qmark")  # type: ignore[no-untyped-call, unused-ignore]
    from sqlalchemy.dialects.postgresql import psycopg

    dialect: Any = psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call, unused-ignore]
    # A whole number is sent as BIGINT: an instant in microseconds does not fit the INTEGER SQLAlchemy would say.
    dialect.colspecs = {**dialect.colspecs, sa.Integer: _Wide}
    return dialect


def _as_float(value: Any) -> float | None:
    return None if value is None else float(value)

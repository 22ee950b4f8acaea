"""Expression to SQL, with the answers Python gives, on SQLite and PostgreSQL. Floor: 2.

``compile_condition`` is for WHERE and FILTER: NULL counts as false there, so comparisons stand bare (``stage = ?``) and
the database may use its indexes. Under ``not``, and wherever the truth itself is the value, a comparison that may be
NULL is wrapped (``coalesce(stage = ?, false)``), because there NULL and false part ways. That is the whole of the
polarity rule: bare in positive position, wrapped in negative position or as a value.
"""

from __future__ import annotations

from engine.expression.sql.compile import compile_condition, compile_sql, compile_value
from engine.expression.sql.refusals import refusals
from engine.expression.sql.scope import History, Rows, SqlScope, Tables, bind, decode, encode

__all__ = [
    "History",
    "Rows",
    "SqlScope",
    "Tables",
    "bind",
    "compile_condition",
    "compile_sql",
    "compile_value",
    "decode",
    "encode",
    "refusals",
]

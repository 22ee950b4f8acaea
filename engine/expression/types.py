"""The types an expression can have, the scope its names come from, and the check against both. Floor: 2."""

from __future__ import annotations

from engine.expression.check import check
from engine.expression.scope import (
    ADDRESS,
    ANY,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    MONEY,
    NONE,
    NUMBER,
    TEXT,
    TIME,
    YES_NO,
    Callee,
    Functions,
    Scope,
    Type,
    join,
    list_of,
    record_of,
)

__all__ = [
    "ADDRESS",
    "ANY",
    "DATE",
    "DATETIME",
    "DURATION",
    "INTEGER",
    "MONEY",
    "NONE",
    "NUMBER",
    "TEXT",
    "TIME",
    "YES_NO",
    "Callee",
    "Functions",
    "Scope",
    "Type",
    "check",
    "join",
    "list_of",
    "record_of",
]

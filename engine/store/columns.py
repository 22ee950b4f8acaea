"""The SQL types every column is made of, the same meaning on both databases. Floor: 3."""

from __future__ import annotations

import functools
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


class JsonText(sa.types.UserDefinedType[str]):
    """JSON that enters and leaves as text: TEXT on SQLite, JSONB on PostgreSQL. Values are encoded by the field type."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: Any) -> str:
        """The name where no dialect says otherwise."""
        return "TEXT"


@compiles(JsonText, "postgresql")  # type: ignore[no-untyped-call, untyped-decorator, unused-ignore]
def _jsonb(_type: JsonText, _compiler: Any, **_: Any) -> str:
    return "JSONB"


@functools.cache
def text() -> sa.types.TypeEngine[Any]:
    """Text that sorts by code point on both databases, so that a sorted page is the same page."""
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def integer() -> sa.types.TypeEngine[Any]:
    """64 bits; also instants, spans (microseconds) and money (ten-thousandths)."""
    return sa.BigInteger()


def number() -> sa.types.TypeEngine[Any]:
    """A double."""
    return sa.Double()


def yes_no() -> sa.types.TypeEngine[Any]:
    """A boolean; SQLite keeps 0 and 1."""
    return sa.Boolean()


def json() -> sa.types.TypeEngine[Any]:
    """JSON as text for the driver."""
    return JsonText()


@functools.cache
def key() -> sa.types.TypeEngine[Any]:
    """A record's own id: SQLite wants exactly INTEGER for a row id."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def bytes_() -> sa.types.TypeEngine[Any]:
    """Raw bytes."""
    return sa.LargeBinary()

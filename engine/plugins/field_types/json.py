"""json. Floor: 4."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.expression.types import ANY, Type
from engine.model.entity import Field
from engine.plugins.slots import FieldType, Unclean

#: Bytes of one value at most.
LARGEST = 1_000_000


class Json(FieldType):
    """Whatever JSON can say: what another system sent, kept as it came."""

    name = "json"
    title = {"zh": "JSON", "en": "JSON"}
    example = "raw: {type: json}"

    def type_of(self, field: Field) -> Type:
        """any"""
        return ANY

    def column(self, field: Field) -> Any:
        """JSON"""
        from engine.store import columns

        return columns.json()

    def clean(self, field: Field, value: Any) -> Any:
        """The value, plain. R040 for what JSON cannot say (NaN among it), R002 for too much, R004 for NUL."""
        if value is None or value == "":
            return None
        import orjson

        try:
            text = orjson.dumps(value, default=_said)
            plain = orjson.loads(text)
        except (orjson.JSONEncodeError, RecursionError):
            raise Unclean("R040") from None
        if len(text) > LARGEST:
            raise Unclean("R002", most=LARGEST, length=len(text))
        if b"\\u0000" in text and _nul(plain):
            raise Unclean("R004")
        if _lost(value, plain):
            raise Unclean("R014")
        return plain

    def to_store(self, value: Any) -> Any:
        """JSON text."""
        import orjson

        return None if value is None else orjson.dumps(value).decode()

    def from_store(self, value: Any) -> Any:
        """The value."""
        import orjson

        return None if value is None else orjson.loads(value)

    def show(self, field: Field, value: Any, language: str) -> str:
        """JSON text."""
        return self.to_store(value) or ""


def _said(value: Any) -> Any:
    """What an expression may give and JSON has no word for: amounts as text with their places, spans as seconds."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


def _nul(value: Any) -> bool:
    """True where a text holds a NUL, which PostgreSQL cannot keep."""
    if isinstance(value, dict):
        return any("\x00" in key or _nul(one) for key, one in value.items())
    if isinstance(value, list):
        return any(_nul(one) for one in value)
    return isinstance(value, str) and "\x00" in value


def _lost(value: Any, plain: Any) -> bool:
    """True where a NaN or infinity became null on the way."""
    if plain is None:
        return value is not None
    if isinstance(value, dict):
        return any(_lost(one, plain[str(key)]) for key, one in value.items() if str(key) in plain)
    if isinstance(value, (list, tuple)):
        return any(_lost(one, other) for one, other in zip(value, plain, strict=True))
    return False

"""date. Floor: 4."""

from __future__ import annotations

import datetime as dt
from typing import Any

from engine.expression.types import DATE, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType


class Date(FieldType):
    """A day."""

    name = "date"
    title = {"zh": "日期", "en": "Date"}
    example = "expected_on: {type: date, min: 2020-01-01}"

    def type_of(self, field: Field) -> Type:
        """date"""
        return DATE

    def column(self, field: Field) -> Any:
        """TEXT: 2026-01-05, which sorts as it should."""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> dt.date | None:
        """The day. R021 when it is none, R022 when there is no such day, R012 and R013 out of bounds."""
        if entered.is_empty(value):
            return None
        return entered.bounded(field, entered.date_of(value), entered.date_of)  # type: ignore[no-any-return]

    def to_store(self, value: Any) -> Any:
        """2026-01-05"""
        return None if value is None else value.isoformat()

    def from_store(self, value: Any) -> Any:
        """The day."""
        return None if value is None else dt.date.fromisoformat(value)

    def to_json(self, value: Any) -> Any:
        """2026-01-05"""
        return self.to_store(value)

    def show(self, field: Field, value: Any, language: str) -> str:
        """2026-01-05"""
        return "" if value is None else value.isoformat()

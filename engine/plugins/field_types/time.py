"""time. Floor: 4."""

from __future__ import annotations

import datetime as dt
from typing import Any

from engine.expression.types import TIME, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType


def _read(value: Any) -> dt.time:
    return entered.time_of(value).replace(second=0, microsecond=0, tzinfo=None)


class Time(FieldType):
    """A time of day, to the minute."""

    name = "time"
    title = {"zh": "时间", "en": "Time"}
    example = 'call_after: {type: time, min: "09:00"}'

    def type_of(self, field: Field) -> Type:
        """time"""
        return TIME

    def column(self, field: Field) -> Any:
        """TEXT: 18:00"""
        from engine.store import columns

        return columns.text()

    def clean(self, field: Field, value: Any) -> dt.time | None:
        """The time. R023 when it is none, R012 and R013 out of bounds."""
        if entered.is_empty(value):
            return None
        return entered.bounded(field, _read(value), _read)  # type: ignore[no-any-return]

    def to_store(self, value: Any) -> Any:
        """18:00"""
        return None if value is None else value.strftime("%H:%M")

    def from_store(self, value: Any) -> Any:
        """The time."""
        return None if value is None else dt.time.fromisoformat(value)

    def to_json(self, value: Any) -> Any:
        """18:00"""
        return self.to_store(value)

    def show(self, field: Field, value: Any, language: str) -> str:
        """18:00"""
        return "" if value is None else value.strftime("%H:%M")

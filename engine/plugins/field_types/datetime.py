"""datetime. Floor: 4."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any
from zoneinfo import ZoneInfo

from engine.clock import UTC
from engine.expression.types import DATETIME, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean
from engine.store.encode import instant, micros


@functools.lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone_of(field: Field) -> ZoneInfo:
    """The time zone in which this field is typed and shown (option ``timezone``; China's by default)."""
    return _zone(field.options.get("timezone", "Asia/Shanghai"))


# A record holds the instant of its turn several times over. Equal instants of one zone are written alike; those of two zones
# are equal as well, so ``_iso`` is for UTC alone.
@functools.lru_cache(maxsize=256)
def _iso(value: dt.datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


@functools.lru_cache(maxsize=256)
def _local(value: dt.datetime, zone: ZoneInfo) -> str:
    local = value.astimezone(zone)
    return f"{local.year}-{local.month:02}-{local.day:02} {local.hour:02}:{local.minute:02}"


class DateTime(FieldType):
    """An instant. Typed and shown in local time, kept in UTC to the microsecond."""

    name = "datetime"
    title = {"zh": "日期时间", "en": "Date and time"}
    params = {"type": "object", "properties": {"timezone": {"type": "string"}}, "additionalProperties": False}
    example = "contacted_at: {type: datetime}"

    def type_of(self, field: Field) -> Type:
        """datetime"""
        return DATETIME

    def column(self, field: Field) -> Any:
        """BIGINT: microseconds since 1970, UTC."""
        from engine.store import columns

        return columns.integer()

    def clean(self, field: Field, value: Any) -> dt.datetime | None:
        """An aware instant in UTC. R024 when it is none, R022 when there is no such day, R012 and R013 out of bounds."""
        if type(value) is dt.datetime and value.tzinfo is UTC:
            found = value
        elif entered.is_empty(value):
            return None
        else:
            found = self._read(field, value)
        if field.min is None and field.max is None:
            return found
        return entered.bounded(field, found, lambda bound: self._read(field, bound))  # type: ignore[no-any-return]

    def _read(self, field: Field, value: Any) -> dt.datetime:
        if isinstance(value, dt.datetime):
            moment = value
        elif isinstance(value, dt.date):
            moment = dt.datetime.combine(value, dt.time())
        else:
            moment = self._written(entered.narrow(entered.text_of(value)))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone_of(field))
        try:
            return moment.astimezone(UTC)
        except (OverflowError, ValueError):
            raise Unclean("R024", value=str(value)[:40]) from None

    def _written(self, text: str) -> dt.datetime:
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            parts = entered.split_moment(text)
        if parts is None:
            raise Unclean("R024", value=text[:40])
        return dt.datetime.combine(*parts)

    def to_store(self, value: Any) -> Any:
        """Microseconds since 1970."""
        return None if value is None else micros(value)

    def from_store(self, value: Any) -> Any:
        """The instant."""
        return None if value is None else instant(value)

    def to_json(self, value: Any) -> Any:
        """``2026-01-05T01:00:00Z``"""
        if value is None:
            return None
        return _iso(value) if value.tzinfo is UTC else value.isoformat().replace("+00:00", "Z")

    def show(self, field: Field, value: Any, language: str) -> str:
        """``2026-01-05 09:00`` in local time."""
        return "" if value is None else _local(value, zone_of(field))

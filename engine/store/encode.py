"""Instants and JSON as the system tables keep them. Floor: 3."""

from __future__ import annotations

import datetime as dt
import functools
from decimal import Decimal
from typing import Any

import orjson

from engine.clock import UTC

EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_SORTED = orjson.OPT_SORT_KEYS
_ANY_KEYS = _SORTED | orjson.OPT_NON_STR_KEYS


# Nearly everything a turn writes down is of one instant: its own.
@functools.lru_cache(maxsize=64)
def micros(moment: dt.datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (moment - EPOCH) // _MICROSECOND


def moment(value: int | None) -> dt.datetime | None:
    """The instant behind microseconds since 1970; None stays None."""
    return None if value is None else EPOCH + value * _MICROSECOND


def instant(value: int) -> dt.datetime:
    """The instant behind microseconds since 1970."""
    return EPOCH + value * _MICROSECOND


def to_text(value: Any) -> str | None:
    """JSON text with sorted keys; None stays None. Dates and decimals become text."""
    if value is None:
        return None
    try:
        return orjson.dumps(value, default=_plain, option=_SORTED).decode()
    except TypeError:
        # Keys that are no text: asked for only now, for with the option every key takes twice as long.
        return orjson.dumps(value, default=_plain, option=_ANY_KEYS).decode()


def from_text(value: Any) -> Any:
    """What JSON text says; None stays None."""
    return None if value is None else orjson.loads(value)


def _plain(value: Any) -> Any:
    if type(value) is Decimal:
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "items"):
        return dict(value)
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return str(value)

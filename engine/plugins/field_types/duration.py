"""duration. Floor: 4."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from engine.expression.types import DURATION, Type
from engine.model.entity import Field
from engine.plugins import entered
from engine.plugins.slots import FieldType, Unclean

MICROSECOND = dt.timedelta(microseconds=1)
_UNITS: Mapping[str, float] = {
    **dict.fromkeys(("w", "周", "星期"), 604800),
    **dict.fromkeys(("d", "天", "日"), 86400),
    **dict.fromkeys(("h", "小时", "个小时", "时"), 3600),
    **dict.fromkeys(("m", "min", "分钟", "分"), 60),
    **dict.fromkeys(("s", "秒", "秒钟"), 1),
}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(" + "|".join(sorted(_UNITS, key=len, reverse=True)) + r")\s*")
_SHOWN = ((86400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min"), (1, "秒", "s"))


def _read(value: Any) -> dt.timedelta:
    if isinstance(value, dt.timedelta):
        return value
    if not isinstance(value, str) and hasattr(value, "delta"):
        delta: dt.timedelta = value.delta
        return delta
    text = entered.narrow(entered.text_of(value)).lower()
    sign = -1 if text.startswith("-") else 1
    rest = text.lstrip("+-")
    parts = _PART.findall(rest)
    if not parts or _PART.sub("", rest):
        raise Unclean("R026", value=text[:40])
    try:
        return sign * sum((dt.timedelta(seconds=float(n) * _UNITS[unit]) for n, unit in parts), dt.timedelta())
    except OverflowError:
        raise Unclean("R026", value=text[:40]) from None


class DurationField(FieldType):
    """A span of time, always with its unit: ``30m``, ``4h``, ``2小时30分钟``."""

    name = "duration"
    title = {"zh": "时长", "en": "Duration"}
    example = "call_length: {type: duration, max: 4h}"

    def type_of(self, field: Field) -> Type:
        """duration"""
        return DURATION

    def column(self, field: Field) -> Any:
        """BIGINT: microseconds."""
        from engine.store import columns

        return columns.integer()

    def clean(self, field: Field, value: Any) -> dt.timedelta | None:
        """The span. R026 when it is none or has no unit, R012 and R013 out of bounds."""
        if entered.is_empty(value):
            return None
        return entered.bounded(field, _read(value), _read)  # type: ignore[no-any-return]

    def to_store(self, value: Any) -> Any:
        """Microseconds."""
        return None if value is None else value // MICROSECOND

    def from_store(self, value: Any) -> Any:
        """The span."""
        return None if value is None else dt.timedelta(microseconds=value)

    def to_json(self, value: Any) -> Any:
        """``2h30m``: what ``clean`` takes again."""
        return None if value is None else "".join(f"{n}{short}" for n, _, short in _parts(value, minute="m"))

    def show(self, field: Field, value: Any, language: str) -> str:
        """``2 小时 30 分钟``"""
        if value is None:
            return ""
        return " ".join(f"{n} {zh if language == 'zh' else en}" for n, zh, en in _parts(value))


def _parts(value: dt.timedelta, minute: str = "min") -> list[tuple[str, str, str]]:
    left = abs(value // MICROSECOND)
    found = []
    for seconds, zh, en in _SHOWN:
        count, left = divmod(left, seconds * 1_000_000) if seconds > 1 else (left / 1_000_000, 0)
        if count:
            found.append((f"{count:.6f}".rstrip("0").rstrip(".") if seconds == 1 else str(count), zh, en))
    found = [(n, zh, minute if en == "min" else en) for n, zh, en in found] or [("0", "秒", "s")]
    if value < dt.timedelta():
        found[0] = (f"-{found[0][0]}", *found[0][1:])
    return found

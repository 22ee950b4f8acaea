"""The filters of templates: what makes a value readable. None of them can grow a text beyond its bound. Floor: 2."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.expression import letters, live

MAX_TEXT = 64 * 1024

_DAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$"}
_UNITS: tuple[tuple[int, str, str], ...] = (
    (365 * 86400, "年", "year"), (30 * 86400, "个月", "month"), (86400, "天", "day"), (3600, "小时", "hour"),
    (60, "分钟", "minute"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """What the filters of one rendering know: the instant, the zone, the reader's language, the currency."""

    now: dt.datetime
    timezone: dt.tzinfo
    language: str = "zh"
    currency: str = "CNY"


def bounded(text: str) -> str:
    """The text, if it is not too long; OverflowError otherwise."""
    if len(text) > MAX_TEXT:
        raise OverflowError(f"{MAX_TEXT // 1024} KB")
    return text


def show(setting: Setting, value: Any) -> str:
    """A value as it stands in a text: dates in the site's zone, numbers without a tail, lists joined, empty as nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return ("是" if value else "否") if setting.language == "zh" else ("yes" if value else "no")
    if isinstance(value, dt.datetime):
        return value.astimezone(setting.timezone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.timedelta):
        return duration(setting, value)
    if isinstance(value, list | tuple):
        return bounded("、".join(show(setting, each) for each in value))
    if isinstance(value, Mapping):
        return show(setting, value.get("title") or value.get("name") or value.get("id"))
    return str(value)


def ago(setting: Setting, value: Any) -> str:
    """How long before now, in the largest unit: 3 天前; later than now: 3 天后."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        seconds = (setting.now - value).total_seconds()
    elif isinstance(value, dt.date):
        seconds = (setting.now.astimezone(setting.timezone).date() - value).days * 86400.0
    else:
        raise TypeError("ago")
    chinese = setting.language == "zh"
    for size, zh, en in _UNITS:
        count = int(abs(seconds) // size)
        if count:
            if chinese:
                return f"{count} {zh}{'前' if seconds > 0 else '后'}"
            words = f"{count} {en}{'' if count == 1 else 's'}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    if isinstance(value, dt.datetime):
        return "刚刚" if chinese else "just now"
    return "今天" if chinese else "today"


def date(setting: Setting, value: Any, pattern: str = "%Y-%m-%d") -> str:
    """A date or an instant of the site's zone by a pattern of ``strftime`` (``%m月%d日``)."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = value.astimezone(setting.timezone)
    if not isinstance(value, dt.date) or len(pattern) > 40:
        raise TypeError("date")
    return value.strftime(pattern)


def time(setting: Setting, value: Any) -> str:
    """The hour and minute of an instant in the site's zone."""
    if isinstance(value, dt.datetime):
        value = value.astimezone(setting.timezone).time()
    return "" if value is None else str(value.strftime("%H:%M"))


def weekday(setting: Setting, value: Any) -> str:
    """周一 … 周日, or Mon … Sun."""
    if value is None:
        return ""
    day = live.as_date(value, setting.timezone)
    index = int(day.weekday())
    return f"周{_DAYS['zh'][index]}" if setting.language == "zh" else _DAYS["en"][index]


def money(setting: Setting, value: Any, currency: str | None = None) -> str:
    """An amount with its sign and separators: ¥1,234.50."""
    if value is None:
        return ""
    amount = Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    code = currency or setting.currency
    return f"{'-' if amount < 0 else ''}{_SIGNS.get(code, code + ' ')}{abs(amount):,.2f}"


def number(setting: Setting, value: Any, places: int = 0) -> str:
    """A number with separators and so many places: 12,345.7."""
    if value is None:
        return ""
    step = Decimal(1).scaleb(-_small(places))
    return f"{Decimal(str(value)).quantize(step, ROUND_HALF_UP):,f}"


def percent(setting: Setting, value: Any, places: int = 0) -> str:
    """A share as per cent: 0.125 with one place is 12.5%."""
    return "" if value is None else f"{number(setting, Decimal(str(value)) * 100, places)}%"


def duration(setting: Setting, value: Any) -> str:
    """A span in its two largest units: 1 天 3 小时."""
    if value is None:
        return ""
    left, parts = int(abs(value.total_seconds())), []
    for size, zh, en in _UNITS[2:]:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {zh}" if setting.language == "zh" else f"{count} {en}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or ("0 分钟" if setting.language == "zh" else "0 minutes")


def default(setting: Setting, value: Any, other: Any = "") -> Any:
    """The other value where this one is empty."""
    return other if value is None or value == "" else value


def truncate(setting: Setting, value: Any, length: int = 80) -> str:
    """The first characters, with … where something was cut off."""
    text = show(setting, value)
    return text if len(text) <= length else text[: max(length - 1, 0)] + "…"


def replace(setting: Setting, value: Any, old: str, new: str) -> str:
    """The text with every ``old`` replaced; refused before it grows too long."""
    text = show(setting, value)
    if not old:
        return text
    size = len(text) + text.count(old) * (len(new) - len(old))
    if size > MAX_TEXT:
        raise OverflowError(f"{MAX_TEXT // 1024} KB")
    return text.replace(old, new)


def join(setting: Setting, value: Any, between: str = "、") -> str:
    """The elements of a list as one text."""
    words = [show(setting, each) for each in _list(value)]
    if sum(map(len, words)) + len(between) * len(words) > MAX_TEXT:
        raise OverflowError(f"{MAX_TEXT // 1024} KB")
    return between.join(words)


def field(setting: Setting, value: Any, name: str) -> list[Any]:
    """One field of every record of a list: ``orders | map('total') | sum``."""
    return [each.get(name) if isinstance(each, Mapping) else None for each in _list(value)]


def sort(setting: Setting, value: Any, name: str | None = None) -> list[Any]:
    """The list in order, by a field where one is named; the empty ones last."""
    pairs: list[tuple[Any, Any]] = [
        (each.get(name) if name and isinstance(each, Mapping) else each, each) for each in _list(value)
    ]
    filled = sorted((p for p in pairs if p[0] is not None), key=lambda p: p[0])
    return [each for _, each in filled] + [each for key, each in pairs if key is None]


def round_(setting: Setting, value: Any, places: int = 0) -> Any:
    """The number rounded to so many places, halves away from zero."""
    if value is None:
        return None
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-_small(places)), ROUND_HALF_UP)


def _small(places: Any) -> int:
    if not isinstance(places, int) or not 0 <= places <= 10:
        raise ValueError("0 … 10")
    return places


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not a list")


def _filled(value: Any) -> list[Any]:
    return [each for each in _list(value) if each is not None]


FILTERS: Mapping[str, Callable[..., Any]] = {
    "ago": ago, "date": date, "time": time, "weekday": weekday, "money": money, "number": number, "percent": percent,
    "duration": duration, "default": default, "truncate": truncate, "replace": replace, "join": join, "map": field,
    "sort": sort, "round": round_,
    "datetime": lambda s, v: show(s, v),
    "text": show,
    "upper": lambda s, v: show(s, v).upper(),
    "lower": lambda s, v: letters.lower(show(s, v)),
    "title": lambda s, v: show(s, v).title(),
    "capitalize": lambda s, v: show(s, v).capitalize(),
    "trim": lambda s, v: show(s, v).strip(),
    "length": lambda s, v: 0 if v is None else len(v),
    "first": lambda s, v: next(iter(_list(v)), None) if not isinstance(v, str) else v[:1],
    "last": lambda s, v: next(iter(reversed(_list(v))), None) if not isinstance(v, str) else v[-1:],
    "reverse": lambda s, v: list(reversed(_list(v))),
    "unique": lambda s, v: live.distinct(_list(v)),
    "sum": lambda s, v: sum(_filled(v)),
    "min": lambda s, v: min(_filled(v), default=None),
    "max": lambda s, v: max(_filled(v), default=None),
    "abs": lambda s, v: None if v is None else abs(v),
    "int": lambda s, v: None if v is None else int(v),
}  # fmt: skip

"""The small words every kind is written with: labels, durations, templates, steps. Floor: 3."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.errors import Where
from engine.expression.parse import Condition, Expression

_SECONDS: Mapping[str, int] = {
    "s": 1,
    "秒": 1,
    "m": 60,
    "min": 60,
    "分钟": 60,
    "h": 3600,
    "小时": 3600,
    "工作小时": 3600,
    "d": 86400,
    "天": 86400,
    "w": 604800,
    "周": 604800,
}
_UNIT = "mo|min|个月|工作小时|小时|分钟|[smhdw秒天周]"
_PART = re.compile(rf"(\d+(?:\.\d+)?)\s*({_UNIT})")
_SPAN = re.compile(rf"(?:\d+(?:\.\d+)?\s*(?:{_UNIT})\s*)+")

#: A literal as YAML gave it, or an Expression where the text began with ``=``.
Value = Any


@dataclass(frozen=True, slots=True)
class Label:
    """The words people see, in both languages; one text serves both."""

    zh: str = ""
    en: str = ""

    def text(self, language: str = "zh") -> str:
        """The words in that language, or in the other where there are none."""
        return (self.en or self.zh) if language == "en" else (self.zh or self.en)


@dataclass(frozen=True, slots=True)
class Duration:
    """A span as people write it. Seconds are exact but for months, which follow the calendar."""

    seconds: float = 0.0
    months: int = 0
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> Duration | None:
        """``30m``, ``4h``, ``1h30m``, ``7d``, ``2w``, ``6mo`` (also ``4 小时``, ``4 工作小时``), or None when it is none.

        A number needs its unit, and is never negative.
        """
        text = text.strip()
        if not _SPAN.fullmatch(text):
            return None
        seconds, months = 0.0, 0
        for number, unit in _PART.findall(text):
            if unit in ("mo", "个月"):
                if "." in number:
                    return None
                months += int(number)
            else:
                seconds += float(number) * _SECONDS[unit]
        return cls(seconds, months, text)

    @property
    def delta(self) -> dt.timedelta:
        """The span as a timedelta; a month counts as 30 days."""
        return dt.timedelta(seconds=self.seconds, days=30 * self.months)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Template:
    """Text with ``{{ }}``, for messages only. ``margin`` is what stands before each of its lines in the file."""

    text: str
    where: Where = field(default=Where(), compare=False)
    margin: int = field(default=0, compare=False)
    escape: ClassVar[str] = "text"


@dataclass(frozen=True, slots=True)
class Html(Template):
    """The same for the text of a mail in HTML: what is filled in is escaped."""

    escape: ClassVar[str] = "html"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. ``action`` names a step plugin; ``params`` are its parameters, their leaves already
    Expression, Condition, Template, Duration, Label or nested tuples of Step where the plugin's schema says so."""

    action: str
    params: Mapping[str, Any]
    id: str = ""
    if_: Condition | None = None
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a choice field."""

    name: str
    label: Label = Label()


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range a number is good (or bad) in; open where None."""

    above: float | None = None
    below: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What every kind has. ``pack`` is the pack it came from, or "custom"; ``where`` its place."""

    name: str
    label: Label = Label()
    summary: Label = Label()
    pack: str = "custom"
    where: Where = field(default=Where(), compare=False)


@functools.cache
def attributes(cls: type) -> tuple[str, ...]:
    """The names of a model class's attributes that hold values (its ``where`` does not); empty for any other class."""
    if not dataclasses.is_dataclass(cls):
        return ()
    return tuple(field.name for field in dataclasses.fields(cls) if field.name != "where")


__all__ = [
    "Bounds",
    "Choice",
    "Condition",
    "Document",
    "Duration",
    "Expression",
    "Html",
    "Label",
    "Step",
    "Template",
    "Value",
    "attributes",
]

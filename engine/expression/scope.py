"""What a type is, what an expression may name, and what a function looks like from here. Floor: 2."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Type:
    """``name`` is text, number, integer, money, yes_no, date, time, datetime, duration, address, list, record, any or none.

    ``of`` is a list's element type; ``entity`` names a record's entity; ``choices`` are the only words a text
    may be (choice and state fields), used for did-you-mean and not part of equality.
    """

    name: str
    of: Type | None = None
    entity: str | None = None
    choices: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        if self.name == "list" and self.of:
            return f"list of {self.of}"
        return self.entity or self.name


TEXT, NUMBER, INTEGER, MONEY = Type("text"), Type("number"), Type("integer"), Type("money")
YES_NO, DATE, TIME, DATETIME = Type("yes_no"), Type("date"), Type("time"), Type("datetime")
DURATION, ADDRESS, ANY, NONE = Type("duration"), Type("address"), Type("any"), Type("none")

NUMERIC = frozenset({"number", "integer", "money"})
ADDRESS_PARTS = ("province", "city", "district", "street")


def list_of(of: Type) -> Type:
    """The type of a list with elements of ``of``."""
    return Type("list", of=of)


def record_of(entity: str) -> Type:
    """The type of a record (or a link to one) of ``entity``."""
    return Type("record", entity=entity)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may name.

    ``names`` are the bare names (the fields of the record, ``me``, ``old``, ``param`` …); ``entities`` gives
    every entity's fields, for walking along links; ``parameters`` the types behind ``param.x``; ``entity`` is
    the entity whose record the bare names belong to (its ``id`` is needed to reach backlinks and history).
    """

    names: Mapping[str, Type] = field(default_factory=dict)
    entities: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    parameters: Mapping[str, Type] = field(default_factory=dict)
    entity: str | None = None

    def fields(self, entity: str | None) -> Mapping[str, Type]:
        """The fields of an entity by name; empty for one that is not known."""
        return self.entities.get(entity or "", {})

    def is_own(self, name: str) -> bool:
        """True when the bare name is a field of the scope's own record."""
        return self.entity is not None and name in self.fields(self.entity)


class Callee(Protocol):
    """A function of the language as checker, evaluator and SQL see it (``engine.plugins.slots.Function``)."""

    name: str
    signature: Sequence[str]
    keywords: Mapping[str, str]
    needs: Sequence[str]

    def returns(self, arguments: Sequence[Type]) -> Type:
        """The type of the result."""
        ...

    def call(self, *arguments: Any, **environment: Any) -> Any:
        """The result in Python."""
        ...

    def sql(self, dialect: str, *arguments: Any, **environment: Any) -> Any:
        """The result in SQL, or NotImplemented."""
        ...


Functions = Mapping[str, Any]

_SECONDS = {
    "s": 1, "秒": 1, "m": 60, "min": 60, "分钟": 60, "h": 3600, "小时": 3600, "d": 86400, "天": 86400, "w": 604800, "周": 604800,
    "mo": 2592000, "个月": 2592000,
}  # fmt: skip
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(mo|min|个月|小时|分钟|[smhdw秒天周])\s*", re.ASCII)


def span(text: str) -> dt.timedelta | None:
    """``7d`` or ``1h30m`` as a timedelta (a month counts as 30 days), or None where the text is not a duration."""
    text = text.strip()
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    try:
        return dt.timedelta(seconds=sum(float(part[1]) * _SECONDS[part[2]] for part in parts))
    except OverflowError:
        return None


def clock_time(text: str) -> dt.time | None:
    """``18:00`` as a time of day, or None where the text is not one."""
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    return dt.time(int(match[1]), int(match[2])) if match else None


def join(left: Type, right: Type) -> Type | None:
    """The one type that holds both (branches of ``if``, elements of a list); None where there is none."""
    if left == right:
        choices = left.choices if left.choices == right.choices else ()
        return left if choices == left.choices else Type(left.name, left.of, left.entity)
    if left.name == "none":
        return right
    if right.name == "none":
        return left
    if "any" in (left.name, right.name):
        return ANY
    if left.name in NUMERIC and right.name in NUMERIC:
        return MONEY if MONEY in (left, right) else NUMBER
    if left.name == right.name == "list":
        of = join(left.of or ANY, right.of or ANY)
        return list_of(of) if of else None
    return None


def comparable(left: Type, right: Type) -> bool:
    """True when values of the two types may stand on the two sides of ``==`` or ``<``."""
    if join(left, right) is not None:
        return True
    pair = {left.name, right.name}
    return pair == {"date", "datetime"} or (pair == {"record", "integer"})


def ordered(kind: Type) -> bool:
    """True when ``<`` makes sense between two values of the type."""
    return kind.name not in ("list", "record", "yes_no", "address")

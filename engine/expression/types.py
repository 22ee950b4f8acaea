"""The types an expression can have, and the scope its names come from. Floor: 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Type:
    """``name`` is text, number, integer, money, yes_no, date, time, datetime, duration, list, record, any or none.

    ``of`` is a list's element type; ``entity`` names a record's entity.
    """

    name: str
    of: Type | None = None
    entity: str | None = None

    def __str__(self) -> str:
        if self.name == "list" and self.of:
            return f"list of {self.of}"
        return self.entity or self.name


TEXT, NUMBER, INTEGER, MONEY = Type("text"), Type("number"), Type("integer"), Type("money")
YES_NO, DATE, TIME, DATETIME = Type("yes_no"), Type("date"), Type("time"), Type("datetime")
DURATION, ANY, NONE = Type("duration"), Type("any"), Type("none")


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
    every entity's fields, for walking along links; ``parameters`` the types behind ``param.x``.
    """

    names: Mapping[str, Type] = field(default_factory=dict)
    entities: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    parameters: Mapping[str, Type] = field(default_factory=dict)

"""A role: what its people may see and do. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import Where
from engine.model.terms import Condition, Document

#: True or False, or a condition on the record (``owner == me``).
Right = bool | Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What may be done with the records of one entity."""

    read: Right = False
    create: Right = False
    update: Right = False
    delete: Right = False
    export: Right = False
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRights:
    """Fields one may not read, or not write."""

    hide: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Document):
    """``can``: entity (or ``*`` for every one) -> rights. ``may``: configure, publish, import, audit.
    A user with several roles may do what any of them allows; a field is hidden only when all of them hide it."""

    inherits: tuple[str, ...] = ()
    can: Mapping[str, Rights] = field(default_factory=dict)
    fields: Mapping[str, FieldRights] = field(default_factory=dict)
    may: tuple[str, ...] = ()

"""An assignment: who gets it. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from engine.errors import Where
from engine.model.terms import Condition, Document, Expression, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Who may get it: users of a role (or of a team) for whom ``where_`` holds; bare names are the candidate's."""

    role: str | None = None
    team: str | None = None
    where_: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One factor of a score: ``value`` (0..1) times ``weight`` points."""

    name: str
    label: Label = Label()
    weight: float = 1.0
    value: Expression
    where: Where = dataclass_field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many records one candidate may hold open, or be given in a day."""

    open: int | Expression | None = None
    per_day: int | Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody:
    """What happens when there is no candidate: the record waits in a pool and a role is told."""

    pool: str = "unassigned"
    notify: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment(Document):
    """Sets ``field`` (the owner) of records of ``entity``. ``table``: rows of {<condition values>, then: expression}."""

    entity: str
    field: str = "owner"
    candidates: Candidates = Candidates()
    strategy: str = "round_robin"
    score: Mapping[str, Factor] = dataclass_field(default_factory=dict)
    table: Expression | None = None
    limits: Limits | None = None
    backup: Expression | None = None
    nobody: Nobody = Nobody()
    open_if: Condition | None = None

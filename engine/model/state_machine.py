"""A state machine: the loop that cannot be skipped. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from engine.errors import Where
from engine.model.approval import Approval
from engine.model.terms import Condition, Document, Duration, Expression, Label, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One state. ``within`` is how long a record may stay, counted in ``calendar``; ``warn_at`` a share of it (0..1)."""

    name: str
    label: Label = Label()
    final: bool = False
    within: Duration | Expression | None = None
    calendar: str = "always"
    warn_at: float | None = None
    color: str = ""
    where: Where = dataclass_field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What must be there: a field that is filled, or a check that holds, each with its own message."""

    field: str | None = None
    check: Condition | None = None
    message: Label = Label()
    where: Where = Where()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A way from one or more states (``("*",)`` for any) to another."""

    name: str
    label: Label = Label()
    from_: tuple[str, ...]
    to: str
    form: str | None = None
    if_: Condition | None = None
    require: tuple[Requirement, ...] = ()
    approve: Approval | None = None
    do: tuple[Step, ...] = ()
    auto: bool = False
    where: Where = dataclass_field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMachine(Document):
    """States and transitions over one field of an entity; the field is made when the entity has none of that name."""

    entity: str
    field: str
    initial: str
    states: Mapping[str, State]
    transitions: Mapping[str, Transition]

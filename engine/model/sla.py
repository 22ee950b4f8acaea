"""An SLA: a promise with a clock. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Where
from engine.model.terms import Condition, Document, Duration, Expression, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPattern:
    """What starts or stops something: an event (with its parameters, ``where`` and ``if`` among them) or a condition."""

    event: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    if_: Condition | None = None
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What is done some time after the target was missed."""

    after: Duration
    do: tuple[Step, ...] = ()
    id: str = ""
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sla(Document):
    """A promise: from ``start`` to ``stop`` within ``target``, counted in ``calendar``, standing still in ``pause``."""

    entity: str
    start: EventPattern
    stop: EventPattern
    pause: EventPattern | None = None
    target: Duration | Expression
    calendar: str = "always"
    warn_at: float | None = None
    escalate: tuple[Escalation, ...] = ()
    where_: Condition | None = None

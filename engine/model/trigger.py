"""A trigger: when … if … do. Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Where
from engine.model.terms import Condition, Document, Duration, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The event that starts it. ``event`` names an event plugin; ``params`` its own parameters
    (``fields``, ``state``, ``transition``, ``since``, ``for``, ``cron``, ``each``, ``where`` …)."""

    event: str
    entity: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a step that failed is tried again, first after ``wait``, then doubling up to six hours.

    The default goes on for three days."""

    times: int = 22
    wait: Duration = Duration(30.0, 0, "30s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Document):
    """When ``when`` happens and ``if_`` holds, ``do`` is run. ``made_by`` names the document it was expanded from.

    ``on_error``: stop, continue, or the steps to run instead of the rest.
    """

    when: When
    if_: Condition | None = None
    do: tuple[Step, ...]
    mode: str = "parallel"
    cancel_if: Condition | None = None
    retry: Retry | None = None
    on_error: str | tuple[Step, ...] = "stop"
    run_as: str = "owner"
    enabled: bool = True
    made_by: str = ""

"""What is known of an entity before anything happens: lists in order, expressions compiled. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Where
from engine.expression.evaluate import Environment
from engine.facts import Event
from engine.model.entity import Duplicates, Entity, Field
from engine.model.sla import Sla
from engine.model.trigger import Trigger
from engine.plugins.slots import EventPlugin, FieldType, Strategy
from engine.runtime.machine import MachinePlan

Call = Callable[[Environment], Any]


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """A field with its type at hand. ``writable`` is False for what the engine fills; ``links_to`` names the entity
    of a link; ``low`` and ``high`` are the bounds that are expressions (the field type knows the fixed ones)."""

    field: Field
    type: FieldType
    writable: bool
    links_to: str | None
    low: Call | None
    high: Call | None
    bounded: bool
    visible: Call | None
    required_if: Call | None
    read_only_if: Call | None


@dataclass(frozen=True, slots=True)
class Fill:
    """A value the engine fills in: a default (only where empty) or a computed value (always).

    ``inputs`` are the record's own fields it reads; ``far`` tells that it reads beyond them (a link, a backlink, the
    clock), so that every save of the record computes it again.
    """

    name: str
    call: Call
    computed: bool
    inputs: frozenset[str]
    far: bool
    where: Where
    field: Field
    clean: Callable[[Field, Any], Any]
    exact: type | None
    """A value of this class is already what the field holds."""
    empty: Any
    """What the field holds when nothing comes out."""


@dataclass(frozen=True, slots=True)
class TriggerPlan:
    """A trigger with its event plugin and its condition at hand; ``parts`` are the condition's parts, for the trace."""

    trigger: Trigger
    event: EventPlugin | None
    condition: Call | None
    durable: bool = False
    """True when its steps reach outside or wait: it leaves the turn."""

    def fires(self, event: Any) -> bool:
        """True when the event is the one it waits for."""
        return self.event is None or self.event.fires(self.trigger.when.params, event)


@dataclass(frozen=True, slots=True)
class PatternPlan:
    """What starts or stops a promise: an event (None for any) and a condition. ``near`` is True for one that needs the
    record's own fields by their bare names and nothing else."""

    event: str | None
    plugin: EventPlugin | None
    params: Mapping[str, Any]
    condition: Call | None
    near: bool

    def matches(self, event: Event, seen: Callable[[bool], Environment]) -> bool:
        """True when the event is the one, and the condition holds on the record now; ``seen`` gives what is seen of it,
        with True no more than its fields."""
        if self.event is not None and event.name != self.event:
            return False
        if self.plugin is not None and not self.plugin.fires(self.params, event):
            return False
        return self.holds(seen)

    def holds(self, seen: Callable[[bool], Environment]) -> bool:
        """True when the condition holds, whatever the event is."""
        return self.condition is None or bool(self.condition(seen(self.near)))


@dataclass(frozen=True, slots=True)
class SlaPlan:
    """A promise with its conditions compiled. ``timer`` is the name of its timers; ``target`` a span or a call, which reads
    parameters alone where it is ``general``."""

    sla: Sla
    timer: str
    start: PatternPlan
    stop: PatternPlan
    pause: Call | None
    where: Call | None
    target: dt.timedelta | Call
    general: bool

    def hears(self, event: str) -> bool:
        """True when that event may start, stop or pause it."""
        return self.pause is not None or not {None, event}.isdisjoint((self.start.event, self.stop.event))


@dataclass(frozen=True, slots=True)
class CounterPlan:
    """How much each person holds, as one or more assignments count it. ``reads`` are the fields that decide whether a
    record is open; ``opens`` and ``daily`` tell which of the two numbers anybody looks at."""

    name: str
    field: str
    is_open: Call | None
    near: bool
    """True when ``is_open`` needs the record's own fields by their bare names and nothing else."""
    reads: frozenset[str]
    opens: bool
    daily: bool


@dataclass(frozen=True, slots=True)
class AssignmentPlan:
    """An assignment with its expressions compiled in a candidate's scope; ``counter`` counts what it looks at, None where
    it looks at no loads. ``counted`` is the other name of ``open_count``."""

    where: Call | None
    open: int | Call | None
    per_day: int | Call | None
    factors: Mapping[str, Call]
    counter: CounterPlan | None
    counted: str
    strategy: Strategy


@dataclass(frozen=True, slots=True)
class IdlePlan:
    """A trigger that waits for a record to stand still: ``since`` a date-time field, for ``span``."""

    trigger: str
    since: str
    span: dt.timedelta
    condition: Call | None


@dataclass(frozen=True, slots=True)
class DuplicatePlan:
    """A rule about duplicates with its condition compiled. ``exact`` are the fields that must be equal, ``worded`` those
    whose words are looked for; a rule that compares or has nothing exact looks for words."""

    rule: Duplicates
    where: Call | None
    exact: tuple[str, ...]
    worded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntityPlan:
    """Everything a write of one entity needs, in the order it is needed."""

    entity: Entity
    name: str
    fields: Mapping[str, FieldPlan]
    writable: frozenset[str]
    fills: tuple[Fill, ...]
    required: tuple[FieldPlan, ...]
    conditional: tuple[FieldPlan, ...]
    checked: tuple[FieldPlan, ...]
    linked: tuple[FieldPlan, ...]
    filed: tuple[FieldPlan, ...]
    unique: tuple[tuple[str, ...], ...]
    duplicates: tuple[DuplicatePlan, ...]
    machines: tuple[MachinePlan, ...]
    machine_of: Mapping[str, MachinePlan]
    owners: tuple[str, ...]
    blank: Mapping[str, Any]
    fresh: Mapping[str, Any]
    """The values of a record nobody has filled in yet: literal defaults, first states, everything else empty."""
    stored: frozenset[str]
    numbered: tuple[str, ...]
    title: Callable[[Mapping[str, Any]], str] | None
    idle: tuple[IdlePlan, ...]
    counted: tuple[CounterPlan, ...]
    slas: tuple[SlaPlan, ...]
    heard: Mapping[str, tuple[SlaPlan, ...]]
    """The promises an event may start, stop or pause, by its name; under "" those that hear every event."""
    lasting: frozenset[str]
    """The timers of promises about a state of things, which no event starts."""
    automatic: bool
    itself: str | None
    shown: tuple[str, ...]
    keyed: tuple[str, ...]

"""The check ``trigger_circle``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from engine.errors import Problem
from engine.model.manifest import Manifest
from engine.model.terms import Step
from engine.model.trigger import Trigger
from engine.plugins.checks.walk import expressions, names, steps
from engine.plugins.slots import Check

#: (event, entity, fields or state it is about; None: any)
Effect = tuple[str, str | None, frozenset[str] | None]


class TriggerCircle(Check):
    """Triggers whose steps raise the events that start them again, without a condition that would stop it."""

    name = "trigger_circle"
    title: ClassVar[Mapping[str, str]] = {"zh": "触发器绕圈", "en": "Triggers in a circle"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L008 once for each circle, with the chain."""
        triggers = [trigger for trigger in manifest.triggers.values() if trigger.enabled]
        effects = {trigger.name: list(effects_of(trigger, manifest)) for trigger in triggers}
        follows = {
            trigger.name: [
                other
                for other in triggers
                if any(starts(effect, other) and not stops(other, effect) for effect in effects[trigger.name])
            ]
            for trigger in triggers
        }
        told: set[frozenset[str]] = set()
        for trigger in triggers:
            chain = circle(trigger, follows)
            if chain and frozenset(chain) not in told:
                told.add(frozenset(chain))
                yield Problem("L008", trigger.where, parameters={"chain": " → ".join([*chain, chain[0]])})


def effects_of(trigger: Trigger, manifest: Manifest) -> Iterator[Effect]:
    """The events a trigger's steps raise."""
    entity = trigger.when.entity or trigger.when.params.get("each")
    for step in steps(trigger.do):
        yield from _effects(step, entity, manifest)


def _effects(step: Step, entity: str | None, manifest: Manifest) -> Iterator[Effect]:
    params: Mapping[str, Any] = step.params
    if step.action == "set":
        yield "changed", entity, frozenset(params)
    elif step.action == "create":
        yield "created", _text(params.get("entity")), None
    elif step.action == "assign":
        rule = manifest.assignments.get(str(params.get("rule")))
        field = rule.field if rule is not None else "owner"
        yield "assigned", entity, frozenset({str(params.get("rule"))})
        yield "changed", entity, frozenset({field})
    elif step.action == "transition":
        wanted = str(params.get("to") or params.get("transition") or params.get("name"))
        for machine in manifest.state_machines.values():
            way = machine.transitions.get(wanted)
            if way is not None and machine.entity == entity:
                yield "transition", entity, frozenset({way.name})
                yield "entered", entity, frozenset({way.to})
                yield "changed", entity, frozenset({machine.field})


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def starts(effect: Effect, trigger: Trigger) -> bool:
    """True when the event would start the trigger."""
    event, entity, about = effect
    when = trigger.when
    if when.event != event or (when.entity is not None and when.entity != entity):
        return False
    key = {"changed": "fields", "entered": "state", "transition": "transition", "assigned": "rule"}.get(event)
    wanted = when.params.get(key) if key else None
    if wanted is None or about is None:
        return True
    return bool(about & set(wanted if isinstance(wanted, tuple | list) else (wanted,)))


def stops(trigger: Trigger, effect: Effect) -> bool:
    """True when the trigger has a condition over what it sets itself (``x is None``): then it can hold only once."""
    guarded = {name for expression in expressions(trigger.if_) for name in names(expression)}
    sets = {name for step in steps(trigger.do) if step.action == "set" for name in step.params}
    return bool(guarded & sets) or (effect[0] == "changed" and bool(guarded & (effect[2] or frozenset())))


def circle(start: Trigger, follows: Mapping[str, list[Trigger]]) -> list[str]:
    """The names of the triggers from one back to itself, or an empty list."""
    waiting = [[start.name]]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        for trigger in follows[path[-1]]:
            if trigger.name == start.name:
                return path
            if trigger.name not in seen:
                seen.add(trigger.name)
                waiting.append([*path, trigger.name])
    return []

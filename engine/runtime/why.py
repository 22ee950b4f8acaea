"""Why this owner, why this rule ran, and why that one did not: conditions with their values. Floor: 5."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import FlowloomError, NotFound, Problem, nearest
from engine.expression.evaluate import Environment
from engine.expression.parse import Condition, Expression
from engine.facts import Event
from engine.model.trigger import Trigger
from engine.runtime.access import access_of
from engine.runtime.acts import Acting
from engine.runtime.context import values_of
from engine.runtime.inputs import expressions_in
from engine.runtime.sla import Promise, promises
from engine.runtime.timeline import runs_of
from engine.store.encode import from_text, instant


@dataclass(frozen=True, slots=True)
class Part:
    """One condition as written, whether it holds on the record now, and the values it looked at."""

    text: str
    holds: bool
    values: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Whether a rule would run for a record now, and what stands in its way. ``ran`` is how often it did."""

    trigger: str
    label: str
    waits_for: str
    enabled: bool
    parts: tuple[Part, ...]
    ran: int
    where: str

    @property
    def holds(self) -> bool:
        """True when nothing but its event is missing."""
        return self.enabled and all(part.holds for part in self.parts)


@dataclass(frozen=True, slots=True)
class Why:
    """All the reasons kept for a record."""

    owner: Mapping[str, Any] | None
    promises: tuple[Promise, ...]
    runs: tuple[Mapping[str, Any], ...]


def why(context: Acting, entity: str, record: int) -> Why:
    """Who was chosen as owner and against whom, what is promised, and which rules ran. Raises NotFound."""
    _visible(context, entity, record)
    runs = tuple(
        {**run, "conditions": _conditions(context, entity, record, run)} for run in runs_of(context, entity, record)
    )
    return Why(owner(context, entity, record), tuple(promises(context, entity, record)), runs)


def _visible(context: Acting, entity: str, record: int) -> None:
    found = context.need(entity, record)
    if not context.actor.is_system:
        access_of(context, entity).check("read", values_of(found))


def owner(context: Acting, entity: str, record: int) -> Mapping[str, Any] | None:
    """The last score card: rule, chosen, reason, at, and the candidates best first, each with points, its factors
    (name, label, value, weight, points) or why it was left out; None when no rule ever chose."""
    row = context.connection.one(
        "SELECT rule, at, chosen, reason, candidates FROM fl_score_cards WHERE record = ? AND entity = ? "
        "ORDER BY id DESC LIMIT 1",
        (record, entity),
    )
    if row is None:
        return None
    rule, at, chosen, reason, candidates = row
    found = context.manifest.assignments.get(rule)
    labels = {name: each.label.text(context.language) or name for name, each in found.score.items()} if found else {}
    return {
        "rule": rule,
        "label": (found.label.text(context.language) if found else "") or rule,
        "at": instant(at),
        "chosen": chosen,
        "reason": reason,
        "where": str(found.where) if found else "",
        "candidates": [_candidate(each, labels) for each in from_text(candidates) or []],
    }


def _candidate(row: Mapping[str, Any], labels: Mapping[str, str]) -> Mapping[str, Any]:
    kept = row.get("factors") or {}
    # In the order the rule's author wrote them; what a rule no longer has comes last.
    names = [*(name for name in labels if name in kept), *(name for name in kept if name not in labels)]
    factors = [{"name": name, "label": labels.get(name, name), **_points(kept[name])} for name in names]
    return {**row, "factors": factors}


def _points(kept: Any) -> Mapping[str, Any]:
    return kept if isinstance(kept, Mapping) else {"value": kept}


def _conditions(context: Acting, entity: str, record: int, run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rule = context.manifest.triggers.get(run["trigger"])
    if rule is None or rule.if_ is None:
        return []
    parts = _parts(context, rule, Event(rule.when.event, entity, record, context.now))
    return [{"text": part.text, "value": part.values, "holds": part.holds} for part in parts]


def why_not(context: Acting, trigger: str, entity: str, record: int) -> WhyNot:
    """Each condition of a rule on the record as it is now. Raises NotFound for a rule or a record that is not there."""
    rule = context.manifest.triggers.get(trigger)
    if rule is None:
        near = nearest(trigger, context.manifest.triggers)
        raise NotFound(Problem("R086", parameters={"trigger": trigger}, suggestion=near))
    _visible(context, entity, record)
    event = Event(rule.when.event, entity, record, context.now)
    ran = context.connection.scalar(
        'SELECT COUNT(*) FROM fl_runs WHERE record = ? AND entity = ? AND "trigger" = ?', (record, entity, trigger)
    )
    waits_for = rule.when.event if rule.when.entity in (None, entity) else f"{rule.when.event} {rule.when.entity}"
    return WhyNot(
        trigger=trigger,
        label=rule.label.text(context.language) or trigger,
        waits_for=waits_for,
        enabled=rule.enabled and rule.when.entity in (None, entity),
        parts=tuple(_parts(context, rule, event)),
        ran=int(ran or 0),
        where=str(rule.where),
    )


def _parts(context: Acting, rule: Trigger, event: Event) -> Iterator[Part]:
    if rule.if_ is None:
        return
    scene = context.scene(event)
    parts = rule.if_.parts if not rule.if_.any else (rule.if_,)
    for part in parts:
        text = _text(part)
        try:
            holds, problem = bool(context.call(part, event)(scene)), ""
        except FlowloomError as error:
            holds, problem = False, "; ".join(each.what(context.language) for each in error.problems)
        yield Part(text, holds, _values(part, scene), problem)


def _text(term: Condition | Expression) -> str:
    return " or ".join(each.text for each in expressions_in(term))


def _values(term: Condition | Expression, scene: Environment) -> dict[str, Any]:
    """The values a condition looked at: its names, and the links it walked."""
    found: dict[str, Any] = {}
    for expression in expressions_in(term):
        for node in ast.walk(expression.tree):
            if isinstance(node, ast.Name) and node.id in scene.names:
                value = scene.names[node.id]
                found[node.id] = value.get("id") if isinstance(value, Mapping) else value
    return {name: value for name, value in found.items() if name != "param"}

"""The same thing twice: unique values that are taken, and records that look alike, with score and reasons. Floor: 5."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Problem, Refused
from engine.expression.evaluate import Environment
from engine.facts import Event, Record
from engine.model.entity import Duplicates
from engine.runtime import clean
from engine.runtime.context import Context
from engine.runtime.plans import EntityPlan

#: Words at the end of a company's name that say nothing about which company it is.
SUFFIX = re.compile(
    r"(股份有限公司|有限责任公司|集团有限公司|有限公司|集团公司|分公司|公司|集团|coltd|ltd|inc|llc|corp|gmbh)$"
)
#: Candidates looked at per rule; more than that and the key says nothing.
MOST = 50
KEYS = ("entity", "field", "key", "record")
#: What a rule's answer weighs when several match.
ORDER = {"block": 0, "merge": 1, "link": 2, "warn": 3}


@dataclass(frozen=True, slots=True)
class Reason:
    """How far one field agrees: 1.0 for equal."""

    field: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Match:
    """A record that is probably the same thing. ``score`` is the mean agreement of the rule's fields, 0..1."""

    rule: str
    then: str
    entity: str
    record: int
    title: str
    score: float
    reasons: tuple[Reason, ...]

    def json(self) -> dict[str, Any]:
        """The match for the answer of a create and for the question before one."""
        return {
            "kind": "duplicate",
            "rule": self.rule,
            "then": self.then,
            "entity": self.entity,
            "record": self.record,
            "title": self.title,
            "score": round(self.score, 4),
            "reasons": [{"field": r.field, "label": r.label, "score": round(r.score, 4)} for r in self.reasons],
        }


def seek(context: Context, plan: EntityPlan, values: Mapping[str, Any], environment: Environment) -> Match | None:
    """The match that decides what happens to a new record, or None. Raises Refused (R065) where a rule blocks it."""
    matches = candidates(context, plan, values, environment)
    if not matches:
        return None
    blocked = [match for match in matches if match.then == "block"]
    if blocked:
        raise Refused([_blocked(match) for match in blocked[:3]])
    return min(matches, key=lambda match: (ORDER.get(match.then, 9), -match.score))


def _blocked(match: Match) -> Problem:
    reasons = "、".join(f"{reason.label} {reason.score:.0%}" for reason in match.reasons)
    parameters = {"title": match.title, "id": match.record, "score": f"{match.score:.0%}", "reasons": reasons}
    return Problem("R065", field=match.reasons[0].field if match.reasons else "", parameters=parameters)


def candidates(
    context: Context, plan: EntityPlan, values: Mapping[str, Any], environment: Environment, own: int | None = None
) -> list[Match]:
    """Every record that a rule takes for the same thing, best first. ``own`` is left out."""
    found: list[Match] = []
    for rule, condition in plan.duplicates:
        if condition is not None and not condition(environment):
            continue
        for record in _blocked_by_keys(context, plan, rule, values):
            if record.id != own:
                match = _compare(context, plan, rule, values, record)
                if match is not None:
                    found.append(match)
    found.sort(key=lambda match: -match.score)
    return found


def _blocked_by_keys(context: Context, plan: EntityPlan, rule: Duplicates, values: Mapping[str, Any]) -> list[Record]:
    """The records worth comparing: equal in every exact field, or sharing a key of a similar one."""
    exact = {name: values[name] for name, how in rule.match.items() if how == "exact"}
    if any(value is None for value in exact.values()):
        return []
    if exact:
        return list(context.records.find(context.connection, plan.name, exact, MOST))
    ids: set[int] = set()
    for name in rule.match:
        keys = tuple(plan.fields[name].type.keys(values[name])) if values[name] is not None else ()
        if keys:
            marks = ", ".join("?" * len(keys))
            text = f"SELECT record FROM fl_keys WHERE entity = ? AND field = ? AND key IN ({marks}) LIMIT {MOST}"
            ids.update(number for (number,) in context.connection.execute(text, (plan.name, name, *keys)))
    return list(context.records.get_many(context.connection, plan.name, ids).values())


def remember(context: Context, plan: EntityPlan, record: Record, old: Mapping[str, Any] | None) -> None:
    """Keep the keys that names are found again by; ``old`` holds what an update changed, None for a new record."""
    for name in plan.keyed:
        if old is not None and name not in old:
            continue
        if old is not None:
            context.connection.execute(
                "DELETE FROM fl_keys WHERE record = ? AND entity = ? AND field = ?", (record.id, plan.name, name)
            )
        value = record.values.get(name)
        for key in dict.fromkeys(plan.fields[name].type.keys(value)) if value is not None else ():
            context.connection.append("fl_keys", KEYS, (plan.name, name, key, record.id))


def _compare(
    context: Context, plan: EntityPlan, rule: Duplicates, values: Mapping[str, Any], record: Record
) -> Match | None:
    reasons: list[Reason] = []
    for name, how in rule.match.items():
        mine, theirs = values[name], record.values.get(name)
        if mine is None or theirs is None:
            return None
        score = 1.0 if mine == theirs else 0.0 if how == "exact" else similarity(str(mine), str(theirs))
        if score < (1.0 if how == "exact" else float(how)):
            return None
        label = plan.fields[name].field.label.text(context.language) or name
        reasons.append(Reason(name, label, score))
    total = sum(reason.score for reason in reasons) / len(reasons) if reasons else 0.0
    title = context.title(record)
    return Match(rule.name, rule.then, plan.name, record.id, title, total, tuple(reasons))


def similarity(one: str, other: str) -> float:
    """How alike two names are, 0..1, without regard to width, case, punctuation and a company's legal form.

    Source: normalised InDel similarity (rapidfuzz ``fuzz.ratio``).
    """
    from rapidfuzz import fuzz

    left, right = _bare(one), _bare(other)
    return fuzz.ratio(left, right) / 100 if left and right else 0.0


def _bare(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold()
    text = "".join(char for char in text if char.isalnum())
    return SUFFIX.sub("", text) or text


def taken(
    context: Context,
    plan: EntityPlan,
    values: Mapping[str, Any],
    problems: list[Problem],
    own: int | None = None,
) -> None:
    """Add a problem for every unique value that another record already has, naming the record."""
    for names in plan.unique:
        wanted = {name: values.get(name) for name in names}
        if any(value is None for value in wanted.values()):
            continue
        for record in context.records.find(context.connection, plan.name, wanted, 2):
            if record.id != own:
                fields = [plan.fields[name] for name in names]
                labels = " + ".join(each.field.label.text(context.language) or each.field.name for each in fields)
                shown = " + ".join(
                    each.type.show(each.field, wanted[each.field.name], context.language) for each in fields
                )
                parameters = {"label": labels, "name": names[0], "value": shown, "title": context.title(record)}
                problems.append(Problem("R068", field=names[0], parameters={**parameters, "id": record.id}))
                break


def tell(context: Context, record: Record, match: Match) -> None:
    """Say with the answer, and as an event, that a new record looks like another."""
    context.ring.warnings.append(match.json())
    data = {"rule": match.rule, "then": match.then, "score": match.score, "others": (match.record,)}
    context.ring.emit(Event("duplicate_found", record.entity, record.id, context.now, data=data, actor=context.actor))


def asked(context: Context, entity: str, values: Mapping[str, Any]) -> list[Match]:
    """What a person is shown while still typing: matches for values that may be incomplete or wrong."""
    plan = context.plan(entity)
    problems: list[Problem] = []
    full = {**plan.blank, **clean.accept(context, plan, values, problems)}
    return candidates(context, plan, full, context.environment(entity, full), _own(values))


def _own(values: Mapping[str, Any]) -> int | None:
    own = values.get("id")
    return own if isinstance(own, int) else None

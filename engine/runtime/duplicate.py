"""The same thing twice: unique values that are taken, and records that look alike, with score and reasons. Floor: 5."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine.errors import Problem, Refused
from engine.expression.evaluate import Environment
from engine.facts import Event, Record
from engine.model.entity import Duplicates
from engine.plugins import alike
from engine.plugins.slots import Unclean
from engine.runtime import clean, keyring, resemblance
from engine.runtime.context import Context
from engine.runtime.keyring import Keyring
from engine.runtime.plans import DuplicatePlan, EntityPlan

#: Candidates looked at per rule; more than that and the key says nothing.
MOST = 50
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
    matches = candidates(context, plan, values, environment, deciding=True)
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
    context: Context,
    plan: EntityPlan,
    values: Mapping[str, Any],
    environment: Environment,
    own: int | None = None,
    deciding: bool = False,
) -> list[Match]:
    """Every record that a rule takes for the same thing, best first. ``own`` is left out; where ``deciding``, so is what comes
    after the surest of a rule that weighs and blocks nothing: the surest alone says what happens, the others need not be read."""
    found: list[Match] = []
    for each in plan.duplicates:
        if each.where is not None and not each.where(environment):
            continue
        look = _weighed if each.rule.compare else _matched
        matches = look(context, plan, each, values, own)
        found += islice(matches, 1) if deciding and each.rule.compare and each.rule.then != "block" else matches
    if len(found) > 1:
        found.sort(key=lambda match: -match.score)
    return found


def _weighed(
    context: Context, plan: EntityPlan, each: DuplicatePlan, values: Mapping[str, Any], own: int | None
) -> Iterator[Match]:
    """By the evidence of several fields together."""
    rule = each.rule
    for likeness in resemblance.likenesses(context, plan, rule.compare, values, rule.above):
        record = context.get(plan.name, likeness.record) if likeness.record != own else None
        if record is None:
            continue
        reasons = tuple(
            Reason(name, _label(context, plan, name), share)
            for name, share in likeness.shares.items()
            if share > alike.NEUTRAL
        )
        title = context.title(record)
        yield Match(rule.name, rule.then, plan.name, record.id, title, likeness.probability, reasons)


def _matched(
    context: Context, plan: EntityPlan, each: DuplicatePlan, values: Mapping[str, Any], own: int | None
) -> list[Match]:
    """By fields each of which must agree."""
    records = _blocked_by_keys(context, plan, each, values)
    matches = [_compare(context, plan, each.rule, values, record) for record in records if record.id != own]
    return [match for match in matches if match is not None]


def _blocked_by_keys(
    context: Context, plan: EntityPlan, each: DuplicatePlan, values: Mapping[str, Any]
) -> Sequence[Record]:
    """The records worth comparing: equal in every exact field, or sharing a rare key of a similar one."""
    if each.exact:
        exact = {name: values[name] for name in each.exact}
        if None in exact.values():
            return ()
        if keyring.nobody(context, plan.name, exact):
            return ()
        return list(context.records.find(context.connection, plan.name, exact, MOST, rare=True))
    ids = resemblance.near(context, plan, each.worded, values)
    return list(context.records.get_many(context.connection, plan.name, ids).values())


def remember(context: Context, plan: EntityPlan, record: Record, old: Mapping[str, Any] | None) -> None:
    """Keep the keys that names are found again by; ``old`` holds what an update changed, None for a new record."""
    ring = keyring.of(context.connection, plan.name)
    if ring is not None:
        ring.written(record.id, record.values)
        if old is None or not ring.exact.isdisjoint(old):
            changed = {name: record.values[name] for name in ring.exact if old is None or name in old}
            ring.holds(keyring.stored(context, plan.name, changed))
    if plan.keyed and (old is None or not old.keys().isdisjoint(plan.keyed)):
        resemblance.remember(context, plan, record.id, record.values, old or {})


def sought(plan: EntityPlan, match_on: Iterable[str] = ()) -> tuple[set[str], set[str]]:
    """The fields of a new record whose values are looked for as they are, and those whose words are."""
    exact, worded = set(match_on), set[str]()
    for each in plan.duplicates:
        exact.update(each.exact)
        worded.update(each.worded)
    return exact, worded


def expect(context: Context, ring: Keyring, rows: Sequence[Mapping[str, Any]], match_on: Iterable[str] = ()) -> None:
    """A lot of new records is about to come in: what its rows (as they were entered) will ask for is asked for at once."""
    plan = context.plan(ring.entity)
    exact, compared = sought(plan, match_on)
    entered: dict[str, list[Any]] = {name: [] for name in exact | compared if name in plan.fields}
    for name, values in entered.items():
        one = plan.fields[name]
        for row in rows:
            if row.get(name):
                with contextlib.suppress(Unclean):
                    values.append(one.type.clean(one.field, row[name]))
    ring.texts.clear()
    keys = [
        key
        for name in compared & entered.keys()
        for value in entered[name]
        for key in resemblance.named(plan, name, value, ring)
        if resemblance.unknown(context, plan, key)
    ]
    wanted = {
        name: [value for each in entered[name] for _, value in keyring.stored(context, plan.name, {name: each})]
        for name in exact & entered.keys()
    }
    ring.begin(context, keys, wanted)


def _compare(
    context: Context, plan: EntityPlan, rule: Duplicates, values: Mapping[str, Any], record: Record
) -> Match | None:
    reasons: list[Reason] = []
    for name, how in rule.match.items():
        mine, theirs = values[name], record.values.get(name)
        if mine is None or theirs is None:
            return None
        score = 1.0 if mine == theirs else 0.0 if how == "exact" else alike.similarity(str(mine), str(theirs))
        if score < (1.0 if how == "exact" else float(how)):
            return None
        reasons.append(Reason(name, _label(context, plan, name), score))
    total = sum(reason.score for reason in reasons) / len(reasons) if reasons else 0.0
    title = context.title(record)
    return Match(rule.name, rule.then, plan.name, record.id, title, total, tuple(reasons))


def _label(context: Context, plan: EntityPlan, name: str) -> str:
    return plan.fields[name].field.label.text(context.language) or name


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

"""Who gets a record: candidates, loads, a strategy's order, and the score card that is kept. Floor: 5."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import NotFound, Problem, nearest
from engine.expression.evaluate import Environment
from engine.facts import SYSTEM, Event, Record
from engine.model.assignment import Assignment
from engine.runtime import counter, entity, who
from engine.runtime.context import Context
from engine.runtime.plans import AssignmentPlan, EntityPlan
from engine.store.encode import micros, to_text

CARD = ("rule", "entity", "record", "at", "chosen", "reason", "candidates")
#: Candidates kept on a score card.
KEPT = 20


def assign(context: Context, rule: str, record: Record) -> Mapping[str, Any]:
    """Give the record an owner by that rule; the score card, as kept: chosen, reason, candidates best first with their
    points and factors, and who was left out why.

    With nobody to choose the record stays in the rule's pool and the rule's role is told. Raises NotFound (R085).
    """
    assignment = context.manifest.assignments.get(rule)
    if assignment is None or assignment.entity != record.entity:
        near = nearest(rule, context.manifest.assignments)
        raise NotFound(Problem("R085", parameters={"rule": rule}, suggestion=near))
    plan = context.plan(record.entity)
    ranked, left_out = choose(context, plan, assignment, record)
    chosen, reason = (ranked[0]["user"], "strategy") if ranked else (None, "nobody")
    if chosen is None:
        chosen = _backup(context, plan, assignment, record)
        reason = "backup" if chosen is not None else "nobody"
    card = {
        "rule": rule,
        "record": record.id,
        "entity": record.entity,
        "chosen": chosen,
        "reason": reason,
        "strategy": assignment.strategy,
        "candidates": [*ranked[:KEPT], *left_out[: KEPT - len(ranked[:KEPT])]],
    }
    _keep(context, card)
    if chosen is None:
        _nobody(context, assignment, record)
    elif chosen != record.values.get(assignment.field):
        entity.save(context, plan, record, {assignment.field: chosen}, rule=rule)
    return card


def choose(
    context: Context, plan: EntityPlan, assignment: Assignment, record: Record
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """(who may get it, best first; who may not, each with ``out``: the reason)."""
    rule = context.compiled.assignment(assignment.name)
    holding, given = counter.loads(context, plan, rule.counter)
    values, about, counted, where = context.plain(record), plan.name, rule.counted, rule.where
    # One scene for all: looking at a candidate is looking at other names.
    scene = context.scene_of({})
    me, param = scene.names["me"], scene.names["param"]
    able: dict[int, dict[str, Any]] = {}
    out: list[Mapping[str, Any]] = []
    for candidate in _candidates(context, assignment):
        user = candidate["id"]
        candidate["open_count"] = candidate[counted] = held = holding.get(user, 0)
        candidate["today_count"] = today = given.get(user, 0)
        candidate[about], candidate["me"], candidate["param"] = values, me, param
        scene.names = candidate
        reason = _over(rule, scene, held, today) if where is None or where(scene) else "where"
        if reason is None:
            able[user] = candidate
        else:
            name = candidate.get("name") or candidate.get("login")
            out.append({"user": user, "name": name, "out": reason, "open": held, "today": today})
    ask = _Ask(context, plan, assignment, record, rule, scene, able)
    ranked = rule.strategy.pick(ask, assignment, record, list(able.values()))
    return [_row(able, row) for row in ranked], out


def _candidates(context: Context, assignment: Assignment) -> Sequence[dict[str, Any]]:
    """Each candidate's values, with room for what changes from record to record: copied once a transaction, for an
    import chooses among the same people thousands of times."""
    users = _people(context, assignment)
    cache, key = context.connection.cache, ("candidates", assignment.name)
    known = cache.get(key)
    if known is None or (known[0] is not users and not _same(known[0], users)):
        known = cache[key] = (users, [dict(user) for user in users])
    found: Sequence[dict[str, Any]] = known[1]
    return found


def _same(known: Sequence[Mapping[str, Any]], users: Sequence[Mapping[str, Any]]) -> bool:
    return len(known) == len(users) and all(map(operator.is_, known, users))


def _over(rule: AssignmentPlan, scene: Environment, held: int, today: int) -> str | None:
    """The limit a candidate has reached; None for whoever may get one more."""
    most = rule.open(scene) if callable(rule.open) else rule.open
    if most is not None and held >= most:
        return "open"
    most = rule.per_day(scene) if callable(rule.per_day) else rule.per_day
    return "per_day" if most is not None and today >= most else None


def _row(able: Mapping[int, Mapping[str, Any]], row: Mapping[str, Any]) -> Mapping[str, Any]:
    user, found = able.get(row["user"], {}), dict(row)
    found["name"] = user.get("name") or user.get("login")
    found["open"], found["today"] = user.get("open_count"), user.get("today_count")
    return found


class _Ask:
    """What a strategy may ask: the value of a factor for a candidate, the table's answer, whose turn it was."""

    __slots__ = ("_able", "_assignment", "_context", "_factors", "_plan", "_record", "_scene")

    def __init__(
        self,
        context: Context,
        plan: EntityPlan,
        assignment: Assignment,
        record: Record,
        rule: AssignmentPlan,
        scene: Environment,
        able: Mapping[int, Mapping[str, Any]],
    ) -> None:
        self._context, self._plan, self._assignment, self._record = context, plan, assignment, record
        self._factors, self._scene, self._able = rule.factors, scene, able

    def factor(self, name: str, user: int) -> float | None:
        """A factor's value for a candidate; None where it is empty."""
        scene = self._scene
        scene.names = self._able[user]
        found = self._factors[name](scene)
        return None if found is None else float(found)

    def factors(self, user: int) -> list[float | None]:
        """The values of all factors for a candidate, in the order of the rule's ``score``."""
        scene = self._scene
        scene.names = self._able[user]
        found = []
        for call in self._factors.values():
            value = call(scene)
            found.append(value if value.__class__ is float or value is None else float(value))
        return found

    def table(self) -> tuple[int, ...]:
        """The users the rule's ``table`` expression names for this record, in order."""
        if self._assignment.table is None:
            return ()
        call = self._context.compiled.call(self._assignment.table, self._plan.name)
        found = call(self._context.environment(self._plan.name, self._context.plain(self._record)))
        found = found if isinstance(found, tuple | list) else (found,)
        users = (each["id"] if isinstance(each, Mapping) else each for each in found)
        return tuple(int(user) for user in users if user is not None)

    def last(self) -> int | None:
        """Who was chosen last by this rule."""
        found = self._context.connection.scalar(
            "SELECT key FROM fl_counters WHERE name = ? AND day = 'last'", (f"last:{self._assignment.name}",)
        )
        return None if found is None else int(found)

    def remember(self, user: int) -> None:
        """Note who was chosen, for the next time."""
        name = f"last:{self._assignment.name}"
        self._context.connection.execute("DELETE FROM fl_counters WHERE name = ?", (name,))
        self._context.connection.execute(
            "INSERT INTO fl_counters (name, key, day, n) VALUES (?, ?, 'last', 1)", (name, user)
        )


def _people(context: Context, assignment: Assignment) -> Sequence[Mapping[str, Any]]:
    one = assignment.candidates
    if one.team is not None:
        team = who.in_team(context, one.team)
        ids = {user["id"] for user in who.in_role(context, one.role)} if one.role else None
        return [user for user in team if ids is None or user["id"] in ids]
    if one.role is not None:
        return who.in_role(context, one.role)
    return [user for user in who.everybody(context).values() if user.get("active") is not False]


def _backup(context: Context, plan: EntityPlan, assignment: Assignment, record: Record) -> int | None:
    if assignment.backup is None:
        return None
    call = context.compiled.call(assignment.backup, plan.name)
    found = call(context.environment(plan.name, context.plain(record)))
    user = found["id"] if isinstance(found, Mapping) else found
    known = who.everybody(context).get(user) if user is not None else None
    return int(user) if known is not None and known.get("active") is not False else None


def _keep(context: Context, card: Mapping[str, Any]) -> None:
    row = (
        card["rule"],
        card["entity"],
        card["record"],
        micros(context.now),
        card["chosen"],
        card["reason"],
        to_text(card["candidates"]),
    )
    context.connection.append("fl_score_cards", CARD, row)
    context.ring.cards.append(card)


def _nobody(context: Context, assignment: Assignment, record: Record) -> None:
    """The record waits in the pool, and somebody is told that it does."""
    plan = context.plan(record.entity)
    pool = assignment.nobody.pool
    if "pool" in plan.fields and plan.fields["pool"].writable and record.values.get("pool") != pool:
        record = entity.save(context, plan, record, {"pool": pool})
    if assignment.nobody.notify is None or "notification" not in context.manifest.entities:
        return
    zh = f"没有人可分:{context.title(record)}"
    en = f"Nobody to assign: {context.title(record)}"
    event = Event("assigned", record.entity, record.id, context.now, actor=context.actor)
    users = [int(user["id"]) for user in who.in_role(context, assignment.nobody.notify)]
    told = context.derive(SYSTEM)
    for user in users:
        values = {
            "user": user,
            "title": zh if (who.everybody(context)[user].get("language") or "zh") == "zh" else en,
            "entity": event.entity,
            "record": event.record,
            "rule": assignment.name,
        }
        known = context.plan("notification").fields
        entity.create(told, "notification", {name: value for name, value in values.items() if name in known})

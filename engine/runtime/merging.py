"""Two records become one, and two again: what was chosen, what moved, where the other is found, and the way back. Floor: 5.

The other record goes into the trash and answers with where it is now. Everything that was changed is kept with the merge, so
that taking it back gives both as they were; what was changed by somebody since stays, and is told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Conflict, NotFound, Problem, Refused, Stale
from engine.facts import Event, Record
from engine.runtime import approval, clean, counter, idle, log, moving
from engine.runtime.access import access_of
from engine.runtime.context import Context, values_of
from engine.runtime.frozen import freeze, thaw
from engine.runtime.plans import EntityPlan
from engine.store import merges
from engine.store.merges import Merge

#: How long a merge can be taken back.
KEPT = dt.timedelta(days=30)
MINE, THEIRS, BOTH = "mine", "theirs", "both"
CHOICES = (MINE, THEIRS, BOTH)


@dataclass(frozen=True, slots=True)
class Side:
    """One field of two records side by side: what each has, and which is proposed. ``both`` tells that they may be joined,
    ``locked`` that the reader may not choose."""

    name: str
    mine: Any
    theirs: Any
    choice: str
    both: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class Left:
    """Something an undo did not take back, because it was changed since: where, and why (text for people)."""

    entity: str
    record: int
    field: str
    label: str
    why: str


@dataclass(slots=True)
class Undone:
    """What came of taking a merge back."""

    record: Record
    other: Record
    left: list[Left] = field(default_factory=list)


def sides(context: Context, record: Record, other: Record) -> list[Side]:
    """Every field that can be chosen, with what each record has; hidden fields are left out."""
    plan, access = context.plan(record.entity), access_of(context, record.entity)
    found = []
    for name in plan.shown:
        if name not in plan.writable or name not in plan.stored or name in access.hidden:
            continue
        mine, theirs = record.values.get(name), other.values.get(name)
        both = isinstance(mine, tuple) or isinstance(theirs, tuple)
        choice = THEIRS if clean.empty(mine) and not clean.empty(theirs) else BOTH if both and theirs else MINE
        locked = not context.actor.is_system and name in access.read_only
        found.append(Side(name, mine, theirs, choice, both, locked))
    return found


def merge(
    context: Context,
    entity: str,
    record: int,
    other: int,
    choose: Mapping[str, str] | None = None,
    versions: tuple[int, int] | None = None,
) -> tuple[Record, Merge]:
    """The record completed by the other one, and the merge that tells of it.

    ``choose`` says for a field whose value stays (mine, theirs, both); what is not chosen is filled where it is empty, and
    lists are joined. Raises Refused (R241, R242), Forbidden, NotFound and Moved, Stale when either changed since ``versions``.
    """
    from engine.runtime import entity as entities

    if record == other:
        raise Refused(Problem("R241"))
    # Always in the same order, so that two who merge crosswise do not wait for each other.
    held = {each: context.hold(entity, each) for each in sorted((record, other))}
    mine, theirs = held[record], held[other]
    _unchanged(mine, theirs, versions)
    if not context.actor.is_system:
        access = access_of(context, entity)
        for each in (mine, theirs):
            access.check("read", values_of(each))
        access.check("update", values_of(mine))
        access.check("delete", values_of(theirs))
    plan = context.plan(entity)
    given = _chosen(context, plan, mine, theirs, choose or {})
    title, version = context.title(theirs), mine.version
    links = moving.links(context, entity, other, record)
    open_things = moving.away(context, plan, theirs, context.need(entity, record))
    context.records.trash(context.connection, context.need(entity, other), context.now, context.user)
    context.ring.live.pop((entity, other), None)
    approval.void(context, entity, other)
    log.deleted(context, plan, theirs)
    counter.moved(context, plan, theirs, None)
    idle.forget(context, theirs)
    current = context.need(entity, record)
    merged = entities.write(context, plan, current, given, []) if given else current
    changed = {
        name: [freeze(mine.values.get(name)), freeze(merged.values.get(name))]
        for name in plan.stored
        if mine.values.get(name) != merged.values.get(name)
    }
    content = {"values": changed, "links": links, "version": version, **open_things}
    number = merges.add(context.connection, entity, record, other, title, context.now, context.user, content)
    log.merged(context, plan, merged, theirs.values, number, other)
    data = {"then": "merge", "score": 1.0, "others": (other,)}
    context.ring.emit(Event("duplicate_found", entity, record, context.now, data=data, actor=context.actor))
    found = merges.get(context.connection, number)
    assert found is not None
    return merged, found


def _unchanged(mine: Record, theirs: Record, versions: tuple[int, int] | None) -> None:
    if versions is not None and versions != (mine.version, theirs.version):
        raise Stale(Problem("R063", parameters={"who": "", "when": "", "fields": ""}))


def _chosen(
    context: Context, plan: EntityPlan, mine: Record, theirs: Record, choose: Mapping[str, str]
) -> dict[str, Any]:
    """The values the record takes over. A field the actor may not write is only filled where it is empty."""
    known = {side.name: side for side in sides(context, mine, theirs)}
    problems = [
        Problem("R242", field=name, parameters={"name": name, "choice": choice})
        for name, choice in choose.items()
        if name not in known
        or choice not in CHOICES
        or (choice == BOTH and not known[name].both)
        or (known[name].locked and choice != known[name].choice)
    ]
    clean.stop(problems)
    given: dict[str, Any] = {}
    for name in plan.writable & plan.stored:
        old, new = mine.values.get(name), theirs.values.get(name)
        proposed = THEIRS if clean.empty(old) else BOTH if isinstance(old, tuple) else MINE
        choice = choose.get(name, known[name].choice if name in known else proposed)
        if choice == BOTH:
            new = tuple(dict.fromkeys([*(old or ()), *(new or ())]))
        if choice != MINE and new != old and not (clean.empty(new) and choice == BOTH):
            given[name] = new
    for name, value in given.items():
        # A link to the other, or to oneself, would lead nowhere afterwards.
        if plan.fields[name].links_to == plan.name and value in (mine.id, theirs.id):
            given[name] = None
    return given


def undo(context: Context, number: int) -> Undone:
    """Both records as they were, with what could not be taken back. Raises NotFound (R243), Refused (R244 too long ago, R246 the
    record went into another one itself), Conflict (R245 undone before, or a unique value is taken now), Forbidden."""
    found = merges.get(context.connection, number, lock=True)
    if found is None:
        raise NotFound(Problem("R243", parameters={"number": number}))
    if found.state != "done":
        raise Conflict(Problem("R245", parameters={"number": number}))
    if context.now - found.at > KEPT:
        raise Refused(Problem("R244", parameters={"days": KEPT.days}))
    further = merges.into(context.connection, found.entity, found.record)
    if further is not None:
        raise Refused(Problem("R246", parameters={"number": further.id, "into": further.record}))
    plan = context.plan(found.entity)
    record = context.hold(found.entity, found.record)
    _may_undo(context, found, record)
    if not merges.undo(context.connection, number, context.now, context.user):
        raise Conflict(Problem("R245", parameters={"number": number}))
    left: list[Left] = []
    record = _values_back(context, plan, found, record, left)
    other = context.records.restore(context.connection, found.entity, found.other, context.now, context.user)
    context.keep(other)
    log.restored(context, plan, other)
    counter.moved(context, plan, None, other)
    idle.watch(context, plan, other, None)
    for each in moving.back(context, plan, found):
        left.append(_left(context, *each))
    record = context.need(found.entity, found.record)
    log.parted(context, plan, record, number, found.other)
    return Undone(record, context.need(found.entity, found.other), left)


def _may_undo(context: Context, found: Merge, record: Record) -> None:
    if context.actor.is_system:
        return
    access = access_of(context, found.entity)
    access.check("read", values_of(record))
    access.check("update", values_of(record))
    trashed = context.records.get(context.connection, found.entity, found.other, trashed=True)
    if trashed is None:
        raise NotFound(Problem("R243", parameters={"number": found.id}))
    access.check("delete", values_of(trashed))


def _values_back(context: Context, plan: EntityPlan, found: Merge, record: Record, left: list[Left]) -> Record:
    """The fields the merge changed, where nobody changed them since."""
    from engine.runtime import entity as entities

    given: dict[str, Any] = {}
    for name, (before, after) in found.content.get("values", {}).items():
        if name not in plan.fields or name not in plan.stored:
            continue
        if record.values.get(name) == thaw(after):
            given[name] = thaw(before)
        elif name in plan.writable:
            left.append(_left(context, found.entity, record.id, name, "changed"))
    return entities.save(context, plan, record, given)


WHY: Mapping[str, tuple[str, str]] = {
    "changed": ("合并后又改过,保留现在的值", "changed since the merge: what it is now stays"),
    "new": ("合并之后才关联的,留在这一条", "linked since the merge: it stays with this one"),
    "gone": ("合并后已被删除", "deleted since the merge"),
    "fired": ("合并后已经到点执行", "it was due since the merge"),
    "over": ("合并后已经结束", "it has ended since the merge"),
}


def _left(context: Context, entity: str, record: int, name: str, why: str) -> Left:
    plan = context.compiled.plan(entity) if entity in context.manifest.entities else None
    one = plan.fields.get(name) if plan is not None else None
    label = one.field.label.text(context.language) or name if one is not None else name
    zh, en = WHY[why]
    return Left(entity, record, name, label, en if context.language == "en" else zh)


def merged_here(context: Context, entity: str, record: int) -> Sequence[Merge]:
    """What went into a record, the latest first."""
    return merges.of_record(context.connection, entity, record)


def may_be_undone(context: Context, found: Merge) -> bool:
    """True while it holds and is not too old."""
    return found.state == "done" and context.now - found.at <= KEPT

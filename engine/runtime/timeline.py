"""What happened to a record, as one list: changes, transitions, owners, rules, promises. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine import said
from engine.runtime import log
from engine.runtime.access import access_of
from engine.runtime.context import Context, values_of
from engine.runtime.plans import EntityPlan
from engine.runtime.sla import PREFIX
from engine.store import audit, merges, timers
from engine.store.encode import from_text, instant

#: Runs and cards read for one record; a record has more only when something is wrong with a rule.
MOST = 200
KINDS: Mapping[str, str] = {
    "create": "created",
    "update": "changed",
    "transition": "transition",
    "delete": "deleted",
    "restore": "restored",
    "merge": "merged",
    "unmerge": "merged",
    "refused": "refused",
    **dict.fromkeys(
        (
            "approval_asked",
            "approval_approve",
            "approval_reject",
            "approval_withdrawn",
            "approval_delegated",
            "approval_passed_on",
            "approval_expired",
            "approval_void",
        ),
        "approval",
    ),
}
APPROVALS: Mapping[str, tuple[str, str]] = {
    "approval_asked": ("提请审批", "Asked for approval"),
    "approval_approve": ("同意", "Approved"),
    "approval_reject": ("不同意", "Rejected"),
    "approval_withdrawn": ("撤回审批", "Withdrew the request"),
    "approval_delegated": ("转给别人审批", "Passed the approval to somebody"),
    "approval_passed_on": ("到时限没有回复,升级审批", "No answer in time, passed on"),
    "approval_expired": ("到时限没有决定,审批失效", "Not decided in time, expired"),
    "approval_void": ("记录已变化,审批作废", "Overtaken, no approval needed"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after, as text for people."""

    field: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. ``kind`` is created, changed, transition, refused, assigned, trigger, sla, approval, merged,
    deleted or restored; ``where`` the file and line of the rule behind it, empty for a person's doing."""

    at: dt.datetime
    by: str
    kind: str
    title: str
    changes: tuple[Change, ...] = ()
    where: str = ""


def timeline(context: Context, entity: str, record: int) -> list[Moment]:
    """Everything kept about a record, the latest first, without the fields the actor may not see.

    Raises NotFound for a record the actor may not see.
    """
    plan = context.plan(entity)
    found = context.need(entity, record)
    access = access_of(context, entity)
    if not context.actor.is_system:
        access.check("read", values_of(found))
    moments: list[Moment] = []
    # What happened to the records that went into this one belongs to it as well.
    for each in (record, *merges.gathered(context.connection, entity, record)):
        moments += _log(context, plan, each, access.hidden)
        moments += _owners(context, entity, each)
        moments += _runs(context, entity, each)
        moments += _promises(context, entity, each)
    # What happened at the same instant keeps its order: first the change, then what it led to.
    return sorted(moments, key=lambda moment: moment.at, reverse=True)


def _log(context: Context, plan: EntityPlan, record: int, hidden: frozenset[str]) -> Iterator[Moment]:
    for entry in reversed(audit.entries(context.connection, plan.name, record)):
        via = str(entry.detail.get("via", ""))
        by = log.name_of(context, entry.detail.get("by", entry.by_user), entry.login)
        names = [name for name in {**entry.before, **entry.after} if name not in hidden and name in plan.fields]
        changes = tuple(
            Change(name, _label(context, plan, name), _shown(context, plan, name, entry.before.get(name)), after)
            for name in names
            if (after := _shown(context, plan, name, entry.after.get(name))) is not None
        )
        kind = KINDS.get(entry.action, entry.action)
        yield Moment(entry.at, by, kind, _title(context, plan, entry), changes, _written(context, via))


def _title(context: Context, plan: EntityPlan, entry: audit.Entry) -> str:
    name = str(entry.detail.get("transition", ""))
    if name:
        for machine in plan.machines:
            if name in machine.transitions:
                label = machine.transitions[name].transition.label.text(context.language) or name
                messages = "; ".join(entry.detail.get("messages", ()))
                return f"{label}: {messages}" if messages else label
    words = {
        "create": ("新建", "Created"),
        "update": ("修改", "Changed"),
        "delete": ("删除", "Deleted"),
        "restore": ("恢复", "Restored"),
        "merge": ("合并了一条重复的", "Merged with a duplicate"),
        "unmerge": ("撤销了合并", "Took a merge back"),
    }
    if entry.action in APPROVALS:
        zh, en = APPROVALS[entry.action]
        what, note = entry.detail.get("title", ""), entry.detail.get("note", "")
        text = f"{en if context.language == 'en' else zh}: {what}"
        return f"{text} ({note})" if note else text
    zh, en = words.get(entry.action, (entry.action, entry.action))
    return en if context.language == "en" else zh


def _written(context: Context, via: str) -> str:
    kind, _, name = via.partition(":")
    rule = context.manifest.triggers.get(name) if kind == "trigger" else None
    return str(rule.where) if rule is not None else ""


def _label(context: Context, plan: EntityPlan, name: str) -> str:
    return plan.fields[name].field.label.text(context.language) or name


def _shown(context: Context, plan: EntityPlan, name: str, value: Any) -> str:
    """A logged value as text for people: a link as the title of what it leads to, a state by its label."""
    field = plan.fields[name]
    if value is None:
        return ""
    if field.links_to is not None and isinstance(value, int):
        found = context.get(field.links_to, value)
        return context.title(found) if found is not None else str(value)
    machine = plan.machine_of.get(name)
    if machine is not None and value in machine.definition.states:
        return machine.definition.states[value].label.text(context.language) or str(value)
    try:
        return field.type.show(field.field, field.type.clean(field.field, value), context.language)
    except ValueError:
        return str(value)


def _owners(context: Context, entity: str, record: int) -> Iterator[Moment]:
    rows = context.connection.execute(
        "SELECT rule, at, chosen FROM fl_score_cards WHERE record = ? AND entity = ? ORDER BY id DESC LIMIT ?",
        (record, entity, MOST),
    )
    for rule, at, chosen in rows:
        found = context.manifest.assignments.get(rule)
        label = found.label.text(context.language) if found else ""
        zh = (
            f"没有人可分({label or rule})"
            if chosen is None
            else f"分给 {log.name_of(context, chosen)}({label or rule})"
        )
        en = (
            f"Nobody to assign ({label or rule})"
            if chosen is None
            else f"Given to {log.name_of(context, chosen)} ({label or rule})"
        )
        title = en if context.language == "en" else zh
        yield Moment(instant(at), label or rule, "assigned", title, (), str(found.where) if found else "")


def _runs(context: Context, entity: str, record: int) -> Iterator[Moment]:
    for run in runs_of(context, entity, record):
        if run["state"] == "done":
            continue  # what it did is told by its changes
        yield Moment(run["at"], run["label"], "trigger", run["reason"] or run["state"], (), run["where"])


def runs_of(context: Context, entity: str, record: int) -> list[dict[str, Any]]:
    """The runs of rules for a record, the latest first: id, trigger, label, at, state, event, steps, reason, where."""
    rows = context.connection.execute(
        "SELECT id, trigger, started_at, state, event, data FROM fl_runs WHERE record = ? AND entity = ? "
        "ORDER BY id DESC LIMIT ?",
        (record, entity, MOST),
    )
    found: list[dict[str, Any]] = []
    for id, name, at, state, event, data in rows:
        about = from_text(data) or {}
        rule = context.manifest.triggers.get(name)
        problems = about.get("problems") or ([about["problem"]] if "problem" in about else [])
        found.append(
            {
                "id": id,
                "trigger": name,
                "label": (rule.label.text(context.language) if rule else "") or name,
                "at": instant(at),
                "state": state,
                "event": event,
                "steps": [_worded(step, context.language) for step in about.get("steps", [])],
                "reason": "; ".join(said.revived(each).what(context.language) for each in problems),
                "where": about.get("where", ""),
            }
        )
    return found


def _worded(step: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    return {**step, "failed": said.sentence(step["failed"], language)} if step.get("failed") else step


def _promises(context: Context, entity: str, record: int) -> Iterator[Moment]:
    for one in timers.all_of(context.connection, entity, record):
        if not one.timer.name.startswith(PREFIX) or one.state != "fired":
            continue
        name = one.timer.name[len(PREFIX) :]
        sla = context.manifest.slas.get(name)
        label = (sla.label.text(context.language) if sla else "") or name
        soon = one.timer.step == "warn"
        again = one.timer.step.startswith("escalate")
        zh = f"{label}:快到时限" if soon else f"{label}:超时升级" if again else f"{label}:超时"
        en = f"{label}: nearly due" if soon else f"{label}: passed on" if again else f"{label}: overdue"
        title = en if context.language == "en" else zh
        yield Moment(one.timer.due, label, "sla", title, (), str(sla.where) if sla else "")

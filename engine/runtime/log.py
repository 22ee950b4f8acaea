"""What is written down about every change: the audit log, and the runs of rules. Floor: 5."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any

from engine.facts import SYSTEM, Event, Record
from engine.runtime.context import Context
from engine.runtime.plans import EntityPlan, TriggerPlan
from engine.store import audit
from engine.store.encode import micros, to_text

RUN = ("trigger", "entity", "record", "event", "state", "started_at", "ended_at", "revision", "by_user", "data")


def _detail(context: Context, version: int, more: tuple[tuple[str, Any], ...] = ()) -> str | None:
    # The rights were the rule's, the cause was a person: both are kept.
    by = context.user if context.user != context.actor.user else None
    return _detailed(version, context.via, context.parts.revision, by, more)


@functools.lru_cache(maxsize=1024)
def _detailed(
    version: int, via: str, revision: int | None, by: int | None, more: tuple[tuple[str, Any], ...]
) -> str | None:
    """The same for every record that a rule makes or changes: few texts, written out again and again."""
    detail = {"version": version, **dict(more), "via": via or None, "revision": revision or None, "by": by}
    return to_text({name: value for name, value in detail.items() if value is not None})


def created(context: Context, plan: EntityPlan, record: Record) -> None:
    """A record was made; its values as they were."""
    values = record.values
    after = {name: values[name] for name in plan.shown if values[name] is not None}
    audit.write(
        context.connection,
        context.now,
        context.actor,
        "create",
        entity=plan.name,
        record=record.id,
        after=after,
        detail=_detail(context, record.version),
    )


def changed(
    context: Context,
    plan: EntityPlan,
    record: Record,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    action: str = "",
) -> None:
    """Fields of a record changed; ``action`` names the transition that did it."""
    more = (("transition", action),) if action else ()
    audit.write(
        context.connection,
        context.now,
        context.actor,
        "transition" if action else "update",
        entity=plan.name,
        record=record.id,
        before=old,
        after=new,
        detail=_detail(context, record.version, more),
    )


def deleted(context: Context, plan: EntityPlan, record: Record) -> None:
    """A record went into the trash."""
    _whole(context, plan, record, "delete", before=record.values)


def restored(context: Context, plan: EntityPlan, record: Record) -> None:
    """A record came back from the trash."""
    _whole(context, plan, record, "restore")


def merged(
    context: Context, plan: EntityPlan, record: Record, values: Mapping[str, Any], merge: int = 0, other: int = 0
) -> None:
    """Another record's values went into this one; they are kept as they came. ``merge`` is the number it can be undone by."""
    kept = {name: value for name, value in values.items() if name in plan.shown and value is not None}
    _whole(context, plan, record, "merge", after=kept, more={"merge": merge, "other": other} if merge else {})


def parted(context: Context, plan: EntityPlan, record: Record, merge: int, other: int) -> None:
    """A merge was taken back."""
    _whole(context, plan, record, "unmerge", more={"merge": merge, "other": other})


def refused(context: Context, event: Event) -> None:
    """Something was tried and refused; nothing of it was saved, but that it was tried is."""
    audit.write(
        context.connection,
        context.now,
        event.actor,
        "refused",
        entity=event.entity,
        record=event.record,
        detail=dict(event.data),
    )


def _whole(
    context: Context,
    plan: EntityPlan,
    record: Record,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    audit.write(
        context.connection,
        context.now,
        context.actor,
        action,
        entity=plan.name,
        record=record.id,
        before=before,
        after=after,
        detail=_detail(context, record.version, tuple((more or {}).items())),
    )


def run(context: Context, plan: TriggerPlan, event: Event, state: str, detail: Mapping[str, Any]) -> None:
    """A rule ran (``done``), could not (``failed``) or was stopped; with its steps, as one row."""
    about = {"hop": event.hop, "where": str(plan.trigger.where), **detail}
    _run(context, plan.trigger.name, event, state, about)


def failed(context: Context, name: str, event: Event, detail: Mapping[str, Any]) -> None:
    """Something due could not be done at all; it is seen among the runs that failed."""
    _run(context, name, event, "failed", detail)


def _run(context: Context, name: str, event: Event, state: str, about: Mapping[str, Any]) -> None:
    at = micros(context.now)
    row = (
        name,
        event.entity,
        event.record,
        event.name,
        state,
        at,
        at,
        context.parts.revision or None,
        context.user,
        to_text(about),
    )
    context.connection.append("fl_runs", RUN, row)


def changes_since(context: Context, record: Record, version: int) -> list[tuple[str, dt.datetime, tuple[str, ...]]]:
    """(who, when, which fields) of every change after that version, oldest first."""
    found: list[tuple[str, dt.datetime, tuple[str, ...]]] = []
    for entry in audit.entries(context.connection, record.entity, record.id):
        at_version = entry.detail.get("version")
        if entry.action in ("update", "transition", "restore", "merge") and at_version and at_version > version:
            who = entry.detail.get("by", entry.by_user)
            found.append((name_of(context, who, entry.login), entry.at, tuple(entry.after)))
    return found


def name_of(context: Context, user: int | None, login: str = "") -> str:
    """A person's name for a message; what the engine did itself is called the system."""
    if user is None or "user" not in context.manifest.entities:
        return login if login and login != SYSTEM.login else "系统" if context.language == "zh" else "the system"
    found = context.get("user", user)
    return str(found.values.get("name") or found.values.get("login") or user) if found else login or str(user)


def clock_time(context: Context, instant: dt.datetime) -> str:
    """``10:02`` today, ``01-05 10:02`` else, in the site's time zone."""
    local = instant.astimezone(context.parts.zone)
    same = local.date() == context.parts.day(context.now)
    return local.strftime("%H:%M" if same else "%m-%d %H:%M")

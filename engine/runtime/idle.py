"""Records that stand still: a timer for each trigger that waits for it. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from engine.facts import Record, Timer
from engine.runtime.context import Context
from engine.runtime.plans import EntityPlan
from engine.store import timers

PREFIX = "idle:"


def watch(context: Context, plan: EntityPlan, record: Record, old: Mapping[str, Any] | None) -> None:
    """Set the timers of a record that was made (``old`` is None) or whose ``since`` field moved."""
    for each in plan.idle:
        if old is not None and each.since not in old and each.since not in ("updated_at",):
            continue
        name = PREFIX + each.trigger
        if old is not None:
            timers.cancel(context.connection, plan.name, record.id, name)
        since = record.values.get(each.since)
        if isinstance(since, dt.datetime):
            due = since + each.span
            timers.set(context.connection, Timer(name, "idle", plan.name, record.id, due, {"since": each.since}))


def forget(context: Context, record: Record) -> None:
    """Nothing waits for a record in the trash."""
    timers.cancel(context.connection, record.entity, record.id)

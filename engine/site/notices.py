"""What people would have been told last week under other limits. Floor: 6."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.errors import Problem, WrongUsage
from engine.facts import Actor
from engine.model.site import Notices
from engine.model.terms import Duration
from engine.runtime import budget, log, who
from engine.site import asking
from engine.site.running import Running
from engine.store.encode import instant, micros


def preview(running: Running, actor: Actor, wanted: Mapping[str, str], days: int = 7) -> dict[str, Any]:
    """Each person's messages of the last days as they were and as they would be: ``before``, ``after``, of these at once
    (``now``), ``grouped``, ``held``, ``digests``, and the most on one day. ``wanted`` overrides the site's limits
    (``quiet``, ``per_day``, ``group``, as text). Raises Forbidden without the right to configure, WrongUsage (R163)."""
    asking.allow(running, actor, "configure")
    notices = _notices(running.manifest.site.notifications, wanted)
    with running.reading(actor) as context:
        since = micros(context.now - dt.timedelta(days=days))
        urgent = "urgent" if budget.holds(context.manifest) else "NULL"
        rows = context.connection.execute(
            f'SELECT "user", created_at, rule, {urgent} FROM notification WHERE created_at >= ? ORDER BY created_at, id',
            (since,),
        )
        past: dict[int, list[tuple[dt.datetime, str, bool]]] = {}
        for user, at, rule, pressing in rows:
            past.setdefault(user, []).append((instant(at), str(rule or ""), bool(pressing)))
        users = who.everybody(context)
        told = [
            budget.replay(budget.limits_of(notices, users.get(user)), running.zone, user, list_)
            for user, list_ in past.items()
        ]
        people = [
            {
                "user": one.user,
                "name": log.name_of(context, one.user),
                "before": one.before,
                "after": one.after,
                "now": one.now,
                "grouped": one.grouped,
                "held": one.held,
                "digests": one.digests,
                "most_a_day": {"before": one.most[0], "after": one.most[1]},
            }
            for one in sorted(told, key=lambda one: -one.before)
        ]
    return {
        "days": days,
        "limits": {
            "quiet": notices.quiet,
            "per_day": notices.per_day,
            "group": str(notices.group) if notices.group is not None else None,
        },
        "before": sum(one.before for one in told),
        "after": sum(one.after for one in told),
        "people": people,
    }


def _notices(site: Notices, wanted: Mapping[str, str]) -> Notices:
    found = site
    try:
        if wanted.get("quiet"):
            budget.hours(wanted["quiet"])
            found = replace(found, quiet=wanted["quiet"])
        if wanted.get("per_day"):
            found = replace(found, per_day=max(1, int(wanted["per_day"])))
    except ValueError:
        raise WrongUsage(Problem("R163", parameters={"text": ", ".join(wanted.values())})) from None
    if wanted.get("group"):
        span = Duration.parse(wanted["group"])
        if span is None:
            raise WrongUsage(Problem("R163", parameters={"text": wanted["group"]}))
        found = replace(found, group=span)
    return found

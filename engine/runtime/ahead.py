"""The clock slider: what would happen to a record if time passed and nobody acted, played on a copy. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from engine.clock import UTC, VirtualClock
from engine.errors import Problem, WrongUsage
from engine.facts import Record
from engine.model.terms import Duration
from engine.runtime import copying, log, scheduler
from engine.runtime.acts import Acting
from engine.runtime.context import Context, Parts, values_of
from engine.runtime.timeline import Change, Moment, timeline
from engine.store.connection import Connection
from engine.store.database import Database
from engine.store.encode import instant

#: Nobody needs to look further, and a rule that comes every minute would never end.
FURTHEST = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that would happen. ``kind`` is that of a moment (changed, assigned, sla, trigger …), or ``notice``, ``created``;
    ``to`` are the people told; ``where`` file and line of the rule behind it."""

    at: dt.datetime
    kind: str
    title: str
    by: str = ""
    where: str = ""
    changes: tuple[Change, ...] = ()
    to: tuple[str, ...] = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What would happen until ``until``, earliest first; ``before`` and ``after`` are the record, ``notified`` the ids of
    everybody who would be told."""

    start: dt.datetime
    until: dt.datetime
    happenings: tuple[Happening, ...]
    before: Record
    after: Record | None
    notified: tuple[int, ...] = ()
    copied: int = 0


def later(context: Context, span: Duration) -> dt.datetime:
    """The instant that much later. Raises WrongUsage (R160) for nothing at all, or beyond a year."""
    until = after(context.now, span, context.parts.zone)
    if not context.now < until <= context.now + FURTHEST:
        raise WrongUsage(Problem("R160", parameters={"span": str(span)}))
    return until


def after(moment: dt.datetime, span: Duration, zone: ZoneInfo) -> dt.datetime:
    """The instant a span later; a month is the calendar's: 2026-01-31 plus 1mo is the last day of February."""
    if span.months:
        local = moment.astimezone(zone)
        month = local.month - 1 + span.months
        year, month = local.year + month // 12, month % 12 + 1
        last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).day
        moment = local.replace(year=year, month=month, day=min(local.day, last)).astimezone(UTC)
    return moment + dt.timedelta(seconds=span.seconds)


def look(context: Context, entity: str, record: int, until: dt.datetime) -> Ahead:
    """Play the time up to ``until`` on a copy. What the copy does is seen with the rights of the context's actor.

    Raises NotFound for a record that is not there.
    """
    found = context.need(entity, record)
    clock = VirtualClock(context.now)
    parts = aside(context.parts, clock)
    database = Database.open("sqlite://", clock)
    try:
        database.write(parts.schema.create)

        def fill(target: Connection) -> int:
            return copying.copy(context, found, target)

        copied = database.write(fill)
        scheduler.play(parts, database, clock, until)
        with database.read() as connection:
            after = Acting(parts, connection, context.actor, now=until)
            return _seen(after, found, context.now, until, copied)
    finally:
        database.close()


def aside(parts: Parts, clock: VirtualClock) -> Parts:
    """The same rules by another clock, sharing nothing that remembers the real database."""
    made = replace(parts, clock=clock, kept={}, ready={})
    vars(made)["compiled"] = parts.compiled
    return made


def _seen(context: Acting, record: Record, start: dt.datetime, until: dt.datetime, copied: int) -> Ahead:
    after = context.get(record.entity, record.id)
    moments = timeline(context, record.entity, record.id) if after is not None else []
    happenings = [_of(moment) for moment in reversed(moments) if moment.at > start]
    notices = list(_notices(context))
    happenings += [*(each for each, _ in notices), *_others(context, record)]
    told = tuple(dict.fromkeys(user for _, user in notices))
    return Ahead(
        start=start,
        until=until,
        happenings=tuple(sorted(happenings, key=lambda each: each.at)),
        before=record,
        after=after,
        notified=told,
        copied=copied,
    )


def _of(moment: Moment) -> Happening:
    return Happening(moment.at, moment.kind, moment.title, moment.by, moment.where, moment.changes)


def _notices(context: Acting) -> Iterator[tuple[Happening, int]]:
    """Who would be told what, with the rule that says so."""
    if "notification" not in context.manifest.entities:
        return
    for one in context.records.find(context.connection, "notification", {}):
        values = values_of(one)
        if values.get("held_until") is not None:
            continue  # told in its digest
        rule = context.manifest.triggers.get(str(values.get("rule") or ""))
        label = (rule.label.text(context.language) or rule.name) if rule is not None else ""
        name = log.name_of(context, values["user"])
        yield (
            Happening(
                at=values["created_at"],
                kind="notice",
                title=str(values.get("title") or ""),
                by=label,
                where=str(rule.where) if rule is not None else "",
                to=(name,),
                body=str(values.get("body") or ""),
            ),
            int(values["user"]),
        )


def _others(context: Acting, record: Record) -> Iterator[Happening]:
    """Records that would be made, and others that would change, besides the one looked at."""
    rows = context.connection.execute(
        "SELECT at, action, entity, record, detail FROM fl_audit WHERE entity IS NOT NULL ORDER BY chain, seq"
    )
    for at, action, entity, number, detail in rows:
        if (entity, number) == (record.entity, record.id) or entity == "notification" or action not in WORDS:
            continue
        found = context.get(entity, number)
        label = context.plan(entity).entity.label.text(context.language) or entity
        title = context.title(found) if found is not None else str(number)
        rule = context.manifest.triggers.get(_rule(detail))
        zh, en = WORDS[action]
        yield Happening(
            at=instant(at),
            kind="created" if action == "create" else "changed",
            title=f"{en if context.language == 'en' else zh} {label}: {title}",
            by=(rule.label.text(context.language) or rule.name) if rule is not None else "",
            where=str(rule.where) if rule is not None else "",
        )


WORDS: Mapping[str, tuple[str, str]] = {
    "create": ("新建", "Creates"),
    "update": ("修改", "Changes"),
    "transition": ("推进", "Moves"),
    "delete": ("删除", "Deletes"),
}


def _rule(detail: Any) -> str:
    from engine.store.encode import from_text

    kind, _, name = str((from_text(detail) or {}).get("via", "")).partition(":")
    return name if kind == "trigger" else ""

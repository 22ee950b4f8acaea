"""How much people are told: several of one kind in one message, quiet hours, a cap a day, the rest as a digest. Floor: 5.

``decide`` is the whole rule and knows no database, so the preview of last week asks the same as the turn of now.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from engine.facts import SYSTEM, Event, Record, Timer
from engine.model.manifest import Manifest
from engine.model.site import Notices
from engine.runtime import entity, who
from engine.runtime.context import Context
from engine.store import timers
from engine.store.encode import instant, micros

#: The name of the timer that tells a person what was held back.
DIGEST = "digest"
#: What comes later than this, after an outage, is told to each person in one digest, whatever kinds there are and also where
#: nothing else is held back.
LATE = dt.timedelta(hours=1)
#: How long that digest waits for what else is late; everything due before it fires first anyway.
GATHER = dt.timedelta(minutes=1)
#: Lines of a message that stands for several.
LINES = 20
TITLE = 300


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one person. ``quiet`` is (from, to) on the clock of the site, possibly over midnight."""

    quiet: tuple[dt.time, dt.time] | None = None
    per_day: int | None = None
    group: dt.timedelta | None = None
    digest_at: dt.time = dt.time(9)

    @property
    def none(self) -> bool:
        """True when everything is told at once."""
        return self.quiet is None and self.per_day is None and self.group is None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``way``: now, group (into the last of its kind) or hold, then with ``until``."""

    way: str
    until: dt.datetime | None = None


NOW = Verdict("now")


def decide(
    limits: Limits, at: dt.datetime, zone: ZoneInfo, told_today: int, last_alike: dt.datetime | None, urgent: bool
) -> Verdict:
    """What is done with one message to one person. ``last_alike`` is when they were last told one of its kind; urgent ones
    are told at once."""
    if urgent:
        return NOW
    if limits.group is not None and last_alike is not None and at - last_alike <= limits.group:
        return Verdict("group")
    local = at.astimezone(zone)
    if limits.quiet is not None and _within(local.time(), limits.quiet):
        return Verdict("hold", _next(local, limits.quiet[1]))
    if limits.per_day is not None and told_today >= limits.per_day:
        morning = limits.quiet[1] if limits.quiet is not None else limits.digest_at
        tomorrow = (local + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return Verdict("hold", _next(tomorrow - dt.timedelta(microseconds=1), morning))
    return NOW


def _within(time: dt.time, quiet: tuple[dt.time, dt.time]) -> bool:
    begin, end = quiet
    return begin <= time < end if begin <= end else time >= begin or time < end


def _next(local: dt.datetime, time: dt.time) -> dt.datetime:
    found = local.replace(hour=time.hour, minute=time.minute, second=0, microsecond=0)
    if found <= local:
        found = (found + dt.timedelta(days=1)).replace(hour=time.hour, minute=time.minute)
    return found.astimezone(dt.UTC)


def hours(text: str | None) -> tuple[dt.time, dt.time] | None:
    """``21:00-08:00`` as two times; None for nothing and for ``off``."""
    if not text or text == "off":
        return None
    begin, _, end = text.partition("-")
    return dt.time.fromisoformat(begin), dt.time.fromisoformat(end)


def limits_of(notices: Notices, user: Mapping[str, Any] | None) -> Limits:
    """The site's limits with the person's own over them."""
    own = user or {}
    group = notices.group.delta if notices.group is not None else None
    quiet, per_day = own.get("quiet_hours") or notices.quiet, own.get("notices_per_day") or notices.per_day
    return _limits(quiet, per_day, group, notices.digest_at)


@functools.lru_cache(maxsize=256)
def _limits(quiet: str | None, per_day: int | None, group: dt.timedelta | None, digest_at: str) -> Limits:
    """The same for everybody with these words: a few in a company."""
    return Limits(hours(quiet), per_day, group, dt.time.fromisoformat(digest_at))


def holds(manifest: Manifest) -> bool:
    """Whether notifications can be held back: an older revision of the base pack has no place to say so."""
    return "held_until" in manifest.entities["notification"].fields


def tell(context: Context, user: int, values: Mapping[str, Any], event: Event, urgent: bool) -> bool:
    """Tell a person, within their limits; True when it reaches them at once. ``values`` are the notification's."""
    if not holds(context.manifest):
        entity.create(context, "notification", values)
        return True
    if not urgent and float(event.data.get("late") or 0) >= LATE.total_seconds():
        _gather(context, user, values)
        return False
    limits = limits_of(context.manifest.site.notifications, who.everybody(context).get(user))
    kind, verdict, last = values.get("rule"), NOW, None
    if limits.group is not None and kind:
        last = _alike(context, user, str(kind), limits.group)
    if not limits.none:
        told = _told_today(context, user) if limits.per_day is not None else 0
        alike = last.values["created_at"] if last is not None else None
        verdict = decide(limits, context.now, context.parts.zone, told, alike, urgent)
    if verdict.way == "group" and last is not None:
        _join(context, last, str(values["title"]))
        return False
    held = {"held_until": verdict.until} if verdict.until is not None else {}
    entity.create(context, "notification", {**values, **held, **({"urgent": True} if urgent else {})})
    if verdict.until is not None:
        _wait(context, user, verdict.until)
    return verdict.until is None


def _gather(context: Context, user: int, values: Mapping[str, Any]) -> None:
    """Keep what comes long after its time for the next digest of that person, which is soon."""
    soon = context.now + GATHER
    waiting = [one.timer.due for one in timers.open_of(context.connection, "user", user, DIGEST)]
    until = min([due for due in waiting if due <= soon], default=soon)
    entity.create(context, "notification", {**values, "held_until": until})
    _wait(context, user, until)


def _alike(context: Context, user: int, rule: str, window: dt.timedelta) -> Record | None:
    """The last unread message of that rule within the window that has reached the person."""
    row = context.connection.one(
        'SELECT id FROM notification WHERE "user" = ? AND rule = ? AND created_at >= ? AND held_until IS NULL '
        "AND read_at IS NULL AND deleted_at IS NULL ORDER BY id DESC LIMIT 1",
        (user, rule, micros(context.now - window)),
    )
    return context.get("notification", row[0]) if row is not None else None


def _told_today(context: Context, user: int) -> int:
    local = context.now.astimezone(context.parts.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    text = 'SELECT COUNT(*) FROM notification WHERE "user" = ? AND created_at >= ? AND held_until IS NULL AND deleted_at IS NULL'
    return int(context.connection.scalar(text, (user, micros(local))) or 0)


def _join(context: Context, last: Record, title: str) -> None:
    """One more of its kind in a message that is there."""
    count = int(last.values.get("count") or 1) + 1
    first = str(last.values["title"]).rpartition(MORE)[0] or str(last.values["title"])
    lines = str(last.values.get("body") or "").split("\n")
    if len(lines) < LINES:
        lines.append(f"• {title}")
    changes = {"count": count, "title": f"{first[: TITLE - 20]}{MORE}{count} 条)", "body": "\n".join(lines).strip("\n")}
    entity.update(context, "notification", last.id, changes)


#: Between the first message and how many it stands for.
MORE = "(共 "


def _wait(context: Context, user: int, until: dt.datetime) -> None:
    known = timers.open_of(context.connection, "user", user, DIGEST)
    if not any(one.timer.due <= until for one in known):
        timers.set(context.connection, Timer(DIGEST, "due", "user", user, until))


def digest(context: Context, user: int) -> int:
    """Tell a person what was held back, in one message; how many it stands for. One alone is told as it is."""
    acting = context.derive(SYSTEM, "digest:")
    held = [
        record
        for record in context.records.find(context.connection, "notification", {"user": user})
        if record.values.get("held_until") is not None
        and record.values["held_until"] <= context.now
        and record.values.get("digest") is None
    ]
    later = context.connection.scalar(
        'SELECT MIN(held_until) FROM notification WHERE "user" = ? AND held_until > ? AND deleted_at IS NULL',
        (user, micros(context.now)),
    )
    if later is not None:
        _wait(context, user, instant(later))
    if len(held) == 1:
        entity.update(acting, "notification", held[0].id, {"held_until": None})
    elif held:
        title, body = words(held, str((who.everybody(context).get(user) or {}).get("language") or "zh"))
        made = entity.create(acting, "notification", {"user": user, "title": title, "body": body, "count": len(held)})
        for record in held:
            entity.update(acting, "notification", record.id, {"digest": made.id, "read_at": context.now})
    return len(held)


def words(held: Iterable[Record], language: str) -> tuple[str, str]:
    """(title, body) of a digest: what there was, kind by kind, the most frequent first."""
    kinds: dict[str, list[str]] = {}
    for record in held:
        kinds.setdefault(str(record.values.get("rule") or record.values["title"]), []).append(
            str(record.values["title"])
        )
    count = sum(len(titles) for titles in kinds.values())
    lines = []
    for titles in sorted(kinds.values(), key=len, reverse=True)[:LINES]:
        more = len(titles) - 1
        rest = (f" (and {more} more)" if language.startswith("en") else f"(还有 {more} 条同类)") if more else ""
        lines.append(f"• {titles[0]}{rest}")
    if language.startswith("en"):
        return f"While you were away: {count} notices", "\n".join(lines)
    return f"没打扰您的这段时间有 {count} 条提醒", "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Told:
    """How one person would have fared: ``before`` messages as they were, then ``now`` at once, ``grouped`` into others,
    ``held`` for ``digests``; ``most`` on one day before and after."""

    user: int
    before: int
    now: int
    grouped: int
    held: int
    digests: int
    most: tuple[int, int]

    @property
    def after(self) -> int:
        """How many messages that would have been."""
        return self.now + self.digests


def replay(limits: Limits, zone: ZoneInfo, user: int, past: Iterable[tuple[dt.datetime, str, bool]]) -> Told:
    """What limits would have made of what a person was told: (when, rule, urgent), earliest first."""
    days: dict[dt.date, int] = {}
    plain: dict[dt.date, int] = {}
    last: dict[str, dt.datetime] = {}
    digests: set[dt.datetime] = set()
    count = now = grouped = held = 0
    for at, kind, urgent in past:
        day = at.astimezone(zone).date()
        count += 1
        plain[day] = plain.get(day, 0) + 1
        verdict = decide(limits, at, zone, days.get(day, 0), last.get(kind) if kind else None, urgent)
        if verdict.way == "now":
            now += 1
            days[day] = days.get(day, 0) + 1
            last[kind] = at
        elif verdict.way == "group":
            grouped += 1
        elif verdict.until is not None:
            held += 1
            if verdict.until not in digests:
                digests.add(verdict.until)
                morning = verdict.until.astimezone(zone).date()
                days[morning] = days.get(morning, 0) + 1
    most = (max(plain.values(), default=0), max(days.values(), default=0))
    return Told(user, count, now, grouped, held, len(digests), most)

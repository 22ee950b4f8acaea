"""Connections that are fetched: when to go and look, and that only one does. Floor: 5.

Every connection with a ``schedule`` has a timer; when it fires, the one job of that connection is due. Whoever claims the job
polls, under its lease, and keeps in one turn what came and how far it got (``Standing``): a poller that is killed is followed
by another that begins where the last kept page ended.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engine.facts import Job
from engine.model.manifest import Manifest
from engine.plugins.registry import Registry
from engine.plugins.slots import Connector, Undone
from engine.runtime.acts import Acting
from engine.runtime.launch import tell
from engine.store import jobs, settings
from engine.store.connection import Connection

PREFIX = "poll:"
#: How long after a failure the other side is left alone, doubled each time, and the longest. Where only a person can mend it
#: (a wrong password) asking again soon would only lock the account.
WAIT, LONGEST = dt.timedelta(seconds=30), dt.timedelta(hours=1)
WAIT_FINAL, LONGEST_FINAL = dt.timedelta(minutes=10), dt.timedelta(hours=6)
#: So many failures in a row are told to those who look after the site; one that no retry can mend at once.
TOLD = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a connection was read and how that goes. ``cursor`` is the connector's own; instants are ISO 8601 in UTC,
    ``error`` what is kept of a failure (``engine.said``)."""

    cursor: Any = None
    looked_at: str | None = None
    came: int = 0
    failing_since: str | None = None
    error: str | None = None


def standing(connection: Connection, name: str) -> Standing:
    """Where a connection stands; the beginning for one that was never polled."""
    found: Mapping[str, Any] = settings.get(connection, PREFIX + name) or {}
    return Standing(**found)


def keep(connection: Connection, name: str, now: Standing) -> None:
    """Write down where a connection stands."""
    settings.put(connection, PREFIX + name, asdict(now))


def polls(manifest: Manifest, registry: Registry, name: str) -> bool:
    """True for a connection whose connector goes and looks."""
    found = manifest.connections.get(name)
    connector = registry.find(Connector, found.connector) if found is not None else None
    return connector is not None and "poll" in connector.offers


def schedules(manifest: Manifest, registry: Registry) -> dict[str, str]:
    """The name of the timer -> the cron expression, of every connection that is polled by itself."""
    return {
        PREFIX + each.name: each.schedule
        for each in manifest.connections.values()
        if each.schedule and polls(manifest, registry, each.name)
    }


def ask(context: Acting, name: str) -> None:
    """Let the connection be polled now; nothing while somebody does, or while the other side is left alone after a failure."""
    id = due_now(context.connection, name, context.now)
    if id is not None:
        tell(context, id)


def due_now(connection: Connection, name: str, now: dt.datetime, *, by_hand: bool = False) -> int | None:
    """The id of the connection's job, due now; None while somebody polls it. ``by_hand`` ends a wait after failures, too."""
    key = PREFIX + name
    jobs.add(connection, Job("poll", {"connection": name}, key, now), now)
    states = ("done", "cancelled", "waiting", "dead") if by_hand else ("done", "cancelled")
    jobs.again(connection, key, now, states)
    found = jobs.by_key(connection, key)
    return found.id if found is not None and found.state == "waiting" and found.job.due <= now else None


def again_at(error: Exception, failures: int, number: int, now: dt.datetime) -> dt.datetime:
    """When to look again after so many failures before this one: later each time, a fifth more or less, not before the other
    side asked for."""
    final = isinstance(error, Undone) and error.final
    first, longest = (WAIT_FINAL, LONGEST_FINAL) if final else (WAIT, LONGEST)
    wait: dt.timedelta = min(first * 2 ** min(failures, 20), longest)
    wait *= random.Random(f"{number}:{failures}").uniform(0.8, 1.2)
    asked = error.after if isinstance(error, Undone) else None
    return now + max(wait, dt.timedelta(seconds=asked or 0))

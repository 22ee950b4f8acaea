"""Live values as JSON and back, nothing lost: what a run knows survives its process. Floor: 5."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.facts import SYSTEM, Actor, Event
from engine.runtime.context import Context, values_of
from engine.store.encode import instant, micros

#: The key of a value that JSON has no word for.
MARK = "~"


def freeze(value: Any) -> Any:
    """The value in JSON's words: dates, amounts, spans and tuples marked as what they are."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return {MARK: "whole", "is": str(value)}
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Decimal):
        return {MARK: "decimal", "is": str(value)}
    if isinstance(value, dt.datetime):
        return {MARK: "instant", "is": micros(value)} if value.tzinfo else {MARK: "wall", "is": value.isoformat()}
    if isinstance(value, dt.date):
        return {MARK: "date", "is": value.isoformat()}
    if isinstance(value, dt.time):
        return {MARK: "time", "is": value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {MARK: "span", "is": str(value // dt.timedelta(microseconds=1))}
    if isinstance(value, tuple):
        return {MARK: "tuple", "is": [freeze(each) for each in value]}
    if isinstance(value, Mapping):
        found = {str(key): freeze(each) for key, each in value.items()}
        return {MARK: "map", "is": found} if MARK in found else found
    if isinstance(value, list):
        return [freeze(each) for each in value]
    if isinstance(value, set | frozenset):
        return {MARK: "tuple", "is": [freeze(each) for each in sorted(value, key=repr)]}
    return str(value)


def thaw(value: Any) -> Any:
    """What ``freeze`` was given."""
    if isinstance(value, list):
        return [thaw(each) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(MARK)
    if kind is None:
        return {key: thaw(each) for key, each in value.items()}
    return _THAW[kind](value["is"])


_THAW: Mapping[str, Any] = {
    "decimal": Decimal,
    "whole": int,
    "instant": instant,
    "wall": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "time": dt.time.fromisoformat,
    "span": lambda n: dt.timedelta(microseconds=int(n)),
    "tuple": lambda values: tuple(thaw(each) for each in values),
    "map": lambda values: {key: thaw(each) for key, each in values.items()},
}


def freeze_event(event: Event) -> dict[str, Any]:
    """What started a run."""
    actor = event.actor
    return {
        "name": event.name,
        "entity": event.entity,
        "record": event.record,
        "at": freeze(event.at),
        "old": freeze(dict(event.old)),
        "data": freeze(dict(event.data)),
        "user": actor.user,
        "login": actor.login,
        "hop": event.hop,
    }


def thaw_event(context: Context, kept: Mapping[str, Any]) -> Event:
    """The event again; whoever caused it has the roles they have now."""
    return Event(
        kept["name"], kept["entity"], kept["record"], thaw(kept["at"]), thaw(kept["old"]), thaw(kept["data"]),
        _actor(context, kept.get("user"), kept.get("login", "")), kept.get("hop", 0),
    )  # fmt: skip


def _actor(context: Context, user: int | None, login: str) -> Actor:
    if user is None:
        return SYSTEM if login in ("", SYSTEM.login) else Actor(None, login)
    found = context.get("user", user)
    if found is None or found.values.get("active") is False:
        # Someone who left has no rights any more; their name stays.
        return Actor(user, login)
    language = str(found.values.get("language") or "zh")
    return Actor(user, login, tuple(found.values.get("roles") or ()), values_of(found), language=language)

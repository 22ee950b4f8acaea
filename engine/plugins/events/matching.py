"""How an event is held against a trigger's parameters. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.facts import Event


def matches(params: Mapping[str, Any], event: Event, *keys: str) -> bool:
    """True when each of these parameters is left out, equals the event's own value, or lists it."""
    for key in keys:
        wanted = params.get(key)
        if wanted is None:
            continue
        given = event.data.get(key)
        if given not in wanted if isinstance(wanted, (tuple, list)) else given != wanted:
            return False
    return True

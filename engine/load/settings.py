"""A connection's settings held against what its connector knows: unknown, missing, not among the allowed words. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.errors import Problem, nearest
from engine.load.document import Draft
from engine.load.notes import listed, place_of_key, shown
from engine.load.read import scalar
from engine.plugins.registry import Registry
from engine.plugins.slots import Connector

#: Parts of a cron expression: minute, hour, day, month, weekday.
PARTS = 5


def settings(drafts: Iterable[Draft], registry: Registry) -> Iterator[Problem]:
    """D003, D004 and D006 for every connection whose connector is known and says which settings it takes."""
    for draft in drafts:
        connector = (
            registry.find(Connector, scalar(draft.node.get("connector"))) if draft.kind == "connection" else None
        )
        if connector is not None:
            yield from _schedule(draft, connector)
        if connector is None or connector.params.get("additionalProperties", True) is not False:
            continue
        known, given = connector.params.get("properties", {}), draft.node.get("settings")
        written = given.value if given is not None and isinstance(given.value, dict) else {}
        for key in connector.params.get("required", ()):
            if key not in written:
                yield Problem("D004", given.where if given is not None else draft.node.where, parameters={"key": key})
        for key, value in written.items():
            if key not in known:
                assert given is not None
                parameters = {"key": key, "known": listed(known)}
                yield Problem("D003", place_of_key(given, key), parameters=parameters, suggestion=nearest(key, known))
                continue
            allowed, text = known[key].get("enum"), scalar(value)
            if allowed and text not in allowed and not text.startswith("="):
                parameters = {"value": shown(value), "allowed": listed(allowed)}
                yield Problem("D006", value.where, parameters=parameters, suggestion=nearest(text, allowed))


def _schedule(draft: Draft, connector: Connector) -> Iterator[Problem]:
    """L022 where nobody goes at the scheduled time, R094 where that is no time."""
    node = draft.node.get("schedule")
    if node is None:
        return
    if "poll" not in connector.offers:
        yield Problem("L022", node.where, parameters={"connector": connector.name})
    elif not _is_cron(scalar(node)):
        yield Problem("R094", node.where, parameters={"cron": scalar(node)})


def _is_cron(text: str) -> bool:
    from croniter import croniter

    return len(text.split()) == PARTS and croniter.is_valid(text)

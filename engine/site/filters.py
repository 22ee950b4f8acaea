"""Filters of lists that people keep: on the server, so that they are there on every device. Floor: 6."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from engine.errors import NotFound, Problem, Refused
from engine.facts import Actor
from engine.runtime import access
from engine.runtime.context import Context
from engine.runtime.log import name_of
from engine.site.running import Running
from engine.store import filters
from engine.store.connection import Connection
from engine.store.filters import Filter

#: Letters of a name and of what it stands for, and how many a person keeps for one list.
NAME, SEARCH, MOST = 40, 4000, 50


def listed(running: Running, actor: Actor, entity: str) -> list[dict[str, Any]]:
    """The person's own filters of an entity and those of their team. Raises NotFound (R051)."""
    with running.reading(actor) as context:
        _visible(context, entity)
        if actor.user is None:
            return []
        found = filters.seen(context.connection, entity, actor.user, _team(actor))
        return [_told(context, each) for each in found]


def keep(running: Running, actor: Actor, entity: str, name: str, search: str, shared: bool) -> dict[str, Any]:
    """The filter, kept under its name; one's own of that name is replaced. ``shared`` shows it to one's team, too.

    Raises NotFound (R051), Refused (H050: no name, or too long; H051: nothing that filters; H052: too many).
    """
    name = name.strip()
    if not 1 <= len(name) <= NAME:
        raise Refused(Problem("H050", field="name", parameters={"most": NAME}))
    said = [key for key, _ in parse_qsl(search)]
    if not said or len(search) > SEARCH or any(key != "q" and not key.startswith("f.") for key in said):
        raise Refused(Problem("H051", field="search"))
    with running.reading(actor) as context:
        _visible(context, entity)
    user = actor.user or 0

    def work(connection: Connection) -> Filter:
        kept = filters.keep(
            connection, entity, name, search, user, _team(actor) if shared else None, running.clock.now()
        )
        if filters.count(connection, entity, user) > MOST:
            raise Refused(Problem("H052", field="name", parameters={"most": MOST}))
        return kept

    kept = running.database.write(work)
    with running.reading(actor) as context:
        return _told(context, kept)


def drop(running: Running, actor: Actor, id: int) -> None:
    """Keep one's own filter no longer. Raises NotFound (B011) for none and for another person's alike."""
    if not running.database.write(lambda connection: filters.drop(connection, id, actor.user or 0)):
        raise NotFound(Problem("B011", parameters={"entity": "filter", "id": id}))


def _visible(context: Context, entity: str) -> None:
    context.plan(entity)
    if access.access_of(context, entity).read is False:
        raise NotFound(Problem("R051", parameters={"entity": entity}))


def _team(actor: Actor) -> int | None:
    team = actor.values.get("team")
    return team if isinstance(team, int) else None


def _told(context: Context, each: Filter) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "search": each.search,
        "mine": each.user == context.actor.user,
        "by": name_of(context, each.user),
        "shared": each.team is not None,
    }

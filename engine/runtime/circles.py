"""Rules that go in a circle are paused until a person lets them go on. Floor: 5.

A pause is a row of the database, written by the turn that was stopped; every process knows the paused rules by name
(``Parts.paused``) and looks again once a second.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import NotFound, Problem, nearest
from engine.facts import Actor, Event
from engine.runtime import people, who
from engine.runtime.acts import Acting
from engine.store import audit, settings
from engine.store.connection import Connection
from engine.store.encode import instant, micros

PREFIX = "paused:"


def circle(chain: Sequence[str]) -> list[str]:
    """The rules that stand in the chain more than once, in its order: those that lead back to themselves."""
    return [name for name, times in Counter(chain).items() if times > 1]


def pause(context: Acting, chain: Sequence[str], event: Event) -> None:
    """Pause the rules that go in a circle and tell whoever published them; nothing when they are paused already."""
    connection = context.connection
    fresh = [name for name in circle(chain) if settings.get(connection, PREFIX + name) is None]
    if not fresh:
        return
    shown = " → ".join(chain)
    for name in fresh:
        about = {"at": micros(context.now), "chain": shown, "entity": event.entity, "record": event.record}
        about["by"] = context.user
        settings.put(connection, PREFIX + name, about)
    paused = context.parts.paused
    connection.after_commit(lambda: paused.update(fresh))
    labels = [label(context, name) for name in fresh]
    problem = Problem("R124", parameters={"rules": "、".join(labels), "chain": shown, "first": fresh[0]})
    audit.write(
        connection, context.now, context.actor, "pause", entity=event.entity, record=event.record,
        detail={"triggers": fresh, "chain": shown},
    )  # fmt: skip
    owner = context.parts.publisher.user
    told = (owner,) if owner is not None else who.caretakers(context)
    people.tell(context, told, problem.what(context.language), problem.fix(context.language), event, urgent=True)


def label(context: Acting, name: str) -> str:
    """What a rule is called."""
    rule = context.manifest.triggers.get(name)
    return (rule.label.text(context.language) if rule else "") or name


def known(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """Every paused rule by name: ``at``, the ``chain`` that was stopped, and the record it was about."""
    found = settings.among(connection, PREFIX)
    return {name.removeprefix(PREFIX): about for name, about in sorted(found.items())}


def round_of(context: Acting, about: Mapping[str, Any]) -> dict[str, Any]:
    """The stopped chain for people: the rules that led ``into`` the circle and those it goes ``round``, each with its name and
    label, in the order they first came."""
    chain = str(about["chain"]).split(" → ")
    turning = circle(chain)
    named = {name: {"trigger": name, "label": label(context, name)} for name in dict.fromkeys(chain)}
    return {
        "into": [one for name, one in named.items() if name not in turning],
        "round": [one for name, one in named.items() if name in turning],
    }


def since(about: Mapping[str, Any]) -> dt.datetime:
    """When it was paused."""
    return instant(about["at"])


def resume(connection: Connection, names: Sequence[str], actor: Actor, now: dt.datetime) -> None:
    """Let paused rules run again; what they missed is not made up for. Raises NotFound (R125) for one that is not paused."""
    paused = known(connection)
    for name in names:
        if name not in paused:
            raise NotFound(Problem("R125", parameters={"trigger": name}, suggestion=nearest(name, paused)))
        settings.drop(connection, PREFIX + name)
    audit.write(connection, now, actor, "resume", detail={"triggers": list(names)})

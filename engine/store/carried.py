"""What a publish did to what was in flight, so that going back can put it as it was. Floor: 3.

Each row is one thing (a record's state, a timer, a run, an approval) as it was before and as the publish left it. Rows are
added and never changed: what going back does is carried out by a revision as well, and has rows of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.store.connection import Connection
from engine.store.encode import from_text, to_text

COLUMNS = ("revision", "kind", "target", "entity", "before", "after")


@dataclass(frozen=True, slots=True)
class Carried:
    """``kind``: record, timer, run or approval; ``target`` its id (of a record: in ``entity``). ``before`` is None for what the
    publish itself made."""

    revision: int
    kind: str
    target: int
    entity: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


def note(connection: Connection, one: Carried) -> None:
    """Keep what was done to one thing."""
    before = to_text(one.before) if one.before is not None else None
    row = (one.revision, one.kind, one.target, one.entity, before, to_text(one.after))
    connection.append("fl_carried", COLUMNS, row)


def since(connection: Connection, revision: int) -> list[Carried]:
    """What every revision after that one did, the latest first."""
    rows = connection.execute(
        "SELECT revision, kind, target, entity, before, after FROM fl_carried WHERE revision > ? ORDER BY id DESC",
        (revision,),
    )
    return [
        Carried(number, kind, target, entity or "", from_text(before), from_text(after))
        for number, kind, target, entity, before, after in rows
    ]

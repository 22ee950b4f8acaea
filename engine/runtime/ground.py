"""The ground a context's questions stand on: whoever asks through it asks with the actor's rights. Floor: 5."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from engine.facts import Actor
from engine.plugins.slots import FieldType
from engine.runtime.access import actor_access
from engine.runtime.context import Context
from engine.store.query.ground import Ground
from engine.store.query.rights import Access


def ground_of(context: Context, actor: Actor | None = None) -> Ground:
    """The ground of the context's actor, or of another one, at the context's moment."""
    reader = actor or context.actor
    rights: dict[str, Access] = {}

    def access(entity: str) -> Access:
        found = rights.get(entity)
        if found is None:
            found = rights[entity] = actor_access(context, reader, entity)
        return found

    environment = context.environment(None, {})
    me = dict(reader.values) if reader.values else None
    environment = dataclasses.replace(environment, names={**environment.names, "me": me})
    return Ground(
        manifest=context.manifest,
        schema=context.schema,
        field_types=kinds(context),
        functions=context.compiled.functions,
        scope=context.compiled.scope,
        access=access,
        environment=environment,
        dialect=context.connection.dialect,
    )


def kinds(context: Context) -> Mapping[str, Any]:
    """The field types of the registry by name."""
    return context.registry.plugins.get(FieldType.slot, {})


def titles(context: Context, ground: Ground, entity: str, ids: set[int]) -> dict[int, str]:
    """How the records of these ids are called, as far as the reader may see them; a title is made without hidden fields."""
    from engine.facts import Record
    from engine.store.query import answer
    from engine.store.query.question import Query

    wanted = sorted(ids)
    if not wanted or ground.access(entity).read is False:
        return {}
    hidden = ground.access(entity).hidden
    blank = dict.fromkeys(hidden)
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        query = Query(entity=entity, ids=tuple(wanted[start : start + 500]), limit=None, sort=("id",))
        for record in answer.page(context.connection, ground, query).records:
            whole = Record(entity, record.id, record.version, {**blank, **record.values})
            found[record.id] = context.title(whole)
    return found

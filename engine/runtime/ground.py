"""The ground a context's questions stand on: whoever asks through it asks with the actor's rights. Floor: 5."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from engine.facts import Actor
from engine.plugins.slots import FieldType
from engine.runtime.access import actor_access
from engine.runtime.context import Context, values_of
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
    return named(context, ground.access(entity), entity, ids)


def named(context: Context, access: Access, entity: str, ids: set[int]) -> dict[int, str]:
    """The same for a reader with these rights on that entity."""
    if not ids or access.read is False:
        return {}
    # Read by id and judged one by one, as a record's own page is: a compiled question would cost more than its answer.
    hidden, language, alone = access.hidden, context.language, context.compiled.titled_alone(entity)
    blank = dict.fromkeys(hidden)
    records = context.several(entity, ids)

    def written(_: str, key: tuple[str, int, frozenset[str], str]) -> str:
        record = records[key[1]]
        return context.title(dataclasses.replace(record, values={**record.values, **blank}) if blank else record)

    found: dict[int, str] = {}
    for number, record in records.items():
        if access.read is True or access.may("read", values_of(record)):
            key = ("title", number, hidden, language)
            found[number] = context.shared(entity, key, written) if alone else written(entity, key)
    return found

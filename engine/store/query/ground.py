"""What a question is answered on: the site's tables and types, the moment, the reader. Floor: 3."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import NotFound, Problem, WrongUsage, nearest
from engine.expression.live import Environment
from engine.expression.parse import Condition, Expression
from engine.expression.scope import Scope
from engine.model.entity import SYSTEM_FIELDS, Entity, Field
from engine.model.manifest import Manifest
from engine.store.query.rights import Access
from engine.store.tables import Schema


@dataclass(frozen=True, slots=True)
class Ground:
    """One reader at one moment, on one site.

    ``access`` gives the rights on any entity: there is no way to make a Ground, and so a query, without it.
    ``scope`` says what an expression about an entity may name before anything is hidden; ``environment`` holds what is the
    same for every row: the reader (``me``), today's parameters, the moment, the time zone.
    """

    manifest: Manifest
    schema: Schema
    field_types: Mapping[str, Any]
    functions: Mapping[str, Any]
    scope: Callable[[str], Scope]
    access: Callable[[str], Access]
    environment: Environment
    dialect: str
    _scopes: dict[str, Scope] = field(default_factory=dict, repr=False)

    @property
    def zone(self) -> dt.tzinfo:
        """The site's time zone."""
        return self.environment.timezone

    @property
    def now(self) -> dt.datetime:
        """The moment the question is asked at."""
        return self.environment.now()

    @property
    def me(self) -> Mapping[str, Any]:
        """The reader's own values; nothing for the engine itself."""
        return self.environment.names.get("me") or {}

    @property
    def backlinks(self) -> Mapping[tuple[str, str], str]:
        """For every backlink (entity, field) the field that points back."""
        return {
            (entity.name, name): each.via or str(each.options.get("via", ""))
            for entity in self.manifest.entities.values()
            for name, each in entity.fields.items()
            if each.type == "backlink"
        }

    def entity(self, name: str) -> Entity:
        """The entity; raises NotFound when there is none of that name or the reader may read none of its records."""
        entity = self.manifest.entities.get(name)
        if entity is None or self.access(name).read is False:
            raise NotFound(Problem("Q007", parameters={"kind": "entity", "name": name}))
        return entity

    def field(self, entity: str, name: str) -> Field:
        """A field the reader may name; raises WrongUsage (Q001) alike for a hidden one and one that does not exist."""
        known = self.fields(entity)
        if name not in known:
            parameters = {"entity": entity, "field": name}
            raise WrongUsage(Problem("Q001", field=name, parameters=parameters, suggestion=nearest(name, known)))
        return known[name]

    def fields(self, entity: str) -> Mapping[str, Field]:
        """Every field the reader may see, the system's first."""
        access = self.access(entity)
        every = {**SYSTEM_FIELDS, **self.manifest.entities[entity].fields}
        return {name: field for name, field in every.items() if access.sees(name)}

    def open_scope(self, entity: str) -> Scope:
        """What the reader's own expressions may name: nothing hidden, on this entity or on any it links to."""
        found = self._scopes.get(entity)
        if found is None:
            whole = self.scope(entity)
            entities = {name: self._seen(name, fields) for name, fields in whole.entities.items()}
            hidden = self.access(entity).hidden
            names = {name: kind for name, kind in whole.names.items() if name not in hidden or name == entity}
            found = self._scopes[entity] = Scope(names, entities, whole.parameters, whole.entity)
        return found

    def _seen(self, entity: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        hidden = self.access(entity).hidden
        return {name: kind for name, kind in fields.items() if name not in hidden} if hidden else fields


#: A condition as an author or a reader gives it.
Term = Condition | Expression

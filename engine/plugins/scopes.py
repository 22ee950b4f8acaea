"""What an expression may name, read from the manifest: the same answer when loading and when running. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.expression.types import ANY, DURATION, Scope, Type, list_of, record_of
from engine.model.entity import SYSTEM_FIELDS, Entity, Field
from engine.model.manifest import Manifest
from engine.model.pack import Parameter
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType

#: Parameter types that are no field type of the same name.
_PARAMETERS: Mapping[str, Type] = {"duration": DURATION, "list": list_of(ANY), "choices": list_of(Type("text"))}


def entity_types(manifest: Manifest, registry: Registry) -> Mapping[str, Mapping[str, Type]]:
    """Every entity's fields (the system's included) with their types."""
    return {name: field_types(entity, registry) for name, entity in manifest.entities.items()}


def field_types(entity: Entity, registry: Registry) -> Mapping[str, Type]:
    """The types of one entity's fields; a field of an unknown type may be anything."""
    found: dict[str, Type] = {}
    for name, field in {**SYSTEM_FIELDS, **entity.fields}.items():
        plugin = registry.find(FieldType, field.type)
        found[name] = with_choices(plugin.type_of(field), field) if plugin is not None else ANY
    return found


def with_choices(kind: Type, field: Field) -> Type:
    """The type of a text field, with the only words it can be: a comparison with any other is a mistake."""
    if kind.name != "text" or not field.choices:
        return kind
    return replace(kind, choices=tuple(choice.name for choice in field.choices))


def parameter_types(parameters: Mapping[str, Parameter], registry: Registry) -> Mapping[str, Type]:
    """The types behind ``param.x``."""
    found: dict[str, Type] = {}
    for name, parameter in parameters.items():
        plugin = registry.find(FieldType, parameter.type)
        field = Field(name=name, type=parameter.type, choices=parameter.choices)
        known = _PARAMETERS.get(parameter.type)
        found[name] = known or (plugin.type_of(field) if plugin is not None else ANY)
    return found


def record_scope(
    manifest: Manifest,
    registry: Registry,
    entity: str | None,
    extra_names: Mapping[str, Type] | None = None,
    entities: Mapping[str, Mapping[str, Type]] | None = None,
) -> Scope:
    """The scope of an expression about a record of ``entity`` (None: no record, only ``me`` and ``param``).

    Bare names are the record's own fields, the entity's name (the record itself), ``me`` and ``param``; where two share
    a name, ``extra_names`` win, then fields. ``entities`` spares working the types out again.
    """
    types = entities if entities is not None else entity_types(manifest, registry)
    names: dict[str, Type] = {"me": record_of("user"), "param": ANY}
    if entity is not None:
        names[entity] = record_of(entity)
        names.update(types.get(entity, {}))
    names.update(extra_names or {})
    return Scope(names=names, entities=types, parameters=parameter_types(manifest.parameters, registry), entity=entity)


def rule_names(entity: str | None) -> Mapping[str, Type]:
    """What a trigger may name beside its record: ``old`` (before the change), ``event``, ``steps`` (what steps with an ``id``
    gave: ``steps.ask.result``) and, in ``each``, ``each``."""
    names = {"event": ANY, "each": ANY, "steps": ANY}
    return {**names, "old": record_of(entity)} if entity else names


def candidate_names(entity: str) -> Mapping[str, Type]:
    """What an assignment may name beside the candidate's own fields: the record and the candidate's load."""
    return {
        entity: record_of(entity),
        **dict.fromkeys(("open_count", f"open_{entity}s", "today_count"), Type("integer")),
    }

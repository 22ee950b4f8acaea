"""The check ``unfillable_field``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem
from engine.model.manifest import Manifest
from engine.model.role import FieldRights, Rights, Role
from engine.plugins.slots import Check


class UnfillableField(Check):
    """A required field that a role which may create the record cannot write."""

    name = "unfillable_field"
    title: ClassVar[Mapping[str, str]] = {"zh": "必填却不能填", "en": "Required but not writable"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L004 for each role and field."""
        for role in manifest.roles.values():
            for name, entity in manifest.entities.items():
                if not may_create(manifest, role, name):
                    continue
                closed = closed_fields(manifest, role, name)
                for field in entity.fields.values():
                    filled = field.default is not None or field.value is not None
                    if field.required and not filled and field.name in closed:
                        parameters = {"role": role.name, "entity": name, "field": field.name}
                        yield Problem("L004", closed[field.name].where, parameters=parameters, also=field.where)


def lineage(manifest: Manifest, role: Role) -> list[Role]:
    """The role and all it inherits, each once."""
    found: list[Role] = []
    waiting = [role]
    while waiting:
        here = waiting.pop(0)
        if here not in found:
            found.append(here)
            waiting += [manifest.roles[name] for name in here.inherits if name in manifest.roles]
    return found


def may_create(manifest: Manifest, role: Role, entity: str) -> bool:
    """True when the role (or one it inherits) lets records be made."""
    for each in lineage(manifest, role):
        rights: Rights | None = each.can.get(entity) or each.can.get("*")
        if rights is not None and rights.create is not False:
            return True
    return False


def closed_fields(manifest: Manifest, role: Role, entity: str) -> dict[str, FieldRights]:
    """The fields the role itself hides or keeps read-only, with the place that says so."""
    rights = role.fields.get(entity)
    return dict.fromkeys((*rights.hide, *rights.read_only), rights) if rights is not None else {}

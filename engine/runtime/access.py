"""From roles to rights: which rows, which fields, which actions. Floor: 5.

A person with several roles may do what any of them allows. A field is hidden only when every role that opens the
entity hides it; a role that does not open the entity has no say. A role that inherits adds to what it inherits and
keeps what is hidden there hidden: to see more, be given another role.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import Forbidden, Moved, NotFound, Problem, Where
from engine.expression.parse import Condition, Expression, names_of
from engine.model.manifest import Manifest
from engine.model.role import Rights, Role
from engine.store import merges
from engine.store.query.rights import ACTIONS, ALWAYS, Access, Right, full

if TYPE_CHECKING:
    from engine.facts import Actor
    from engine.runtime.context import Context

NEVER = Rights()
#: What each permission lets people do, in their words.
PERMITS: Mapping[str, Mapping[str, str]] = {
    "configure": {"zh": "改配置", "en": "change the configuration"},
    "publish": {"zh": "发布", "en": "publish"},
    "import": {"zh": "导入", "en": "import"},
    "audit": {"zh": "查看审计", "en": "read the audit log"},
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What some roles together say of one entity, before anybody in particular asks."""

    rights: Mapping[str, Right]
    hidden: frozenset[str]
    read_only: frozenset[str]
    personal: bool
    """True when the right to read depends on who asks (names ``me``), not only on the roles."""
    roles: str
    """The roles in order, as one word."""
    alike: Access | None
    """The access of everybody with these roles, where no right has a condition: then it is nobody's in particular."""


class _Same:
    """A manifest as a key: the same object, not an equal one (comparing two whole sites would cost more)."""

    __slots__ = ("manifest",)

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    def __hash__(self) -> int:
        return id(self.manifest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.manifest is self.manifest


def lineage(manifest: Manifest, name: str) -> tuple[Role, ...]:
    """The role and everything it inherits, itself first, each once; an unknown name gives nothing."""
    found: dict[str, Role] = {}
    waiting = [name]
    while waiting:
        name = waiting.pop(0)
        role = manifest.roles.get(name)
        if role is not None and name not in found:
            found[name] = role
            waiting += role.inherits
    return tuple(found.values())


def access_of(context: Context, entity: str) -> Access:
    """The rights of the context's actor on an entity; those of the engine itself are unlimited."""
    return actor_access(context, context.actor, entity)


def actor_access(context: Context, actor: Actor, entity: str) -> Access:
    """The same for somebody else than the context's own actor (an owner a trigger runs as, a template's reader)."""
    if actor.is_system:
        return full(entity)
    rules = rules_of(context.manifest, actor.roles, entity)
    if rules.alike is not None:
        return rules.alike
    return Access(
        entity=entity,
        read=rules.rights["read"],
        hidden=rules.hidden,
        read_only=rules.read_only,
        rights=rules.rights,
        holds=functools.partial(_holds, context, actor, entity),
        key=f"{rules.roles}:{actor.user}:{sorted(actor.values.items(), key=str)!r}" if rules.personal else rules.roles,
    )


def gone(context: Context, entity: str, record: int) -> NotFound:
    """Why a record is not there: Moved (R240) where it went into another one that the actor may see, else NotFound (R052)."""
    label = context.plan(entity).entity.label.text(context.language) or entity
    into, known = merges.moved_to(context.connection, entity, record), None
    # On PostgreSQL each statement sees what was committed until then: where it went may have gone on meanwhile.
    while into is not None and into != known:
        found = context.get(entity, into)
        if found is not None:
            if not access_of(context, entity).may("read", {**found.values, "id": into}):
                break
            return Moved(Problem("R240", parameters={"entity": label, "id": record, "into": into}), entity, into)
        into, known = merges.moved_to(context.connection, entity, record), into
    return NotFound(Problem("R052", parameters={"entity": label, "id": record}))


def rules_of(manifest: Manifest, roles: tuple[str, ...], entity: str) -> Rules:
    """What these roles together say of an entity; worked out once per manifest and set of roles."""
    return _rules(_Same(manifest), roles if len(roles) < 2 else tuple(sorted(set(roles))), entity)


@functools.lru_cache(maxsize=512)
def _rules(same: _Same, roles: tuple[str, ...], entity: str) -> Rules:
    manifest = same.manifest
    rights = {action: _union(_rights(manifest, roles, entity, action)) for action in ACTIONS}
    hidden, read_only = _fields(manifest, roles, entity)
    hidden, read, key = hidden - ALWAYS, rights["read"], ",".join(roles)
    personal = isinstance(read, Condition) and "me" in names_of(read)
    plain = all(isinstance(right, bool) for right in rights.values())
    alike = Access(entity, read, hidden, read_only, rights, key=key) if plain else None
    return Rules(rights, hidden, read_only, personal, key, alike)


def _rights(manifest: Manifest, roles: tuple[str, ...], entity: str, action: str) -> Iterator[Right]:
    for name in roles:
        for role in lineage(manifest, name):
            yield getattr(stated(role, entity), action)


def stated(role: Role, entity: str) -> Rights:
    """What the role itself says of an entity: under its name, else under ``*``, else nothing."""
    return role.can.get(entity) or role.can.get("*") or NEVER


def _union(rights: Iterator[Right]) -> Right:
    conditions: dict[Condition, None] = {}
    for right in rights:
        if right is True:
            return True
        if isinstance(right, Expression):
            right = Condition((right,))
        if isinstance(right, Condition):
            conditions[right] = None
    if not conditions:
        return False
    parts = tuple(conditions)
    return parts[0] if len(parts) == 1 else Condition(parts, any=True)


def _fields(manifest: Manifest, roles: tuple[str, ...], entity: str) -> tuple[frozenset[str], frozenset[str]]:
    """(hidden, read-only) of all roles: what every role that opens the entity agrees on."""
    hidden: frozenset[str] | None = None
    kept: frozenset[str] | None = None
    for name in roles:
        own_hidden, own_kept = _role_fields(manifest, name, entity, frozenset())
        if _grants(manifest, name, entity, ("read",)):
            hidden = own_hidden if hidden is None else hidden & own_hidden
        if _grants(manifest, name, entity, ("create", "update")):
            # What one may not see one may not write either, whichever role it comes from.
            kept = own_kept | own_hidden if kept is None else kept & (own_kept | own_hidden)
    return hidden or frozenset(), kept or frozenset()


def _role_fields(
    manifest: Manifest, name: str, entity: str, seen: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    role = manifest.roles.get(name)
    if role is None or name in seen:
        return frozenset(), frozenset()
    own = role.fields.get(entity)
    parents = [
        _role_fields(manifest, parent, entity, seen | {name})
        for parent in role.inherits
        if _grants(manifest, parent, entity, ("read",))
    ]
    hidden = frozenset.intersection(*(hide for hide, _ in parents)) if parents else frozenset()
    kept = frozenset.intersection(*(keep for _, keep in parents)) if parents else frozenset()
    if own is None:
        return hidden, kept
    return hidden | frozenset(own.hide), kept | frozenset(own.read_only)


def _grants(manifest: Manifest, name: str, entity: str, actions: tuple[str, ...]) -> bool:
    return any(
        getattr(stated(role, entity), action) is not False for role in lineage(manifest, name) for action in actions
    )


def _holds(context: Context, actor: Actor, entity: str, condition: Condition, values: Mapping[str, Any]) -> bool:
    # A role's own condition sees the whole record: its author, not the reader, chose the fields it names.
    environment = context.environment(entity, values, extra={"me": actor.values or None})
    return bool(context.compiled.call(condition, entity)(environment))


def permits(manifest: Manifest, actor: Actor, permission: str) -> bool:
    """True when a role of the actor grants ``configure``, ``publish``, ``import`` or ``audit``."""
    if actor.is_system:
        return True
    return any(permission in role.may for name in actor.roles for role in lineage(manifest, name))


def check_permit(manifest: Manifest, actor: Actor, permission: str) -> None:
    """Nothing when it is granted, else raises Forbidden."""
    if not permits(manifest, actor, permission):
        raise refused(permission)


def refused(permission: str) -> Forbidden:
    """What somebody is told who does not have a permission (A008)."""
    return Forbidden(Problem("A008", parameters={"action": PERMITS.get(permission, permission), "permit": permission}))


@dataclass(frozen=True, slots=True)
class Reason:
    """One role's word on an action or a field: what it says, and where it is written."""

    role: str
    says: str
    """allows, refuses, hides, read_only, silent"""
    condition: str = ""
    where: Where = Where()


def explain(
    context: Context, entity: str, action: str, values: Mapping[str, Any] | None = None, actor: Actor | None = None
) -> tuple[bool, tuple[Reason, ...]]:
    """Whether the actor may do it (to a record with these values), and what each role says, with file and line."""
    actor = actor or context.actor
    if actor.is_system:
        return True, (Reason("system", "allows"),)
    reasons = []
    for name in actor.roles:
        for role in lineage(context.manifest, name):
            rights = stated(role, entity)
            right = getattr(rights, action)
            text = ""
            if isinstance(right, bool):
                says = "allows" if right else "silent" if rights is NEVER else "refuses"
            else:
                text = shown(right)
                fits = values is None or _holds(context, actor, entity, right, values)
                says = "allows" if fits else "refuses"
            reasons.append(Reason(role.name, says, text, role.where if rights is NEVER else rights.where or role.where))
    return actor_access(context, actor, entity).may(action, values), tuple(reasons)


def explain_field(context: Context, entity: str, name: str, actor: Actor | None = None) -> tuple[Reason, ...]:
    """What each role says of a field: the roles that hide it, keep it read-only, or leave it open."""
    actor = actor or context.actor
    found = []
    for held in actor.roles:
        for role in lineage(context.manifest, held):
            own = role.fields.get(entity)
            hides = own is not None and name in own.hide
            keeps = own is not None and name in own.read_only
            says = "hides" if hides else "read_only" if keeps else "allows" if stated(role, entity).read else "silent"
            found.append(Reason(role.name, says, where=own.where if own and (hides or keeps) else role.where))
    return tuple(found)


def shown(condition: Condition | Expression) -> str:
    """A condition as the text its author wrote."""
    if isinstance(condition, Expression):
        return condition.text
    joined = (" or " if condition.any else " and ").join(
        f"({shown(part)})" if len(condition.parts) > 1 and isinstance(part, Condition) else shown(part)
        for part in condition.parts
    )
    return joined

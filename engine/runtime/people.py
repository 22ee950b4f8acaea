"""Who is meant by ``to:``, what they are told, and in which words. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import NotFound, Problem, nearest
from engine.expression.parse import Condition, Expression
from engine.facts import SYSTEM, Event
from engine.model.terms import Template
from engine.runtime import entity
from engine.runtime.context import Context, values_of

if TYPE_CHECKING:
    from engine.runtime.acts import Acting

#: Longest title kept on a notification.
TITLE = 300


def everybody(context: Context) -> Mapping[int, Mapping[str, Any]]:
    """Every user record's values by id."""
    return context.shared("user", "everybody", lambda name, _: _read(context, name))


def _read(context: Context, name: str) -> Mapping[int, Mapping[str, Any]]:
    return {each.id: values_of(each) for each in context.records.find(context.connection, name, {})}


def in_role(context: Context, role: str) -> Sequence[Mapping[str, Any]]:
    """The active users who have a role, or one that inherits it, by id."""
    return context.shared("user", ("role", role), lambda _, key: _holding(context, key[1]))


def _holding(context: Context, role: str) -> Sequence[Mapping[str, Any]]:
    names = {role} | {name for name in context.manifest.roles if role in _parents(context, name)}
    return [
        user
        for user in everybody(context).values()
        if user.get("active") is not False and names & set(user.get("roles") or ())
    ]


def _parents(context: Context, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    found: set[str] = set()
    role = context.manifest.roles.get(name)
    for parent in role.inherits if role and name not in seen else ():
        found |= {parent} | _parents(context, parent, seen | {name})
    return found


def in_team(context: Context, team: Any) -> list[Mapping[str, Any]]:
    """The active users of a team, given as its id or its name."""
    return [
        user
        for user in everybody(context).values()
        if user.get("active") is not False and user.get("team") is not None and _team(context, user["team"], team)
    ]


def _team(context: Context, one: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        found = context.fetch("team", one)
        return bool(found and found.get("name") == wanted)
    return bool(one == wanted)


def meant(context: Acting, to: Any, event: Event) -> Iterator[int]:
    """The ids of the people meant: an expression that gives a user (or several), ``{role: …}``, ``{team: …}``, a login,
    or a list of these. Nobody is no error: an empty owner cannot be told."""
    if isinstance(to, Expression | Condition):
        to = context.value(to, event)
    if to is None or isinstance(to, bool):
        return
    if isinstance(to, int):
        yield to
    elif isinstance(to, Mapping):
        if "role" in to:
            yield from (int(user["id"]) for user in in_role(context, str(to["role"])))
        elif "team" in to:
            team = context.value(to["team"], event)
            yield from (int(user["id"]) for user in in_team(context, team))
        elif "id" in to:
            yield int(to["id"])
    elif isinstance(to, str):
        yield from (key for key, user in everybody(context).items() if user.get("login") == to)
    elif isinstance(to, Iterable):
        for each in to:
            yield from meant(context, each, event)


class Shown(Mapping[str, Any]):
    """A record's values for a template: links lead on (``owner.name``), one that leads nowhere is empty."""

    __slots__ = ("_context", "_entity", "_values")

    def __init__(self, context: Context, name: str, values: Mapping[str, Any]) -> None:
        self._context, self._entity, self._values = context, name, values

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        field = self._context.plan(self._entity).fields.get(key)
        if value is not None and field is not None and field.links_to is not None:
            found = self._context.fetch(field.links_to, value)
            return Shown(self._context, field.links_to, found) if found is not None else None
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __str__(self) -> str:
        record = self._context.get(self._entity, self._values["id"])
        return self._context.title(record) if record is not None else ""


def render(context: Acting, template: Template, event: Event) -> str:
    """A template filled in for the event's record: its fields, ``me``, ``param``, ``event``."""
    scene = context.scene(event).names
    names: dict[str, Any] = dict(scene)
    if event.entity is not None:
        shown = Shown(context, event.entity, {k: v for k, v in scene.items() if k != event.entity})
        plan = context.plan(event.entity)
        for name, field in plan.fields.items():
            if field.links_to is not None and name in names:
                names[name] = shown[name]
        names[event.entity] = shown
    return context.compiled.template(template)(names, now=context.now)


def words(context: Acting, name: str, event: Event) -> tuple[str, str]:
    """(title, body) of a message template for the event's record. Raises NotFound (R084)."""
    found = context.manifest.templates.get(name)
    if found is None:
        near = nearest(name, context.manifest.templates)
        raise NotFound(Problem("R084", parameters={"template": name}, suggestion=near))
    body = render(context, found.body, event) if found.body else ""
    title = render(context, found.subject, event) if found.subject else ""
    return title or found.label.text(context.language) or name, body


def tell(
    context: Acting, users: Iterable[int], title: str, body: str, event: Event, via: Sequence[str] = ()
) -> int:
    """One ``notification`` record for each of them; how many."""
    plan = context.plan("notification")
    acting = context.derive(SYSTEM)
    count = 0
    for user in users:
        values: dict[str, Any] = {
            "user": user,
            "title": title[:TITLE],
            "body": body or None,
            "entity": event.entity,
            "record": event.record,
            "rule": context.via.partition(":")[2] or None,
            "via": tuple(via) or None,
        }
        entity.create(acting, "notification", {k: v for k, v in values.items() if k in plan.fields})
        count += 1
    return count

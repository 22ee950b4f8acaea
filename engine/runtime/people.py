"""Who is meant by ``to:``, what they are told, and in which words. Floor: 5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import NotFound, Problem, nearest
from engine.facts import SYSTEM, Event
from engine.model.template import MessageTemplate
from engine.model.terms import Template
from engine.paper import mail
from engine.runtime import budget, who
from engine.runtime.access import access_of
from engine.runtime.context import Context
from engine.runtime.plans import FieldPlan

if TYPE_CHECKING:
    from engine.runtime.acts import Acting

#: Longest title kept on a notification.
TITLE = 300


def meant(context: Acting, to: Any, event: Event) -> Iterator[int]:
    """The ids of the people meant: an expression that gives a user (or several), ``{role: …}``, ``{team: …}``, a login,
    or a list of these. Nobody is no error: an empty owner cannot be told."""
    yield from who.meant(context, to, lambda term: context.value(term, event))


class Shown(Mapping[str, Any]):
    """A record's values for a template: links lead on (``owner.name``), one that leads nowhere is empty."""

    __slots__ = ("_context", "_entity", "_values")

    def __init__(self, context: Context, name: str, values: Mapping[str, Any]) -> None:
        self._context, self._entity, self._values = context, name, values

    def __getitem__(self, key: str) -> Any:
        value = self._values[key]
        field = self._context.plan(self._entity).fields.get(key)
        if value is not None and field is not None and field.links_to is not None:
            # Inside an ``each`` a field may be called like the record around it, which stands in its place.
            value = value["id"] if isinstance(value, Mapping) else value
            found = self._context.fetch(field.links_to, value)
            if found is not None and not self._context.actor.is_system:
                access = access_of(self._context, field.links_to)
                found = access.cut(found) if access.may("read", found) else None
            return Shown(self._context, field.links_to, found) if found is not None else None
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __str__(self) -> str:
        record = self._context.get(self._entity, self._values["id"])
        return self._context.title(record) if record is not None else ""


class _Names(Mapping[str, Any]):
    """What a template filled in for an event's record may name. Most templates read a few of some fifty names, so each is
    made when it is asked for."""

    __slots__ = ("_context", "_entity", "_fields", "_scene", "_shown")

    def __init__(self, context: Acting, event: Event) -> None:
        self._context, self._entity = context, event.entity
        self._scene: Mapping[str, Any] = context.scene(event).names
        self._fields: Mapping[str, FieldPlan] = context.plan(event.entity).fields if event.entity is not None else {}
        self._shown: Shown | None = None

    def _record(self, name: str) -> Shown:
        if self._shown is None:
            self._shown = Shown(self._context, name, {k: v for k, v in self._scene.items() if k != name})
        return self._shown

    def __getitem__(self, name: str) -> Any:
        if name == self._entity:
            return self._record(name)
        around = self._context.outer.get(name)
        if around is not None:
            return Shown(self._context, name, around)
        value, field = self._scene[name], self._fields.get(name)
        if self._entity is not None and value is not None and field is not None and field.links_to is not None:
            return self._record(self._entity)[name]
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._scene

    def __iter__(self) -> Iterator[str]:
        return iter(self._scene)

    def __len__(self) -> int:
        return len(self._scene)


def by_language(context: Acting, users: Iterable[int]) -> Mapping[str, tuple[int, ...]]:
    """The users by the language they read: their own, else the site's."""
    known, found = who.everybody(context), dict[str, list[int]]()
    for user in users:
        chosen = (known.get(user) or {}).get("language") or context.manifest.site.locale
        found.setdefault("en" if str(chosen).startswith("en") else "zh", []).append(user)
    return {language: tuple(readers) for language, readers in found.items()}


def render(context: Acting, template: Template, event: Event, language: str = "") -> str:
    """A template filled in for the event's record: its fields, ``me``, ``param``, ``event``. ``language`` is the reader's, that
    of who acts when it is not given."""
    return context.compiled.template(template)(
        _Names(context, event), now=context.now, language=language or context.language
    )


def words(context: Acting, name: str, event: Event, language: str = "") -> tuple[str, str]:
    """(title, body) of a message template for the event's record, in the reader's language. Raises NotFound (R084)."""
    found = context.manifest.templates.get(name)
    if found is None:
        near = nearest(name, context.manifest.templates)
        raise NotFound(Problem("R084", parameters={"template": name}, suggestion=near))
    return words_of(context, found, event, language)


def words_of(context: Acting, found: MessageTemplate, event: Event, language: str = "") -> tuple[str, str]:
    """The same of a template at hand, which need not be published yet."""
    body = render(context, found.body, event, language) if found.body else ""
    if found.html is not None and found.body is None:
        body = mail.words(render(context, found.html, event, language))
    title = render(context, found.subject, event, language) if found.subject else ""
    return title or found.label.text(language or context.language) or found.name, body


def tell(
    context: Acting,
    users: Iterable[int],
    title: str,
    body: str,
    event: Event,
    via: Sequence[str] = (),
    urgent: bool = False,
) -> tuple[int, ...]:
    """Tell each of them, within their limits (see ``budget``); those it reaches at once."""
    plan = context.plan("notification")
    acting = context.derive(SYSTEM)
    reached: list[int] = []
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
        if budget.tell(acting, user, {k: v for k, v in values.items() if k in plan.fields}, event, urgent):
            reached.append(user)
    return tuple(reached)

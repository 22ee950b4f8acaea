"""The step ``notify``. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.facts import Event
from engine.model.manifest import Manifest
from engine.model.terms import Step
from engine.plugins.slots import Connector, OutsideStep
from engine.plugins.steps.words import plain


class Notify(OutsideStep):
    """Tell people: one notification each inside the product. ``via`` names the channels wanted beside it, which are kept on
    the notification for whoever carries them. An ``urgent`` one passes quiet hours and the cap of the day. ``buttons`` act from within the message,
    where a channel carries them to that person alone and the site has an ``address``."""

    name = "notify"
    title: ClassVar[Mapping[str, str]] = {"zh": "通知", "en": "Notify"}
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "to": {"title": "通知谁", "x-en": {"title": "To"}, "format": "value"},
            "template": {"title": "模板", "x-en": {"title": "Template"}, "type": "string", "x-refers": "template"},
            "title": {"title": "标题", "x-en": {"title": "Title"}, "format": "template"},
            "text": {"title": "内容", "x-en": {"title": "Text"}, "format": "template"},
            "via": {
                "title": "渠道",
                "x-en": {"title": "Channels"},
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
            },
            "buttons": {
                "title": "按钮",
                "description": "消息里一点就办的事:走一步(transition)或写字段(set);只在三天内、只能用一次。",
                "x-en": {
                    "title": "Buttons",
                    "description": "What one tap does: a transition, or fields that are set; for three days, once.",
                },
                "type": "array",
                "maxItems": 3,
                "items": {
                    "type": "object",
                    "properties": {
                        "label": {"title": "文字", "x-en": {"title": "Words"}, "format": "label"},
                        "transition": {"title": "走一步", "x-en": {"title": "Transition"}, "type": "string"},
                        "set": {
                            "title": "写字段",
                            "x-en": {"title": "Set"},
                            "type": "object",
                            "additionalProperties": {"format": "value"},
                        },
                    },
                    "required": ["label"],
                    "additionalProperties": False,
                },
            },
            "urgent": {"title": "紧急", "x-en": {"title": "Urgent"}, "type": "boolean", "default": False},
        },
        "required": ["to"],
        "additionalProperties": False,
    }
    example = 'notify: {to: ["=owner", "=owner.manager"], title: "{{ company }} 超时了"}'

    effect = "internal"

    def effect_of(self, step: Step, manifest: Manifest) -> str:
        """external where a channel is a connection of the site: then it is delivered there too."""
        return "external" if any(name in manifest.connections for name in channels(step)) else "internal"

    def run(self, context: Any, step: Step, event: Event) -> Any:
        """How many people were told, and who."""
        users, _ = self._tell(context, step, event)
        return {"told": list(users)}

    def prepare(self, context: Any, step: Step, event: Event) -> Sequence[Mapping[str, Any]]:
        """Tells everybody inside the product; outside, one delivery for each connection and person who may be disturbed
        now."""
        _, reached = self._tell(context, step, event)
        known = context.manifest.connections
        told: list[dict[str, Any]] = []
        for name in channels(step):
            if name not in known:
                continue
            wanted = _wanted(context, step, event, known[name].connector)
            for user, (title, body) in reached.items():
                one = {
                    "connection": name,
                    "title": title,
                    "text": body,
                    "to": _person(context, user),
                    "about": _about(event),
                }
                links = context.buttons(user, event, wanted) if wanted else []
                told.append({**one, "links": links} if links else one)
        return told

    def perform(self, outside: Any, delivery: Mapping[str, Any], key: str) -> Any:
        """What the other side said."""
        connector, settings = outside.connection(delivery["connection"])
        return connector.tell(settings, delivery, key)

    def _tell(self, context: Any, step: Step, event: Event) -> tuple[Sequence[int], Mapping[int, tuple[str, str]]]:
        """Who is told, and title and body of those it reaches at once: each in the language they read."""
        users = context.users(step.params["to"], event)
        urgent = bool(step.params.get("urgent"))
        reached: dict[int, tuple[str, str]] = {}
        for language, readers in context.by_language(users).items():
            told = self._words(context, step, event, language)
            for user in context.notify(readers, *told, event, channels(step), urgent):
                reached[user] = told
        return users, {user: reached[user] for user in users if user in reached}

    def _words(self, context: Any, step: Step, event: Event, language: str) -> tuple[str, str]:
        title, body = "", ""
        if step.params.get("template"):
            title, body = context.words(step.params["template"], event, language)
        if step.params.get("title") is not None:
            title = context.text(step.params["title"], event, language)
        if step.params.get("text") is not None:
            body = context.text(step.params["text"], event, language)
        return title or context.named(event), body


def channels(step: Step) -> tuple[str, ...]:
    """The channels a step names."""
    via = step.params.get("via", ())
    return (via,) if isinstance(via, str) else tuple(via)


def _wanted(context: Any, step: Step, event: Event, connector: str) -> list[dict[str, Any]]:
    """The buttons of a message, their values computed; none where others read along."""
    found = context.parts.registry.find(Connector, connector)
    if found is None or not found.private:
        return []
    return [
        {**one, "set": plain(context.value(one["set"], event))} if one.get("set") else dict(one)
        for one in step.params.get("buttons", ())
    ]


def _person(context: Any, user: int) -> Mapping[str, Any]:
    found = context.get("user", user)
    values = found.values if found is not None else {}
    return {"id": user, **{name: values.get(name) for name in ("login", "name", "email", "phone")}}


def _about(event: Event) -> Mapping[str, Any]:
    return {"entity": event.entity, "record": event.record, "event": event.name}

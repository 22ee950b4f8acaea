"""Feishu (飞书): events and messages to its robot in, messages of an application out. Floor: 5."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from connectors.asking import operation
from connectors.lark import SETTINGS, Lark, event_key, opened
from engine.errors import Problem
from engine.plugins.slots import Delivery, Inbound, Received, Reply, Undone


class Feishu(Lark):
    """Feishu. In, at `/hooks/<connection>`: events (`encrypt_key` or `verification_token` proves them; the address is verified by
    itself); the words of a message to the robot are `Content`. Out: `tell` and `message` are messages of the application; a person
    is found by `person` (phone unless said), and what is sent twice within an hour arrives once. For a group use `group_robot`."""

    name = "feishu"
    title: ClassVar[Mapping[str, str]] = {"zh": "飞书", "en": "Feishu"}
    offers = frozenset({"receive", "call", "tell"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            **SETTINGS,
            "person": {
                "title": "成员用什么识别",
                "x-en": {"title": "A person is known by"},
                "type": "string",
                "enum": ["phone", "email", "login"],
                "default": "phone",
            },
        },
        "required": ["app_id"],
        "additionalProperties": False,
    }
    operations = {
        "message": operation(
            "应用消息",
            "Message",
            "to text",
            result="message_id",
            title={},
            kind={"enum": ["open_id", "user_id", "email", "chat_id"]},
        )
    }
    example = """\
kind: connection
name: feishu
connector: feishu
settings: {app_id: cli_1234, app_secret: "=secret.FEISHU_SECRET", encrypt_key: "=secret.FEISHU_ENCRYPT_KEY", verification_token: "=secret.FEISHU_TOKEN"}
"""

    def receive(self, settings: Mapping[str, Any], request: Inbound) -> Received:
        """One event, or the answer to the challenge."""
        content, challenge = opened(settings, request)
        if challenge is not None:
            return Received(reply=challenge)
        said = ((content.get("event") or {}).get("message") or {}).get("content")
        if isinstance(said, str):
            content = {**content, "Content": _words(said)}
        body = json.dumps(content, ensure_ascii=False).encode()
        return Received(
            (Delivery(event_key(content, request.body), content, body),), Reply(b"{}", kind="application/json")
        )

    def tell(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """A message to one colleague; ``message_id``."""
        by = settings.get("person") or "phone"
        person = (message.get("to") or {}).get(by)
        if not person:
            raise Undone(Problem("R120"), final=True)
        kind = {"login": "user_id", "email": "email"}.get(by, "open_id")
        to = self._open_id(settings, str(person)) if by == "phone" else str(person)
        given = {"to": to, "kind": kind, "title": message.get("title"), "text": message.get("text")}
        return self.do_message(settings, given, key)

    def do_message(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``message_id``; every attempt carries the same ``uuid``."""
        words = "\n".join(str(given[name]) for name in ("title", "text") if given.get(name))
        sent = {
            "receive_id": str(given["to"]),
            "msg_type": "text",
            "content": json.dumps({"text": words}, ensure_ascii=False),
            "uuid": hashlib.sha256(key.encode()).hexdigest()[:40],
        }
        kind = str(given.get("kind") or "open_id")
        found = self.asked(settings, "POST", f"/im/v1/messages?receive_id_type={kind}", sent)
        return {"message_id": found.get("message_id")}

    def _open_id(self, settings: Mapping[str, Any], phone: str) -> str:
        asked = {"mobiles": [phone.removeprefix("+86")]}
        found = self.asked(settings, "POST", "/contact/v3/users/batch_get_id?user_id_type=open_id", asked)
        one: Mapping[str, Any] = next(iter(found.get("user_list") or ()), {})
        if not one.get("user_id"):
            raise Undone(Problem("R120"), final=True)
        return str(one["user_id"])


def _words(content: str) -> str:
    try:
        found = json.loads(content)
    except ValueError:
        return content
    return str(found.get("text") or "") if isinstance(found, Mapping) else content

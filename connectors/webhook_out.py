"""Webhooks to other systems, signed by Standard Webhooks. Floor: 5."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from connectors.asking import REACH, ask, compact, need, secret
from connectors.webhook import key_of
from engine.plugins.slots import Connector


class WebhookOut(Connector):
    """Tells another system what happened: a POST to `url` with `webhook-id` (the same at every attempt), `webhook-timestamp` and
    `webhook-signature` of Standard Webhooks. Two secrets in a list sign both, for as long as a change of secrets takes. 410 Gone
    and other refusals end it; what may pass is tried for three days."""

    name = "webhook_out"
    title: ClassVar[Mapping[str, str]] = {"zh": "发出 Webhook", "en": "Webhook to others"}
    offers = frozenset({"call", "tell"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {"secret": secret("签名密钥 whsec_…", "Secret whsec_…"), **REACH},
        "required": ["url", "secret"],
        "additionalProperties": False,
    }
    example = """\
kind: connection
name: partner_hook
connector: webhook_out
settings: {url: "https://partner.example.com/hooks", secret: "=secret.PARTNER_SECRET"}
"""

    def call(self, settings: Mapping[str, Any], request: Mapping[str, Any], key: str) -> Any:
        """``status`` and ``body`` of the answer to ``json``. Raises Undone."""
        need(settings, self.name, "url", "secret")
        body = compact(request.get("json"))
        headers = {
            "Content-Type": "application/json",
            **signed(_secrets(settings["secret"]), id_of(key), int(time.time()), body),
        }
        return {"status": 200, "body": ask(settings, "POST", str(settings["url"]), body, headers)}

    def tell(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """The message as it is: ``{title, text, to, about}``."""
        sent = {name: message.get(name) for name in ("title", "text", "to", "about")}
        return self.call(settings, {"json": {"type": "notification", "data": sent}}, key)


def id_of(key: str) -> str:
    """The ``webhook-id`` of all attempts of one sending."""
    return "msg_" + hashlib.sha256(key.encode()).hexdigest()[:32]


def signed(secrets: Sequence[str], id: str, stamp: int, body: bytes) -> dict[str, str]:
    """The three headers. Source: Standard Webhooks specification, 1.0.0."""
    marks = [
        base64.b64encode(hmac.digest(key_of(each), f"{id}.{stamp}.".encode() + body, "sha256")).decode()
        for each in secrets
    ]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }


def _secrets(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]

"""Webhooks of any sender: signed by Standard Webhooks, by a plain HMAC header, or with a token. Floor: 5."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from engine.errors import Problem
from engine.plugins.slots import Connector, Delivery, Inbound, Received, Unauthentic, Unreadable, at_path, moment_of

#: How far the sender's clock may be from ours.
TOLERANCE = 300.0
PREFIX = "whsec_"
#: Deliveries in one request at most.
MOST = 1000


class Webhook(Connector):
    """Takes what another system sends to `/hooks/<connection>` and believes it only when its signature is right.

    `verify: standard` (the default) is Standard Webhooks: the headers `webhook-id`, `webhook-timestamp`, `webhook-signature`; a
    message older or newer than `tolerance` is refused. `verify: hmac` is one header with the HMAC of the body, as GitHub and
    many others send it. `verify: token` is a header that holds the secret itself, for senders that cannot sign. Two secrets in a
    list are both accepted, for as long as a change of secrets takes. The same message twice has one effect.
    """

    name = "webhook"
    title: ClassVar[Mapping[str, str]] = {"zh": "网络回调 Webhook", "en": "Webhook"}
    offers = frozenset({"receive"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "secret": {
                "title": "密钥",
                "description": "=secret.名称;更换密钥期间写两个。",
                "x-en": {"title": "Secret", "description": "=secret.NAME; a list of two while it is being changed."},
                "format": "value",
            },
            "verify": {
                "title": "验签方式",
                "x-en": {"title": "Verify"},
                "type": "string",
                "enum": ["standard", "hmac", "token"],
                "default": "standard",
            },
            "header": {
                "title": "签名所在的请求头",
                "x-en": {"title": "Header with the signature or token"},
                "type": "string",
                "examples": ["X-Hub-Signature-256"],
            },
            "prefix": {"title": "签名前缀", "x-en": {"title": "Prefix"}, "type": "string", "examples": ["sha256="]},
            "algorithm": {
                "title": "算法",
                "x-en": {"title": "Algorithm"},
                "type": "string",
                "enum": ["sha256", "sha512", "sha1"],
                "default": "sha256",
            },
            "encoding": {
                "title": "签名编码",
                "x-en": {"title": "Encoding"},
                "type": "string",
                "enum": ["hex", "base64"],
                "default": "hex",
            },
            "timestamp": {
                "title": "时间戳所在的请求头",
                "description": "有它时,签名的内容是「时间戳.正文」。",
                "x-en": {"title": "Header with the timestamp", "description": "With it, what is signed is `timestamp.body`."},
                "type": "string",
            },
            "tolerance": {
                "title": "时间误差",
                "x-en": {"title": "Tolerance"},
                "format": "duration",
                "type": "string",
                "default": "5m",
            },
            "id": {
                "title": "消息编号",
                "description": "正文里的路径,或 header:请求头;重复的编号只处理一次。",
                "x-en": {"title": "Id of a message", "description": "A path in the body, or header:NAME; an id has one effect."},
                "type": "string",
            },
            "items": {
                "title": "一次多条",
                "description": "正文里列表的路径;$ 是正文本身。",
                "x-en": {"title": "Several at once", "description": "The path of a list in the body; $ is the body itself."},
                "type": "string",
            },
            "happened_at": {
                "title": "发生时间",
                "description": "正文里的路径;晚到的旧消息不会改掉新的值。",
                "x-en": {"title": "When it happened", "description": "A path in the body; an old message that comes late takes no newer value back."},
                "type": "string",
            },
        },
        "required": ["secret"],
        "additionalProperties": False,
    }  # fmt: skip
    example = 'connector: webhook\nsettings: {secret: "=secret.WEBSITE_HOOK"}'

    def receive(self, settings: Mapping[str, Any], request: Inbound) -> Received:
        """The messages of a POST whose signature is right."""
        if request.method != "POST":
            raise Unauthentic(f"{request.method} is no delivery")
        secrets = [text for text in _several(settings.get("secret")) if text]
        if not secrets:
            raise Unauthentic("the connection has no secret")
        key = VERIFY[settings.get("verify") or "standard"](settings, secrets, request)
        kind = request.headers.get("content-type", "")
        content = self.read(request.body, kind)
        return Received(tuple(_deliveries(settings, request, content, kind, key)))


def _several(value: Any) -> Sequence[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value or "")]


def _standard(settings: Mapping[str, Any], secrets: Sequence[str], request: Inbound) -> str:
    """The message's id. Source: Standard Webhooks specification, 1.0.0: ``id.timestamp.body``, v1 = HMAC-SHA256 in base64."""
    headers = request.headers
    id = headers.get("webhook-id", "")
    time = headers.get("webhook-timestamp", "")
    if not id or len(id) > 256:
        raise Unauthentic("no webhook-id")
    _check_time(settings, time, request.now)
    signed = b".".join((_raw(id), _raw(time), request.body))
    given = [one[3:] for one in headers.get("webhook-signature", "").split(" ") if one.startswith("v1,")]
    wanted = [base64.b64encode(hmac.digest(key_of(secret), signed, "sha256")) for secret in secrets]
    _check(given, wanted)
    return id


def _hmac(settings: Mapping[str, Any], secrets: Sequence[str], request: Inbound) -> str:
    header = str(settings.get("header") or "X-Signature").lower()
    prefix = str(settings.get("prefix") or "")
    text = request.headers.get(header, "")
    if not text.startswith(prefix):
        raise Unauthentic("the signature does not begin as it should")
    signed = request.body
    if settings.get("timestamp"):
        time = request.headers.get(str(settings["timestamp"]).lower(), "")
        _check_time(settings, time, request.now)
        signed = _raw(time) + b"." + signed
    algorithm = str(settings.get("algorithm") or "sha256")
    found = [hmac.digest(secret.encode(), signed, algorithm) for secret in secrets]
    base64_wanted = settings.get("encoding") == "base64"
    given = text[len(prefix) :].strip()
    wanted = [base64.b64encode(each) if base64_wanted else each.hex().encode() for each in found]
    _check([given if base64_wanted else given.lower()], wanted)
    return ""


def _token(settings: Mapping[str, Any], secrets: Sequence[str], request: Inbound) -> str:
    header = str(settings.get("header") or "Authorization").lower()
    given = request.headers.get(header, "")
    _check(
        [given.removeprefix(str(settings.get("prefix") or "")).removeprefix("Bearer ")], [s.encode() for s in secrets]
    )
    return ""


VERIFY = {"standard": _standard, "hmac": _hmac, "token": _token}


def _raw(header: str) -> bytes:
    return header.encode("utf-8", "surrogateescape")


def key_of(secret: str) -> bytes:
    """The bytes of a secret: base64 behind ``whsec_``, else as it is written. Raises Unauthentic."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret[len(PREFIX) :], validate=False)
    except (binascii.Error, ValueError):
        raise Unauthentic("the connection's secret is not base64 after whsec_") from None


def _check_time(settings: Mapping[str, Any], text: str, now: dt.datetime) -> None:
    if not text.isascii() or not text.isdigit() or len(text) > 13:
        raise Unauthentic("no timestamp")
    seconds = int(text) / (1000 if len(text) > 11 else 1)
    if abs(now.timestamp() - seconds) > _tolerance(settings):
        raise Unauthentic("the timestamp is too far from now")


def _tolerance(settings: Mapping[str, Any]) -> float:
    given = settings.get("tolerance")
    return float(given) if isinstance(given, int | float) else TOLERANCE


def _check(given: Sequence[str], wanted: Sequence[bytes]) -> None:
    """Every pair is compared, each in constant time, so that nothing can be learned from how long it takes."""
    same = False
    for one in given[:16]:
        for other in wanted:
            same |= hmac.compare_digest(_raw(one), other)
    if not same:
        raise Unauthentic("the signature is wrong")


def _deliveries(settings: Mapping[str, Any], request: Inbound, content: Any, kind: str, key: str) -> list[Delivery]:
    import orjson

    path = settings.get("items")
    if not path:
        key = key or _id(settings, content, request) or hashlib.sha256(request.body).hexdigest()
        return [Delivery(key, content, request.body, kind, _happened(settings, content))]
    items = content if path == "$" else at_path(content, str(path))
    if not isinstance(items, list) or len(items) > MOST:
        raise Unreadable(Problem("H033", parameters={"path": path, "most": MOST}))
    found = []
    for number, item in enumerate(items):
        body = orjson.dumps(item)
        own = (
            _id(settings, item, request) if settings.get("id") and not str(settings["id"]).startswith("header:") else ""
        )
        # Without an id of its own an item is known by its request and its place in it.
        whole = key or hashlib.sha256(request.body).hexdigest()
        found.append(Delivery(own or f"{whole}#{number}", item, body, at=_happened(settings, item)))
    return found


def _id(settings: Mapping[str, Any], content: Any, request: Inbound) -> str:
    path = str(settings.get("id") or "")
    if path.startswith("header:"):
        return request.headers.get(path[7:].lower(), "")[:256]
    found = at_path(content, path) if path else None
    return str(found)[:256] if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _happened(settings: Mapping[str, Any], content: Any) -> dt.datetime | None:
    """The sender's time of the event."""
    path = settings.get("happened_at")
    return moment_of(at_path(content, str(path))) if path else None

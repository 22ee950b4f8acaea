"""What connectors to Feishu (飞书) share: its tokens, its codes, its signed and sealed events. Floor: 5.

Source: 飞书开放平台, 事件订阅: the signature is SHA-256 over timestamp, nonce, encrypt key and body; the envelope AES-256-CBC with
SHA-256 of the encrypt key as key and the first 16 bytes as vector.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from connectors.asking import PATIENCE, REACH, Cloud, Codes, ask, need, secret, text, with_token
from connectors.sealed import aes_cbc
from connectors.tokens import Tokens
from engine.plugins.slots import Inbound, Reply, Unauthentic, Unreadable, content_of

ROOT = "https://open.feishu.cn"
STALE = frozenset({99991661, 99991663, 99991664, 99991665, 99991668, 99991677})
#: Source: 飞书, 通用错误码; 多维表格的限流与写冲突 (1254290, 1254291, 1254607, 1255040).
CODES = Codes(
    "飞书", "code", "msg",
    stale=STALE,
    later={99991400: PATIENCE, 11232: PATIENCE, 230020: PATIENCE, 1254290: 5.0, 1254291: 3.0, 1254607: 10.0, 1255040: None,
           1255001: None, 1255002: None, 1254001: None, **dict.fromkeys(STALE, None)},
)  # fmt: skip
SETTINGS: Mapping[str, Any] = {
    "app_id": text("App ID", "App id", format="value"),
    "app_secret": secret("App Secret", "App secret"),
    "verification_token": secret("Verification Token", "Verification token of events"),
    "encrypt_key": secret("Encrypt Key", "Encrypt key of events"),
    **REACH,
}


class Lark(Cloud):
    """A connector to Feishu."""

    def __init__(self) -> None:
        self._tokens = Tokens()

    def asked(self, settings: Mapping[str, Any], method: str, path: str, content: Any = None) -> Mapping[str, Any]:
        """The ``data`` of a good answer. Raises Undone."""
        root = str(settings.get("url") or ROOT).rstrip("/")

        def question(token: str) -> Any:
            return ask(settings, method, f"{root}/open-apis{path}", content, {"Authorization": f"Bearer {token}"})

        answer = with_token(lambda stale="": self._token(settings, stale), question, CODES)
        found = answer.get("data")
        return found if isinstance(found, Mapping) else {}

    def probe(self, settings: Mapping[str, Any]) -> str:
        """A token is given. Raises Undone."""
        self._token(settings)
        return "tenant_access_token"

    def _token(self, settings: Mapping[str, Any], stale: str = "") -> str:
        id, mark = need(settings, self.name, "app_id", "app_secret")
        root = str(settings.get("url") or ROOT).rstrip("/")

        def fetch() -> tuple[str, float]:
            url = f"{root}/open-apis/auth/v3/tenant_access_token/internal"
            answer = CODES.check(ask(settings, "POST", url, {"app_id": id, "app_secret": mark}))
            return str(answer["tenant_access_token"]), float(answer.get("expire") or 7200)

        return self._tokens.get((root, id, mark), fetch, stale)


def opened(settings: Mapping[str, Any], request: Inbound) -> tuple[dict[str, Any], Reply | None]:
    """(the event, None), or ({}, the answer to the challenge by which Feishu checks an address). Raises Unauthentic.

    With an ``encrypt_key`` the signature decides; without one the ``verification_token`` inside."""
    if request.method != "POST":
        raise Unauthentic(f"{request.method} is no delivery")
    key, token = str(settings.get("encrypt_key") or ""), str(settings.get("verification_token") or "")
    if not key and not token:
        raise Unauthentic("neither an encrypt key nor a verification token")
    outer = _json(request.body)
    content = _json(decrypted(key, str(outer["encrypt"]))) if "encrypt" in outer else outer
    said = str((content.get("header") or {}).get("token") or content.get("token") or "")
    if content.get("type") == "url_verification":
        # Feishu signs this one only in some versions; it changes nothing here, and its token is inside.
        if not token or not hmac.compare_digest(said.encode(), token.encode()):
            raise Unauthentic("the verification token is wrong")
        return {}, Reply(json.dumps({"challenge": content.get("challenge")}).encode(), kind="application/json")
    if key:
        stamp, nonce = (request.headers.get(f"x-lark-request-{name}", "") for name in ("timestamp", "nonce"))
        signed = (stamp + nonce + key).encode("utf-8", "surrogateescape") + request.body
        given = request.headers.get("x-lark-signature", "").lower().encode("utf-8", "replace")
        if not hmac.compare_digest(given, hashlib.sha256(signed).hexdigest().encode()):
            raise Unauthentic("the signature is wrong")
    elif not hmac.compare_digest(said.encode(), token.encode()):
        raise Unauthentic("the verification token is wrong")
    return content, None


def decrypted(key: str, sealed: str) -> bytes:
    """The plain text of an event's ``encrypt``. Raises Unauthentic."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        if len(raw) < 32 or len(raw) % 16:
            raise ValueError("not whole blocks")
        cipher = aes_cbc(hashlib.sha256(key.encode()).digest(), raw[:16]).decryptor()
        found = cipher.update(raw[16:]) + cipher.finalize()
        pad = found[-1]
        if not 1 <= pad <= 16 or found[-pad:] != bytes([pad]) * pad:
            raise ValueError("padding")
        return bytes(found[:-pad])
    except (ValueError, binascii.Error) as error:
        raise Unauthentic(f"the envelope cannot be opened: {error}") from None


def event_key(content: Mapping[str, Any], body: bytes) -> str:
    """The id by which an event that is pushed again is known."""
    found = (content.get("header") or {}).get("event_id") or content.get("uuid")
    return str(found or hashlib.sha256(body).hexdigest())[:256]


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = content_of(body, "application/json")
    except Unreadable:
        found = None
    if not isinstance(found, dict):
        raise Unauthentic("no envelope")
    return found

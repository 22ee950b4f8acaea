"""Feishu: the sample of its guide, challenges, signed events, messages that arrive once."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from connectors.feishu import Feishu
from connectors.lark import decrypted
from connectors.sealed import aes_cbc
from engine.clock import UTC
from engine.plugins.slots import Inbound, Unauthentic, Undone
from tests.connectors.peer import OWN, Asked, Said, listening

VECTORS = Path(__file__).parents[2].parent / "shared/data/conf-callback-signatures/vectors.json"
NOW = dt.datetime(2026, 1, 5, 1, tzinfo=UTC)
BACK = {"app_id": "cli_1", "app_secret": "s3cret", "encrypt_key": "test key", "verification_token": "vt"}


def sealed(content: bytes, key: str = "test key") -> str:
    vector, pad = secrets.token_bytes(16), 16 - len(content) % 16
    cipher = aes_cbc(hashlib.sha256(key.encode()).digest(), vector).encryptor()
    return base64.b64encode(vector + cipher.update(content + bytes([pad]) * pad) + cipher.finalize()).decode()


def posted(content: Any, key: str = "test key", sign: str | None = None) -> Inbound:
    """An event as Feishu pushes it: sealed and signed where there is a key, plain where there is none."""
    plain = json.dumps(content).encode()
    body = json.dumps({"encrypt": sealed(plain, key)}).encode() if key else plain
    mark = hashlib.sha256(f"1767574800n1{key}".encode() + body).hexdigest() if sign is None else sign
    headers = {"x-lark-request-timestamp": "1767574800", "x-lark-request-nonce": "n1", "x-lark-signature": mark}
    return Inbound(body, headers, NOW)


def event(text: str = "想了解报价") -> dict[str, Any]:
    return {
        "schema": "2.0",
        "header": {"event_id": "e1", "event_type": "im.message.receive_v1", "token": "vt"},
        "event": {"message": {"message_id": "om1", "content": json.dumps({"text": text})}},
    }


def test_the_sample_of_the_guide_is_decrypted() -> None:
    if not VECTORS.is_file():
        pytest.skip("the published vectors are not here: ../shared/data/conf-callback-signatures")
    (one,) = [each for each in json.loads(VECTORS.read_text("utf-8")) if each["provider"] == "feishu"]
    found = decrypted(one["encrypt_key"], json.loads(one["body"])["encrypt"])
    assert found.decode() == one["expected"]["plaintext"]


def test_the_challenge_is_answered_sealed_or_plain_and_only_with_the_right_token() -> None:
    asked = {"challenge": "c1", "token": "vt", "type": "url_verification"}
    for settings, request in ((BACK, posted(asked, sign="")), ({**BACK, "encrypt_key": ""}, posted(asked, key=""))):
        found = Feishu().receive(settings, request)
        assert found.reply is not None and json.loads(found.reply.body) == {"challenge": "c1"}
    with pytest.raises(Unauthentic):
        Feishu().receive(BACK, posted({**asked, "token": "other"}))


def test_an_event_is_believed_by_its_signature_and_known_by_its_id() -> None:
    (found,) = Feishu().receive(BACK, posted(event())).deliveries
    assert (found.key, found.content["Content"]) == ("e1", "想了解报价")
    plain = {**BACK, "encrypt_key": ""}
    assert Feishu().receive(plain, posted(event(), key="")).deliveries[0].key == "e1"
    wrong = {**event(), "header": {**event()["header"], "token": "other"}}
    tries = [
        (BACK, posted(event(), sign="0" * 64)),
        (BACK, posted(event(), key="other key")),
        (BACK, posted(event(), key="")),
        (plain, posted(wrong, key="")),
        ({"app_id": "cli_1"}, posted(event(), key="")),
        (BACK, Inbound(b"not json", {}, NOW)),
        (BACK, Inbound(b"{}", {}, NOW, "GET")),
    ]
    for settings, request in tries:
        with pytest.raises(Unauthentic):
            Feishu().receive(settings, request)


def open_apis(asked: Asked) -> Any:
    if asked.path == "/open-apis/auth/v3/tenant_access_token/internal":
        good = asked.json == {"app_id": "cli_1", "app_secret": "s3cret"}
        return (
            {"code": 0, "tenant_access_token": "t1", "expire": 7200}
            if good
            else {"code": 10014, "msg": "app secret invalid"}
        )
    if asked.headers.get("authorization") != "Bearer t1":
        return {"code": 99991663, "msg": "Invalid access token for authorization"}
    if asked.path == "/open-apis/contact/v3/users/batch_get_id":
        return {
            "code": 0,
            "data": {"user_list": [{"mobile": each, "user_id": f"ou_{each}"} for each in asked.json["mobiles"]]},
        }
    assert asked.path == "/open-apis/im/v1/messages"
    return {"code": 0, "data": {"message_id": "om_1"}}


def test_a_message_goes_to_the_person_with_the_same_uuid_at_every_attempt() -> None:
    with listening(open_apis) as peer:
        settings = {**BACK, "url": peer.url, "timeout": 5, **OWN}
        connector = Feishu()
        told = {
            "title": "新线索",
            "text": "锐视光学",
            "to": {"phone": "+8613800138000", "email": "a@b.cn", "login": "li"},
        }
        assert connector.tell(settings, told, "run:1:0") == {"message_id": "om_1"}
        connector.tell({**settings, "person": "email"}, told, "run:1:0")
        one, other = (each for each in peer.asked if each.path.endswith("/messages"))
        assert one.query == {"receive_id_type": "open_id"} and one.json["receive_id"] == "ou_13800138000"
        assert other.query == {"receive_id_type": "email"} and other.json["receive_id"] == "a@b.cn"
        assert json.loads(one.json["content"]) == {"text": "新线索\n锐视光学"}
        assert one.json["uuid"] == other.json["uuid"]
        peer.faults = [Said({"code": 99991400, "msg": "request trigger frequency limit"})]
        with pytest.raises(Undone) as error:
            connector.tell({**settings, "person": "email"}, told, "k")
        assert not error.value.final and error.value.after == 60

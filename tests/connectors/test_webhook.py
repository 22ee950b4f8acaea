"""Signatures of webhooks, held against published vectors, and what a body may be."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from connectors.webhook import Webhook
from engine.clock import UTC
from engine.plugins.slots import Inbound, Unauthentic, Unreadable

VECTORS = Path(__file__).parents[2].parent / "shared" / "data" / "conf-callback-signatures" / "vectors.json"
NOW = dt.datetime(2026, 1, 5, 1, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


def vectors(provider: str) -> list[dict[str, Any]]:
    if not VECTORS.is_file():
        pytest.skip("the published vectors are not here: ../shared/data/conf-callback-signatures")
    return [one for one in json.loads(VECTORS.read_text("utf-8")) if one["provider"] == provider]


def request(body: bytes = b"{}", now: dt.datetime = NOW, method: str = "POST", **headers: str) -> Inbound:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Inbound(body, {"content-type": "application/json", **named}, now, method)


def standard(body: bytes = b"{}", id: str = "m1", time: int | None = None, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(NOW.timestamp()) if time is None else time)
    mark = base64.b64encode(
        hmac.digest(base64.b64decode(secret[6:]), f"{id}.{stamp}.".encode() + body, "sha256")
    ).decode()
    return {"webhook_id": id, "webhook_timestamp": stamp, "webhook_signature": f"v1,{mark}"}


def test_the_published_vector_of_standard_webhooks_is_verified_to_the_byte() -> None:
    for one in vectors("standard-webhooks"):
        at = dt.datetime.fromtimestamp(one["now"], UTC)
        given = Inbound(one["body"].encode(), {**one["headers"], "content-type": "application/json"}, at)
        found = Webhook().receive({"secret": one["secret"]}, given)
        assert found.deliveries[0].key == one["headers"]["webhook-id"]
        tampered = Inbound(one["body"].replace("true", "trux").encode(), given.headers, at)
        with pytest.raises(Unauthentic):
            Webhook().receive({"secret": one["secret"]}, tampered)


def test_the_published_vector_of_a_plain_hmac_header_is_verified() -> None:
    for one in vectors("generic-hmac-sha256-hex"):
        settings = {"secret": one["secret"], "verify": "hmac", "header": "X-Hub-Signature-256", "prefix": "sha256="}
        headers = {name.lower(): value for name, value in one["headers"].items()}
        # The signature is right; that the body is no JSON is found only after it.
        with pytest.raises(Unreadable):
            Webhook().receive(
                settings, Inbound(one["body"].encode(), {**headers, "content-type": "application/json"}, NOW)
            )
        with pytest.raises(Unauthentic):
            Webhook().receive(settings, Inbound(one["body"].encode() + b" ", headers, NOW))


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10**9])
def test_fault_066_a_timestamp_more_than_five_minutes_away_is_refused(seconds: int) -> None:
    with pytest.raises(Unauthentic):
        Webhook().receive({"secret": SECRET}, request(**standard(time=int(NOW.timestamp()) + seconds)))


def test_fault_066_missing_wrong_v0_and_lists_of_signatures() -> None:
    hook, good = Webhook(), standard()
    right = good["webhook_signature"]
    assert hook.receive({"secret": SECRET}, request(**{**good, "webhook_signature": f"v1,AAAA v1a,BBBB {right}"}))
    for wrong in (
        "",
        "v1,",
        "v1,AAAA",
        right.replace("v1,", "v0,"),
        right[3:],
        f"v2{right[2:]}",
        right + "x",
        "v1," + "é" * 9,
    ):
        with pytest.raises(Unauthentic):
            hook.receive({"secret": SECRET}, request(**{**good, "webhook_signature": wrong}))
    for name in good:
        with pytest.raises(Unauthentic):
            hook.receive({"secret": SECRET}, request(**{**good, name: ""}))


def test_fault_066_while_a_secret_is_changed_both_are_accepted_and_a_third_is_not() -> None:
    other, third = ("whsec_" + base64.b64encode(text).decode() for text in (b"the other secret", b"a third secret"))
    settings = {"secret": [SECRET, other]}
    for secret in (SECRET, other):
        assert Webhook().receive(settings, request(**standard(secret=secret)))
    with pytest.raises(Unauthentic):
        Webhook().receive(settings, request(**standard(secret=third)))


def test_a_connection_without_a_secret_believes_nobody() -> None:
    for settings in ({}, {"secret": ""}, {"secret": []}, {"secret": [""]}):
        for verify in ("standard", "hmac", "token"):
            with pytest.raises(Unauthentic):
                Webhook().receive({**settings, "verify": verify}, request(authorization="", x_signature=""))


def test_a_token_in_a_header_is_compared_whole() -> None:
    settings = {"secret": "s3cret-token", "verify": "token", "header": "X-Token"}
    assert Webhook().receive(settings, request(x_token="s3cret-token"))
    for wrong in ("s3cret", "", "s3cret-token ", "S3CRET-TOKEN"):
        with pytest.raises(Unauthentic):
            Webhook().receive(settings, request(x_token=wrong))


BAD_BODIES = {
    "nan": b'{"a": NaN}',
    "infinity": b'{"a": 1e999}',
    "key twice": b'{"a": 1, "a": 2}',
    "key twice inside": b'{"b": [{"a": 1, "a": 2}]}',
    "a thousand deep": b"[" * 1000 + b"]" * 1000,
    "a hundred thousand deep": b"[" * 100_000,
    "65 deep": b"[" * 65 + b"]" * 65,
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "bom": b"\xef\xbb\xbf{}",
    "half a surrogate": b'{"a": "\\ud800"}',
    "bad utf-8": b'{"a": "\xff"}',
    "xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
    "empty": b"",
    "two values": b"{} {}",
    "huge number": b'{"a": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_fault_070_json_is_read_strictly(name: str) -> None:
    body = BAD_BODIES[name]
    with pytest.raises(Unreadable) as refused:
        Webhook().receive({"secret": SECRET}, request(body, **standard(body)))
    assert (refused.value.status, refused.value.problems[0].code) == (400, "H032")


@pytest.mark.parametrize(
    "kind",
    ["application/xml", "text/xml", "multipart/form-data; boundary=x", "text/plain", "", "application/octet-stream"],
)
def test_fault_070_other_kinds_of_content_are_refused_multipart_with_files_too(kind: str) -> None:
    with pytest.raises(Unreadable) as refused:
        Webhook().receive({"secret": SECRET}, request(content_type=kind, **standard()))
    assert refused.value.status == 415


def test_a_form_body_is_fields_and_one_given_twice_is_a_list() -> None:
    body = b"company=%E9%94%90%E8%A7%86&tag=a&tag=b&empty="
    found = Webhook().receive(
        {"secret": SECRET}, request(body, content_type="application/x-www-form-urlencoded", **standard(body))
    )
    assert found.deliveries[0].content == {"company": "锐视", "tag": ["a", "b"], "empty": ""}


def test_several_at_once_each_with_its_own_key_and_time() -> None:
    body = json.dumps(
        {"rows": [{"no": 7, "at": "2026-01-05T08:00:00+08:00"}, {"no": 8, "at": 1767571200000}, {"x": 1}]}
    ).encode()
    settings = {"secret": SECRET, "items": "rows", "id": "no", "happened_at": "at"}
    found = Webhook().receive(settings, request(body, **standard(body))).deliveries
    assert [one.key for one in found] == ["7", "8", "m1#2"]
    assert [one.at for one in found] == [dt.datetime(2026, 1, 5, tzinfo=UTC)] * 2 + [None]
    with pytest.raises(Unreadable):
        Webhook().receive({**settings, "items": "none"}, request(body, **standard(body)))

"""HTTP to systems that want a token or a signature, and webhooks to others."""

from __future__ import annotations

import base64
import datetime as dt
import email.utils
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest

from connectors.http import Http, signed
from connectors.webhook import Webhook
from connectors.webhook_out import WebhookOut
from connectors.webhook_out import signed as marked
from engine.clock import UTC
from engine.plugins.slots import Inbound, Undone
from tests.connectors.peer import OWN, Asked, Peer, Said, listening

VECTORS = Path(__file__).parents[2].parent / "shared/data/conf-callback-signatures/vectors.json"


class Guarded:
    """An authorization server and a resource in one."""

    def __init__(self) -> None:
        self.given = 0

    def __call__(self, asked: Asked) -> Any:
        if asked.path == "/token":
            pair = base64.b64encode(b"cl%2Fient:s3%26cret").decode()
            form = dict(one.split("=", 1) for one in asked.body.decode().split("&"))
            inside = form.get("client_id") == "cl%2Fient" and form.get("client_secret") == "s3%26cret"
            if form.get("grant_type") != "client_credentials" or not (
                inside or asked.headers.get("authorization") == f"Basic {pair}"
            ):
                return Said({"error": "invalid_client"}, 401)
            self.given += 1
            return {
                "access_token": f"t{self.given}",
                "token_type": "Bearer",
                "expires_in": 3600,
                "scope": form.get("scope"),
            }
        if asked.headers.get("authorization") != f"Bearer t{self.given}":
            return Said({"error": "invalid_token"}, 401)
        return {"ok": True}


def guarded(peer: Peer, **more: Any) -> dict[str, Any]:
    oauth2 = {
        "token_url": f"{peer.url}/token",
        "client_id": "cl/ient",
        "client_secret": "s3&cret",
        "scope": "orders",
        **more,
    }
    return {"url": f"{peer.url}/api", "oauth2": oauth2, "timeout": 5, **OWN}


def test_a_token_is_fetched_by_client_credentials_kept_and_fetched_anew_when_refused() -> None:
    service = Guarded()
    with listening(service) as peer:
        http = Http()
        for _ in range(3):
            assert http.call(guarded(peer), {"method": "POST", "json": {"a": 1}}, "k")["body"] == {"ok": True}
        assert service.given == 1
        service.given = 5
        assert http.call(guarded(peer), {"method": "POST", "json": {"a": 1}}, "k")["status"] == 200
        assert service.given == 6 and peer.paths()[-3:] == ["/api", "/token", "/api"]
        assert Http().call(guarded(peer, **{"in": "body"}), {"method": "GET"}, "k")["status"] == 200


def test_a_refused_client_is_final_and_its_secret_is_not_told() -> None:
    with listening(Guarded()) as peer:
        with pytest.raises(Undone) as error:
            Http().call(guarded(peer, client_secret="wrong-one"), {"method": "GET"}, "k")
        assert error.value.final and "invalid_client" in error.value.problems[0].what()
        assert "wrong-one" not in str(error.value.problems[0].parameters)
        peer.faults = [Said({"error": "temporarily_unavailable"}, 503, {"Retry-After": "9"})]
        with pytest.raises(Undone) as later:
            Http().call(guarded(peer), {"method": "GET"}, "k")
        assert not later.value.final and later.value.after == 9


def test_the_documented_signature_of_github_is_reached_and_a_timestamp_is_signed_along() -> None:
    if not VECTORS.is_file():
        pytest.skip("the published vectors are not here: ../shared/data/conf-callback-signatures")
    (one,) = [each for each in json.loads(VECTORS.read_text("utf-8")) if each["id"] == "github-documented"]
    sign = {"header": "X-Hub-Signature-256", "prefix": "sha256=", "secret": one["secret"]}
    assert signed(sign, one["body"].encode(), 0) == one["headers"]
    with listening(lambda _: {"ok": True}) as peer:
        sign = {"header": "X-Sign", "secret": "s", "timestamp": "X-Time", "encoding": "base64"}
        Http().call({"url": peer.url, "sign": sign, **OWN}, {"method": "POST", "json": {"a": 1}}, "k")
        asked = peer.asked[-1]
        wanted = hmac.digest(b"s", asked.headers["x-time"].encode() + b"." + asked.body, "sha256")
        assert (
            base64.b64decode(asked.headers["x-sign"]) == wanted and abs(int(asked.headers["x-time"]) - time.time()) < 60
        )


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [("120", 120, 120), ("date", 20, 31), ("99999999", 21600, 21600), ("soon", None, None), ("-5", None, None)],
)
def test_fault_079_retry_after_is_honoured_as_seconds_and_as_a_date(
    header: str, least: float | None, most: float | None
) -> None:
    text = email.utils.formatdate(time.time() + 30, usegmt=True) if header == "date" else header
    with listening(lambda _: Said({}, 429, {"Retry-After": text})) as peer, pytest.raises(Undone) as error:
        Http().call({"url": peer.url, **OWN}, {"method": "POST", "json": {}}, "k")
    assert not error.value.final
    assert error.value.after is None if least is None else least <= (error.value.after or 0) <= (most or 0)


def test_the_published_vector_of_standard_webhooks_is_what_we_send() -> None:
    if not VECTORS.is_file():
        pytest.skip("the published vectors are not here: ../shared/data/conf-callback-signatures")
    (one,) = [each for each in json.loads(VECTORS.read_text("utf-8")) if each["provider"] == "standard-webhooks"]
    headers = one["headers"]
    assert marked([one["secret"]], headers["webhook-id"], one["now"], one["body"].encode()) == headers


def test_what_we_send_our_own_door_believes_and_knows_again_while_secrets_change() -> None:
    old, new = "whsec_" + base64.b64encode(b"o" * 24).decode(), "whsec_" + base64.b64encode(b"n" * 24).decode()
    with listening(lambda _: Said({}, 200)) as peer:
        settings = {"url": f"{peer.url}/hook", "secret": [old, new], **OWN}
        for _ in range(2):
            WebhookOut().call(settings, {"json": {"type": "lead.created", "data": {"company": "锐视"}}}, "run:1:0")
        keys = []
        for asked in peer.asked:
            for secret in (old, new):
                now = dt.datetime.fromtimestamp(time.time(), UTC)
                found = Webhook().receive({"secret": secret}, Inbound(asked.body, asked.headers, now))
                keys.append(found.deliveries[0].key)
        assert len(set(keys)) == 1 and peer.asked[0].body == peer.asked[1].body
        peer.faults = [Said({}, 410)]
        with pytest.raises(Undone) as gone:
            WebhookOut().tell(settings, {"title": "x", "text": "", "to": {}, "about": {}}, "k")
        assert gone.value.final

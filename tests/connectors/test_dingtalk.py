"""DingTalk: the test values of its SDK, a robot that is spoken to, work notifications."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from connectors.dingtalk import Dingtalk
from connectors.sealed import check, seal, signature, unseal
from engine.clock import UTC
from engine.plugins.slots import Inbound, Unauthentic, Undone
from tests.connectors.peer import OWN, Asked, Said, listening

VECTORS = Path(__file__).parents[2].parent / "shared/data/conf-callback-signatures/vectors.json"
NOW = dt.datetime(2026, 1, 5, 1, tzinfo=UTC)
KEY = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"
BACK = {"app_key": "ding1", "app_secret": "s3cret", "token": "123456", "aes_key": KEY}


def posted(content: Any, app: str = "ding1", **query: str) -> Inbound:
    sealed = seal(KEY, json.dumps(content).encode(), app)
    stamp, nonce = "1767574800000", "n1"
    asked = {"signature": signature("123456", stamp, nonce, sealed), "timestamp": stamp, "nonce": nonce, **query}
    return Inbound(json.dumps({"encrypt": sealed}).encode(), {}, NOW, "POST", asked)


def test_the_vector_of_the_sdk_is_opened_and_answered_with_a_sealed_success() -> None:
    if not VECTORS.is_file():
        pytest.skip("the published vectors are not here: ../shared/data/conf-callback-signatures")
    (one,) = [each for each in json.loads(VECTORS.read_text("utf-8")) if each["provider"] == "dingtalk"]
    settings = {"app_key": one["receive_id"], "token": one["token"], "aes_key": one["encoding_aes_key"]}
    found = Dingtalk().receive(settings, Inbound(one["body"].encode(), {}, NOW, "POST", one["query"]))
    sealed = json.loads(one["body"])["encrypt"]
    assert unseal(one["encoding_aes_key"], sealed) == (one["expected"]["plaintext"].encode(), one["receive_id"])
    # check_create_suite_url is answered with the random text it brings, sealed and signed.
    assert found.reply is not None and not found.deliveries
    answer = json.loads(found.reply.body)
    check(answer["msg_signature"], one["token"], answer["timeStamp"], answer["nonce"], answer["encrypt"])
    assert unseal(one["encoding_aes_key"], answer["encrypt"]) == (b"LPIdSnlF", one["receive_id"])
    for query in ({**one["query"], "signature": "0" * 40}, {**one["query"], "nonce": "other"}, {}):
        with pytest.raises(Unauthentic):
            Dingtalk().receive(settings, Inbound(one["body"].encode(), {}, NOW, "POST", query))


def test_an_event_counts_once_and_is_answered_with_a_sealed_success() -> None:
    event = {"EventType": "user_add_org", "TimeStamp": "1767574800000", "UserId": ["u1"]}
    first, again = (Dingtalk().receive(BACK, posted(event)) for _ in range(2))
    assert first.deliveries[0].key == again.deliveries[0].key and first.deliveries[0].content == event
    assert first.reply is not None
    assert unseal(KEY, json.loads(first.reply.body)["encrypt"]) == (b"success", "ding1")
    for bad in (
        posted(event, app="ding2"),
        posted(event, signature="x"),
        Inbound(b"[]", {}, NOW),
        Inbound(b"{", {}, NOW),
    ):
        with pytest.raises(Unauthentic):
            Dingtalk().receive(BACK, bad)


def robot(stamp: int, secret: str = "s3cret", content: str = "我叫李雷,想了解报价") -> Inbound:
    mark = base64.b64encode(hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")).decode()
    body = {"msgtype": "text", "text": {"content": content}, "msgId": "m1", "senderNick": "李雷"}
    return Inbound(json.dumps(body).encode(), {"sign": mark, "timestamp": str(stamp)}, NOW)


def test_what_is_said_to_the_robot_is_believed_for_an_hour_and_only_with_its_sign() -> None:
    now = int(NOW.timestamp() * 1000)
    (found,) = Dingtalk().receive(BACK, robot(now)).deliveries
    assert (found.key, found.content["Content"]) == ("m1", "我叫李雷,想了解报价")
    for bad in (robot(now, "other"), robot(now - 3_700_000), robot(now + 3_700_000)):
        with pytest.raises(Unauthentic):
            Dingtalk().receive(BACK, bad)
    with pytest.raises(Unauthentic):
        Dingtalk().receive({**BACK, "app_secret": ""}, robot(now, ""))


def oapi(asked: Asked) -> Any:
    if asked.path == "/gettoken":
        good = asked.query == {"appkey": "ding1", "appsecret": "s3cret"}
        return (
            {"errcode": 0, "access_token": "t1", "expires_in": 7200}
            if good
            else {"errcode": 40089, "errmsg": "不合法的corpid或corpsecret"}
        )
    if asked.query.get("access_token") != "t1":
        return {"errcode": 40014, "errmsg": "不合法的access_token"}
    if asked.path == "/topapi/v2/user/getbymobile":
        return {"errcode": 0, "result": {"userid": f"u{asked.json['mobile'][-4:]}"}}
    assert asked.path == "/topapi/message/corpconversation/asyncsend_v2"
    return {"errcode": 0, "task_id": 256271667526}


def test_a_work_notification_finds_the_person_by_phone() -> None:
    with listening(oapi) as peer:
        settings = {**BACK, "agent_id": "7", "url": peer.url, "timeout": 5, **OWN}
        connector = Dingtalk()
        told = {"title": "两小时未联系", "text": "锐视光学", "to": {"login": "li", "phone": "+8613800138000"}}
        assert connector.tell(settings, told, "k") == {"task_id": 256271667526}
        sent = peer.asked[-1].json
        assert (sent["agent_id"], sent["userid_list"]) == (7, "u8000")
        assert sent["msg"] == {"msgtype": "text", "text": {"content": "两小时未联系\n锐视光学"}}
        connector.tell({**settings, "person": "login"}, told, "k")
        assert peer.asked[-1].json["userid_list"] == "li"
        peer.faults = [Said({"errcode": 90018, "errmsg": "您的服务器调用钉钉开放平台当前接口的所有请求都被暂时禁用了"})]
        with pytest.raises(Undone) as error:
            connector.tell({**settings, "person": "login"}, told, "k")
        assert not error.value.final and error.value.after == 60
        with pytest.raises(Undone) as wrong:
            Dingtalk().probe({**settings, "app_secret": "other"})
        assert wrong.value.final and "40089" in wrong.value.problems[0].what()
        assert peer.paths().count("/gettoken") == 2

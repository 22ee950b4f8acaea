"""Signatures of clouds held against their documentation; text messages and calls through peers that check them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from connectors.signing import acs3, md5_sign, tc3
from connectors.sms import Sms
from connectors.transcription import Transcription
from connectors.voice_call import VoiceCall
from engine.clock import UTC
from engine.plugins.slots import Inbound, Unauthentic, Undone
from tests.connectors.peer import OWN, Asked, Said, listening

NOW = dt.datetime(2026, 1, 5, 1, tzinfo=UTC)


def test_the_published_example_of_alibaba_cloud_v3_is_signed_to_the_byte() -> None:
    # 阿里云, V3 版本请求体&签名机制: the fixed parameters, and the example of the headers' table.
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    examples = {
        (
            "2023-10-26T10:22:32",
            "3156853299f313e23d1673dc12e1703d",
        ): "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
        (
            "2023-10-26T09:01:01",
            "d410180a5abf7fe235dd9b74aca91fc0",
        ): "e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804",
    }
    for (at, nonce), mark in examples.items():
        now = dt.datetime.fromisoformat(at).replace(tzinfo=UTC)
        found = acs3(
            "YourAccessKeyId",
            "YourAccessKeySecret",
            "POST",
            "ecs.cn-shanghai.aliyuncs.com",
            "RunInstances",
            "2014-05-26",
            query,
            b"",
            now,
            nonce,
        )
        assert found["Authorization"] == (
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
            f"x-acs-signature-nonce;x-acs-version,Signature={mark}"
        )


def test_the_published_example_of_tencent_cloud_v3_is_signed_to_the_byte() -> None:
    # 腾讯云, 签名方法 v3: keys of 32 stars as the page masks them, the body as it stands there.
    body = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    at = dt.datetime.fromtimestamp(1551113065, UTC)
    found = tc3(
        "AKID" + "*" * 32,
        "*" * 32,
        "cvm",
        "cvm.tencentcloudapi.com",
        "DescribeInstances",
        "2017-03-12",
        "ap-guangzhou",
        body,
        at,
    )
    assert found["Authorization"].endswith(
        "/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


def test_the_published_example_of_an_md5_sign_is_reached() -> None:
    # 淘宝开放平台, API 调用方法: secret helloworld; JD's platform signs the same way.
    given = {
        "app_key": "12345678", "fields": "num_iid,title,nick,price,num", "format": "json", "method": "taobao.item.seller.get",
        "num_iid": "11223344", "session": "test", "sign_method": "md5", "timestamp": "2016-01-01 12:00:00", "v": "2.0",
    }  # fmt: skip
    assert md5_sign("helloworld", given) == "66987CB115214E59E6EC978214934FB8"


def signed_by_aliyun(asked: Asked) -> bool:
    """The peer's own reckoning, from the request alone."""
    names = ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"]
    query = "&".join(f"{quote(name, safe='~')}={quote(asked.query[name], safe='~')}" for name in sorted(asked.query))
    lines = "".join(f"{name}:{asked.headers[name]}\n" for name in names)
    whole = "\n".join(("POST", "/", query, lines, ";".join(names), hashlib.sha256(asked.body).hexdigest()))
    import hmac

    mark = hmac.new(
        b"s3cret", ("ACS3-HMAC-SHA256\n" + hashlib.sha256(whole.encode()).hexdigest()).encode(), "sha256"
    ).hexdigest()
    return asked.headers["authorization"].endswith(f"Signature={mark}")


def aliyun(asked: Asked) -> Any:
    if not signed_by_aliyun(asked):
        return Said({"Code": "SignatureDoesNotMatch", "Message": "…"}, 400)
    if asked.headers["x-acs-action"] == "SingleCallByTts":
        return {"Code": "OK", "CallId": "call1"}
    assert (asked.headers["x-acs-action"], asked.headers["x-acs-version"]) == ("SendSms", "2017-05-25")
    return {"Code": "OK", "BizId": "900619746936498440^0", "Message": "OK"}


def tencent(asked: Asked) -> Any:
    now = dt.datetime.fromtimestamp(int(asked.headers["x-tc-timestamp"]), UTC)
    service = "asr" if "Rec" in asked.headers["x-tc-action"] or "Task" in asked.headers["x-tc-action"] else "sms"
    wanted = tc3(
        "AKID1", "s3cret", service, asked.headers["host"], asked.headers["x-tc-action"], "", "", asked.body, now
    )
    if asked.headers["authorization"] != wanted["Authorization"]:
        return {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "…"}, "RequestId": "r"}}
    if asked.headers["x-tc-action"] == "CreateRecTask":
        return {"Response": {"Data": {"TaskId": 9266418}}}
    if asked.headers["x-tc-action"] == "DescribeTaskStatus":
        text = "[0:0.020,0:2.380]  想了解一下裂隙灯的报价。\n[0:2.400,0:5.000]  好的,您贵姓?"
        return {"Response": {"Data": {"TaskId": 9266418, "Status": 2, "StatusStr": "success", "Result": text}}}
    return {"Response": {"SendStatusSet": [{"SerialNo": "2028:f8:1", "Code": "Ok", "Message": "send success"}]}}


def test_a_text_message_is_sent_by_either_vendor() -> None:
    for vendor, answer in (("aliyun", aliyun), ("tencent", tencent)):
        with listening(answer) as peer:
            settings = {
                "vendor": vendor,
                "key": "AKID1",
                "secret": "s3cret",
                "signature": "锐视科技",
                "template": "SMS_1",
                "application": "1400",
                "url": peer.url,
                "timeout": 5,
                **OWN,
            }
            found = Sms().send(settings, {"to": "+8613800138000", "text": "您好 & 谢谢"}, "run:1:0")
            assert found["id"]
            asked = peer.asked[-1]
            if vendor == "aliyun":
                assert asked.query["PhoneNumbers"] == "13800138000" and json.loads(asked.query["TemplateParam"]) == {
                    "content": "您好 & 谢谢"
                }
            else:
                assert asked.json["PhoneNumberSet"] == ["+8613800138000"] and asked.json["TemplateParamSet"] == [
                    "您好 & 谢谢"
                ]
            with pytest.raises(Undone) as wrong:
                Sms().send({**settings, "secret": "other"}, {"to": "13800138000", "text": "x"}, "k")
            assert wrong.value.final
            with pytest.raises(Undone) as none:
                Sms().tell(settings, {"title": "x", "to": {"phone": None}}, "k")
            assert none.value.problems[0].code == "R120"


@pytest.mark.parametrize(
    ("vendor", "answer", "final", "after"),
    [
        ("aliyun", {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发分钟级流控Permits:1"}, False, 60.0),
        ("aliyun", {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "号码不对"}, True, None),
        ("tencent", {"Response": {"Error": {"Code": "RequestLimitExceeded", "Message": "…"}}}, False, 60.0),
        ("tencent", {"Response": {"SendStatusSet": [{"Code": "LimitExceeded.PhoneNumberThirtySecondLimit", "Message": "…"}]}}, False, 30.0),
        ("tencent", {"Response": {"SendStatusSet": [{"Code": "FailedOperation.PhoneNumberInBlacklist", "Message": "…"}]}}, True, None),
    ],
)  # fmt: skip
def test_a_refusal_says_whether_another_attempt_may_help(
    vendor: str, answer: Any, final: bool, after: float | None
) -> None:
    with listening(lambda _: answer) as peer, pytest.raises(Undone) as error:
        settings = {
            "vendor": vendor,
            "key": "AKID1",
            "secret": "s3cret",
            "signature": "锐视",
            "template": "1",
            "application": "1400",
            "url": peer.url,
            **OWN,
        }
        Sms().send(settings, {"to": "13800138000", "text": "x"}, "k")
    assert (error.value.problems[0].code, error.value.final, error.value.after) == ("R170", final, after)


def test_answers_of_customers_come_in_with_the_token_only() -> None:
    settings = {"vendor": "aliyun", "key": "k", "secret": "s", "signature": "x", "callback_token": "tok"}
    said = [
        {
            "phone_number": "13800138000",
            "content": "想了解报价",
            "send_time": "2026-01-05 09:00:00",
            "sequence_id": 1234567890,
        }
    ]
    request = Inbound(json.dumps(said).encode(), {}, NOW, "POST", {"token": "tok"})
    found = Sms().receive(settings, request)
    assert found.deliveries[0].content == said[0] and found.deliveries[0].key.startswith("1234567890")
    assert found.reply is not None and json.loads(found.reply.body) == {"code": 0, "msg": "OK"}
    for bad, query in (
        (settings, {"token": "no"}),
        (settings, {}),
        ({**settings, "callback_token": ""}, {"token": ""}),
    ):
        with pytest.raises(Unauthentic):
            Sms().receive(bad, Inbound(request.body, {}, NOW, "POST", query))


def test_m36_a_call_reads_a_text_aloud() -> None:
    with listening(aliyun) as peer:
        settings = {
            "key": "AKID1",
            "secret": "s3cret",
            "template": "TTS_1",
            "from": "4001112222",
            "url": peer.url,
            **OWN,
        }
        found = VoiceCall().tell(
            settings, {"title": "线索超时", "text": "锐视光学", "to": {"phone": "+8613800138000"}}, "k"
        )
        assert found == {"id": "call1"}
        asked = peer.asked[-1].query
        assert (asked["CalledNumber"], asked["CalledShowNumber"]) == ("13800138000", "4001112222")
        assert json.loads(asked["TtsParam"]) == {"content": "线索超时,锐视光学"}


def test_m74_a_recording_becomes_text_and_is_waited_for() -> None:
    with listening(tencent) as peer:
        settings = {"key": "AKID1", "secret": "s3cret", "url": peer.url, **OWN}
        task = Transcription().call(
            settings, {"operation": "start", "json": {"url": "https://example.com/1.mp3"}}, "k"
        )["body"]
        assert task == {"task": 9266418}
        peer.faults = [Said({"Response": {"Data": {"TaskId": 9266418, "Status": 1, "StatusStr": "doing"}}})]
        with pytest.raises(Undone) as waits:
            Transcription().call(settings, {"operation": "result", "json": task}, "k")
        assert not waits.value.final and waits.value.after == 20
        found = Transcription().call(settings, {"operation": "result", "json": task}, "k")["body"]
        assert found == {"text": "想了解一下裂隙灯的报价。\n好的,您贵姓?"}
        peer.faults = [Said({"Response": {"Data": {"TaskId": 1, "Status": 3, "ErrorMsg": "download fail"}}})]
        with pytest.raises(Undone) as failed:
            Transcription().call(settings, {"operation": "result", "json": task}, "k")
        assert failed.value.final

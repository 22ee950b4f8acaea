"""What vendors publish of their signatures and codes, written out as it stands there, and our code held to it.

The strings that are signed are literals of the documentation or follow the vendor's own sample code line by line; only the secrets are
ours, for nobody publishes theirs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import quote_plus

import pytest

from connectors.esign import signed_headers
from connectors.group_robot import sign_dingtalk, sign_feishu
from connectors.yonyou import CODES, Yonyou, signature
from engine.plugins.slots import Undone
from tests.connectors.peer import OWN, Asked, listening


def mark(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def test_yonyou_signs_the_string_of_its_documentation() -> None:
    # 用友开放平台, 获取 access_token, 加签方式, 示例: appKey 41832a3d2df94989b500da6a22268747, timestamp 1568098531823.
    told = "appKey41832a3d2df94989b500da6a22268747timestamp1568098531823"
    given = {"timestamp": "1568098531823", "appKey": "41832a3d2df94989b500da6a22268747"}
    assert signature("a secret", given) == mark("a secret", told)


def test_yonyou_asks_at_the_address_of_2023_and_sends_a_long_token_encoded() -> None:
    # The same page, 2023-07-21 地址调整说明: the new path; new tokens are long and have special signs, so they are encoded in a query.
    token = "yht/+=&?#" + "x" * 300

    def gate(asked: Asked) -> Any:
        if asked.path.startswith("/iuap-api-auth"):
            assert set(asked.query) == {"appKey", "timestamp", "signature"} and len(asked.query["timestamp"]) == 13
            told = f"appKey{asked.query['appKey']}timestamp{asked.query['timestamp']}"
            assert asked.query["signature"] == mark("s", told)
            return {"code": "00000", "message": "成功！", "data": {"access_token": token, "expire": 7200}}
        assert asked.query["access_token"] == token
        return {"code": "200", "data": {"recordList": [{"code": "A"}]}}

    with listening(gate) as peer:
        settings = {"url": peer.url, "app_key": "k", "app_secret": "s", **OWN}
        request = {"operation": "query", "json": {"path": "/yonbip/sd/voucherorder/list"}}
        assert Yonyou().call(settings, request, "k")["body"] == {"rows": [{"code": "A"}]}
        assert peer.paths()[0] == "/iuap-api-auth/open-auth/selfAppAuth/base/v1/getAccessToken"


@pytest.mark.parametrize(("code", "final"), [("310036", False), ("310046", False), ("310037", True), ("310005", True)])
def test_yonyou_s_codes_say_whether_a_person_has_to_grant_something(code: str, final: bool) -> None:
    # Answers of its gateway as published with open integrations: 310036 非法token; 310037 and 310005: the interface is not granted.
    with pytest.raises(Undone) as refused:
        CODES.check({"code": code, "message": "…"})
    assert refused.value.final is final


@pytest.mark.parametrize(("method", "path", "body"), [
    ("POST", "/v3/sign-flow/create-by-file", b'{"docs":[{"fileId":"f"}],"title":"\xe5\x90\x88\xe5\x90\x8c"}'),
    ("GET", "/v3/sign-flow/abc/detail", b""),
])  # fmt: skip
def test_e_qianbao_s_request_is_signed_as_its_sample_code_does(method: str, path: str, body: bytes) -> None:
    # e签宝, 请求签名鉴权方式说明 (open.esign.cn/doc/opendoc/dev-guide3/tggw2e), and EsignEncryption.appendSignDataString of its Java demo:
    # HTTPMethod, Accept, Content-MD5, Content-Type and Date, each with a line feed, then the path; Content-MD5 is empty for GET.
    digest = "" if method == "GET" else base64.b64encode(hashlib.md5(body).digest()).decode()
    lines = method + "\n" + "*/*" + "\n" + digest + "\n" + "application/json; charset=UTF-8" + "\n" + "" + "\n" + path
    found = signed_headers("7438", "s3cret", method, path, body, 1700000000000)
    assert found["X-Tsign-Open-Ca-Signature"] == mark("s3cret", lines)
    assert found.get("Content-MD5", "") == digest
    assert (found["X-Tsign-Open-App-Id"], found["X-Tsign-Open-Auth-Mode"]) == ("7438", "Signature")
    assert (found["Accept"], found["Content-Type"]) == ("*/*", "application/json; charset=UTF-8")
    assert found["X-Tsign-Open-Ca-Timestamp"] == "1700000000000"


def test_the_robots_sign_as_their_documentation_s_python_does() -> None:
    # 钉钉, 自定义机器人安全设置, 加签, Python 3: string_to_sign = '{}\\n{}'.format(timestamp, secret), secret "this is secret".
    timestamp, secret = "1577262236757", "this is secret"
    code = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), digestmod=hashlib.sha256).digest()
    assert quote_plus(sign_dingtalk(timestamp, secret)) == quote_plus(base64.b64encode(code))
    # 飞书, 自定义机器人使用指南, 签名校验, Python: the string is the key, and what is signed is empty; timestamp 1599360473 in seconds.
    string = f"1599360473\n{secret}"
    code = hmac.new(string.encode("utf-8"), digestmod=hashlib.sha256).digest()
    assert sign_feishu("1599360473", secret) == base64.b64encode(code).decode("utf-8")

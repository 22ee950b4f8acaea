"""e签宝 and 法大大: requests their peers can verify, callbacks by the documented rules, one signature is not both (M32)."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from connectors.esign import KIND, Esign
from connectors.fadada import Fadada, signature
from engine.clock import UTC
from engine.facts import SYSTEM
from engine.plugins.slots import Inbound, Unauthentic, Undone
from studio.app import create_app
from tests.company import Company
from tests.connectors.peer import OWN, Asked, Said, listening

CALLBACKS = Path(__file__).parents[2].parent / "shared/data/conn-esign/callbacks.json"
NOW = dt.datetime(2026, 1, 5, 1, tzinfo=UTC)
SIGNERS = [
    {"organization": "锐视科技", "name": "李雷", "phone": "13800138000"},
    {"organization": "明湖眼科", "phone": "13900139000"},
]


def documented() -> dict[str, Any]:
    if not CALLBACKS.is_file():
        pytest.skip("the documented callbacks are not here: ../shared/data/conn-esign")
    found: dict[str, Any] = json.loads(CALLBACKS.read_text("utf-8"))
    return found


def called(content: Any, secret: str = "s3cret", query: dict[str, str] | None = None) -> Inbound:
    """A callback signed by the documented rule: time, values of the query by their keys, body."""
    body, query = json.dumps(content, ensure_ascii=False).encode(), query or {}
    stamp = "1713508339505"
    values = "".join(value for _, value in sorted(query.items()))
    mark = hmac.new(secret.encode(), stamp.encode() + values.encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "x-tsign-open-timestamp": stamp,
        "x-tsign-open-signature": mark,
        "x-tsign-open-signature-algorithm": "hmac-sha256",
    }
    return Inbound(body, headers, NOW, "POST", query)


def test_m32_one_signature_is_not_both_and_a_step_told_twice_is_one() -> None:
    one, whole = documented()["bodies"]
    settings = {"app_id": "7", "app_secret": "s3cret"}
    (first,) = Esign().receive(settings, called(one)).deliveries
    assert (first.content["state"], first.content["both_signed"]) == ("signing", False)
    (last,) = Esign().receive(settings, called(whole, query={"b": "2", "a": "1"})).deliveries
    assert (last.content["state"], last.content["both_signed"], last.content["flow"]) == (
        "done",
        True,
        whole["signFlowId"],
    )
    again = {**whole, "timestamp": whole["timestamp"] + 9}
    assert Esign().receive(settings, called(again)).deliveries[0].key == last.key
    for status, state in (("3", "withdrawn"), ("5", "expired"), ("7", "refused")):
        (found,) = Esign().receive(settings, called({**whole, "signFlowStatus": status})).deliveries
        assert (found.content["state"], found.content["both_signed"]) == (state, False) and found.key != last.key
    unknown = Esign().receive(settings, called({"action": "SOMETHING_NEW"}))
    assert not unknown.deliveries and unknown.reply is not None and unknown.reply.status == 200


def test_a_callback_that_is_not_e_qianbao_s_is_refused() -> None:
    settings = {"app_id": "7", "app_secret": "s3cret"}
    good = called({"action": "SIGN_FLOW_COMPLETE", "signFlowId": "f", "signFlowStatus": "2"}, query={"a": "1"})
    tries = [
        called({"a": 1}, secret="other"),
        Inbound(good.body + b" ", good.headers, NOW, "POST", good.query),
        Inbound(good.body, good.headers, NOW, "POST", {"a": "2"}),
        Inbound(good.body, {}, NOW, "POST", good.query),
        Inbound(good.body, good.headers, NOW, "GET", good.query),
    ]
    for request in tries:
        with pytest.raises(Unauthentic):
            Esign().receive(settings, request)
    with pytest.raises(Unauthentic):
        Esign().receive({"app_id": "7", "app_secret": ""}, called({"a": 1}, secret=""))


def openapi(asked: Asked) -> Any:
    """Verifies the signature from the request alone, as the platform does."""
    mark = base64.b64encode(hashlib.md5(asked.body).digest()).decode() if asked.body else ""
    signed = f"{asked.method}\n*/*\n{mark}\n{KIND}\n\n{asked.path}"
    wanted = base64.b64encode(hmac.digest(b"s3cret", signed.encode(), "sha256")).decode()
    if asked.headers.get("x-tsign-open-ca-signature") != wanted or asked.headers.get("content-md5", "") != mark:
        return Said({"code": 401, "message": "INVALID_SIGNATURE"})
    if asked.path == "/v3/files/create-by-doc-template":
        return {"code": 0, "data": {"fileId": "file1"}}
    if asked.path == "/v3/sign-flow/create-by-file":
        return {"code": 0, "message": "成功", "data": {"signFlowId": "flow1"}}
    if asked.path.endswith("/detail"):
        return {"code": 0, "data": {"signFlowStatus": 2}}
    return {"code": 0, "data": None}


def test_a_contract_is_sent_to_both_asked_about_and_withdrawn() -> None:
    with listening(openapi) as peer:
        settings = {
            "app_id": "7",
            "app_secret": "s3cret",
            "notify": "https://crm.example.com/hooks/esign",
            "url": peer.url,
            "timeout": 5,
            **OWN,
        }

        def do(operation: str, **given: Any) -> Any:
            return Esign().call(settings, {"operation": operation, "json": given}, "k")["body"]

        made = do("create", title="设备采购合同", template="t1", fields={"金额": 480000}, signers=SIGNERS)
        assert made == {"flow": "flow1", "file_id": "file1"}
        sent = peer.asked[-1].json
        assert [one["orgSignerInfo"]["orgName"] for one in sent["signers"]] == ["锐视科技", "明湖眼科"]
        assert sent["signFlowConfig"]["notifyUrl"] == settings["notify"] and sent["docs"] == [{"fileId": "file1"}]
        assert do("status", flow="flow1") == {"state": "done", "both_signed": True}
        assert do("withdraw", flow="flow1", reason="改价") == {"state": "withdrawn"}
        with pytest.raises(Undone) as error:
            Esign().call({**settings, "app_secret": "other"}, {"operation": "status", "json": {"flow": "flow1"}}, "k")
        assert error.value.final and "INVALID_SIGNATURE" in error.value.problems[0].what()


def test_the_signature_of_fadada_is_that_of_its_sdk() -> None:
    # The value the vendor's own SDK gives for these parameters, as a public test of another client has it.
    given = {
        "X-FASC-App-Id": "app-id", "X-FASC-Sign-Type": "HMAC-SHA256", "X-FASC-Timestamp": "1660000000123",
        "X-FASC-Nonce": "0123456789abcdef0123456789abcdef", "X-FASC-Api-SubVersion": "5.1", "X-FASC-AccessToken": "token",
        "bizContent": "Alice",
    }  # fmt: skip
    assert (
        signature(given, "1660000000123", "app-secret")
        == "37e2dd3277c7fd3618257b09a7cde544f7d07208fb2791666738236dd3aeabde"
    )


class Fasc:
    """FASC as documented: every header is signed, tokens end with 401."""

    def __init__(self) -> None:
        self.token = 0

    def __call__(self, asked: Asked) -> Any:
        names = (
            "X-FASC-App-Id",
            "X-FASC-Sign-Type",
            "X-FASC-Timestamp",
            "X-FASC-Nonce",
            "X-FASC-Api-SubVersion",
            "X-FASC-AccessToken",
            "X-FASC-Grant-Type",
        )
        given = {name: asked.headers.get(name.lower(), "") for name in names}
        given["bizContent"] = (parse_qs(asked.body.decode()).get("bizContent") or [""])[0]
        if asked.headers["x-fasc-sign"] != signature(given, given["X-FASC-Timestamp"], "s3cret"):
            return {"code": "100001", "msg": "签名错误"}
        if asked.path == "/service/get-access-token":
            self.token += 1
            return {"code": "100000", "data": {"accessToken": f"t{self.token}", "expiresIn": "7200"}}
        if given["X-FASC-AccessToken"] != f"t{self.token}":
            return Said({"code": "100002", "msg": "accessToken无效"}, 401)
        if asked.path == "/sign-task/create-with-template":
            self.sent = json.loads(given["bizContent"])
            return {"code": "100000", "data": {"signTaskId": "task1"}}
        return {"code": "100000", "data": {"signTaskStatus": "sign_progress"}}


def test_fadada_begins_a_contract_and_fetches_a_new_token_when_the_old_one_ended() -> None:
    service = Fasc()
    with listening(service) as peer:
        settings = {"app_id": "8", "app_secret": "s3cret", "initiator": "corp1", "url": peer.url, "timeout": 5, **OWN}
        connector = Fadada()
        given = {"title": "设备采购合同", "template": "t1", "signers": SIGNERS}
        for _ in range(2):
            assert connector.call(settings, {"operation": "create", "json": given}, "run:1:0")["body"] == {
                "flow": "task1"
            }
            service.token += 1
        assert service.sent["signTaskSubject"] == "设备采购合同" and len(service.sent["actors"]) == 2
        assert connector.call(settings, {"operation": "status", "json": {"flow": "task1"}}, "k")["body"] == {
            "state": "signing",
            "both_signed": False,
        }
        with pytest.raises(Undone) as error:
            Fadada().probe({**settings, "app_secret": "other"})
        assert error.value.final and "签名错误" in error.value.problems[0].what()


def fasc(event: str, content: Any, secret: str = "s3cret", now: dt.datetime = NOW) -> Inbound:
    stamp = str(int(now.timestamp() * 1000))
    headers = {
        "X-FASC-App-Id": "8",
        "X-FASC-Sign-Type": "HMAC-SHA256",
        "X-FASC-Timestamp": stamp,
        "X-FASC-Nonce": "n" * 32,
        "X-FASC-Event": event,
    }
    text = json.dumps(content, ensure_ascii=False)
    headers["X-FASC-Sign"] = signature({**headers, "bizContent": text}, stamp, secret)
    return Inbound(
        urlencode({"bizContent": text}).encode(), {name.lower(): value for name, value in headers.items()}, NOW
    )


def test_callbacks_of_fadada_are_believed_by_their_signature_and_time() -> None:
    settings = {"app_id": "8", "app_secret": "s3cret"}
    for event, state, both in (
        ("sign-task-signed", "signing", False),
        ("sign-task-finished", "done", True),
        ("sign-task-sign-rejected", "refused", False),
    ):
        (found,) = Fadada().receive(settings, fasc(event, {"signTaskId": "task1", "actorId": "甲方"})).deliveries
        assert (found.content["state"], found.content["both_signed"], found.content["flow"]) == (state, both, "task1")
    late = NOW - dt.timedelta(minutes=6)
    for bad in (
        fasc("sign-task-finished", {"signTaskId": "t"}, "other"),
        fasc("sign-task-finished", {"signTaskId": "t"}, now=late),
    ):
        with pytest.raises(Unauthentic):
            Fadada().receive(settings, bad)


DOCUMENT = """\
kind: entity
name: contract
label: {zh: 合同, en: Contract}
fields:
  flow: {type: text, label: {zh: 签署编号, en: Flow}, unique: true}
  signed_by_both: {type: yes_no, label: {zh: 双方已签, en: Signed by both}, default: false}
---
kind: connection
name: esign
connector: esign
settings: {app_id: "7", app_secret: "=secret.ESIGN_SECRET"}
into: contract
if: both_signed
map: {flow: flow}
set: {signed_by_both: true}
match_on: [flow]
"""


def test_m32_only_when_both_have_signed_the_contract_says_so(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    one, whole = documented()["bodies"]
    monkeypatch.setenv("ESIGN_SECRET", "s3cret")
    (company.folder / "custom/esign.yaml").write_text(DOCUMENT, "utf-8")
    company.engine.revisions.publish("esign")
    made = company.engine.create(SYSTEM, "contract", {"flow": whole["signFlowId"]}).record
    client = create_app(company.engine).test_client()
    for content, signed in (({**one, "signFlowId": whole["signFlowId"]}, False), (whole, True), (whole, True)):
        request = called(content)
        answer = client.post(
            "/hooks/esign", data=request.body, headers={**request.headers, "Content-Type": "application/json"}
        )
        assert answer.status_code == 200 and answer.json == {"code": "200", "msg": "success"}
        assert company.engine.get(SYSTEM, "contract", made.id)["signed_by_both"] is signed

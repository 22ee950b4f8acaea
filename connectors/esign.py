"""Contracts signed by e签宝 (eSign). Floor: 5."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from connectors.asking import PATIENCE, REACH, Cloud, Codes, ask, compact, need, operation, secret, text
from engine.plugins.slots import Delivery, Inbound, Received, Reply, Unauthentic

ROOT = "https://openapi.esign.cn"
KIND = "application/json; charset=UTF-8"
#: Source: e签宝 开放平台, 错误码 (频率限制 1437…, 系统繁忙).
CODES = Codes("e签宝", "code", "message", later={-1: None, 429: PATIENCE, 1435008: PATIENCE})
#: Source: e签宝, 签署流程状态. What the words of ``state`` are made of.
STATES: Mapping[str, str] = {
    "0": "draft", "1": "signing", "2": "done", "3": "withdrawn", "4": "ended", "5": "expired", "6": "deleted", "7": "refused",
}  # fmt: skip


class Esign(Cloud):
    """e签宝. The operation `create` begins a contract (`title`, `file_id` or `template` with `fields`, and `signers`: each with an
    `organization` or a `name` and a `phone`) and gives its `flow`; `status` says how it stands; `withdraw` ends it. Callbacks come in
    at `/hooks/<connection>`: `flow`, `state` (signing, done, refused, withdrawn, expired) and `both_signed`, which is true only when
    all have signed: one signature alone is not."""

    name = "esign"
    title: ClassVar[Mapping[str, str]] = {"zh": "e签宝", "en": "eSign"}
    offers = frozenset({"call", "receive"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "app_id": text("应用 ID", "App id", format="value"),
            "app_secret": secret("应用 Secret", "App secret"),
            "notify": text("回调地址", "Address for callbacks", format="value"),
            **REACH,
        },
        "required": ["app_id", "app_secret"],
        "additionalProperties": False,
    }
    operations = {
        "create": operation("发起签署", "Create", "title signers", result="flow", file_id={}, template={}, fields={}),
        "status": operation("查询状态", "Status", "flow", result="state, both_signed", effect="none"),
        "withdraw": operation("撤销", "Withdraw", "flow", reason={}),
    }
    example = """\
kind: connection
name: esign
connector: esign
settings: {app_id: "7438", app_secret: "=secret.ESIGN_SECRET", notify: "https://crm.example.com/hooks/esign"}
"""

    def do_create(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``flow`` of the contract that was sent to its signers. Source: e签宝, 基于文件发起签署 (create-by-file)."""
        file = str(given.get("file_id") or "")
        if not file:
            template, _ = need(given, self.name, "template", "title")
            components = [
                {"componentKey": str(name), "componentValue": str(each)}
                for name, each in (given.get("fields") or {}).items()
            ]
            asked = {"docTemplateId": template, "fileName": f"{given['title']}.pdf", "components": components}
            file = str(self._asked(settings, "POST", "/v3/files/create-by-doc-template", asked).get("fileId"))
        config: dict[str, Any] = {"signFlowTitle": str(given["title"]), "autoStart": True, "autoFinish": True}
        if settings.get("notify"):
            config["notifyUrl"] = str(settings["notify"])
        sent = {
            "docs": [{"fileId": file}],
            "signFlowConfig": config,
            "signers": [_signer(one, file, number) for number, one in enumerate(given["signers"], 1)],
        }
        return {
            "flow": self._asked(settings, "POST", "/v3/sign-flow/create-by-file", sent).get("signFlowId"),
            "file_id": file,
        }

    def do_status(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``state`` and ``both_signed``."""
        found = self._asked(settings, "GET", f"/v3/sign-flow/{quote(str(given['flow']), safe='')}/detail", None)
        state = STATES.get(str(found.get("signFlowStatus")), "signing")
        return {"state": state, "both_signed": state == "done"}

    def do_withdraw(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """Nobody can sign it any more."""
        path = f"/v3/sign-flow/{quote(str(given['flow']), safe='')}/revoke"
        self._asked(settings, "POST", path, {"revokeReason": str(given.get("reason") or "")[:50]})
        return {"state": "withdrawn"}

    def receive(self, settings: Mapping[str, Any], request: Inbound) -> Received:
        """One step of a contract. The same step is one delivery, however often and through however many addresses it is told."""
        stamp = request.headers.get("x-tsign-open-timestamp", "")
        values = "".join(request.query[name] for name in sorted(request.query))
        signed = (stamp + values).encode("utf-8", "surrogateescape") + request.body
        wanted = hmac.new(str(settings.get("app_secret") or "").encode(), signed, "sha256").hexdigest().encode()
        given = request.headers.get("x-tsign-open-signature", "").lower().encode("utf-8", "replace")
        if request.method != "POST" or not settings.get("app_secret") or not hmac.compare_digest(given, wanted):
            raise Unauthentic("the signature is wrong")
        content = self.read(request.body, "application/json")
        reply = Reply(b'{"code":"200","msg":"success"}', kind="application/json")
        if not isinstance(content, Mapping) or not content.get("signFlowId"):
            return Received((), reply)
        done = content.get("action") == "SIGN_FLOW_COMPLETE"
        state = STATES.get(str(content.get("signFlowStatus")), "signing") if done else "signing"
        told = {**content, "flow": content["signFlowId"], "state": state, "both_signed": state == "done"}
        signer = (content.get("operator") or {}).get("psnId") or ""
        marks = (
            content.get("action"),
            content["signFlowId"],
            content.get("signOrder"),
            signer,
            content.get("signResult"),
            state,
        )
        key = ":".join(str(each or "") for each in marks)[:256]
        return Received((Delivery(key, told, json.dumps(told, ensure_ascii=False).encode()),), reply)

    def _asked(self, settings: Mapping[str, Any], method: str, path: str, content: Any) -> Mapping[str, Any]:
        id, mark = need(settings, self.name, "app_id", "app_secret")
        body = b"" if content is None else compact(content)
        headers = signed_headers(id, mark, method, path, body, int(time.time() * 1000))
        root = str(settings.get("url") or ROOT).rstrip("/")
        answer = CODES.check(ask(settings, method, f"{root}{path}", body or None, headers))
        found = answer.get("data")
        return found if isinstance(found, Mapping) else {}


def signed_headers(id: str, secret: str, method: str, path: str, body: bytes, now: int) -> dict[str, str]:
    """The headers of a request. Source: e签宝, 请求签名鉴权方式: HMAC-SHA256 in base64 over method, Accept, Content-MD5, Content-Type, Date
    (empty) and path, each on its line."""
    mark = base64.b64encode(hashlib.md5(body).digest()).decode() if body else ""
    signed = "\n".join((method, "*/*", mark, KIND, "", path))
    return {
        "Accept": "*/*",
        "Content-Type": KIND,
        **({"Content-MD5": mark} if mark else {}),
        "X-Tsign-Open-App-Id": id,
        "X-Tsign-Open-Auth-Mode": "Signature",
        "X-Tsign-Open-Ca-Timestamp": str(now),
        "X-Tsign-Open-Ca-Signature": base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha256")).decode(),
    }


def _signer(one: Mapping[str, Any], file: str, number: int) -> dict[str, Any]:
    person = {"psnAccount": str(one.get("phone") or ""), "psnInfo": {"psnName": str(one.get("name") or "")}}
    field = {"fileId": file, "normalSignFieldConfig": {"freeMode": True}}
    found: dict[str, Any] = {"signConfig": {"signOrder": int(one.get("order") or number)}, "signFields": [field]}
    if one.get("organization"):
        return {
            **found,
            "signerType": 1,
            "orgSignerInfo": {"orgName": str(one["organization"]), "transactorInfo": person},
        }
    return {**found, "signerType": 0, "psnSignerInfo": person}

"""Text messages by Alibaba Cloud or Tencent Cloud. Floor: 5."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, ClassVar

from connectors.asking import REACH, Cloud, need, operation, secret, text
from connectors.vendors import aliyun, filled, refused, tencent
from engine.errors import Problem
from engine.plugins.slots import Delivery, Inbound, Received, Reply, Unauthentic, Undone


class Sms(Cloud):
    """Sends text messages: `vendor` is aliyun or tencent, `key` and `secret` those of the account, `signature` the approved 签名,
    `template` the approved template. `send` and `tell` put their text into the template's parameter `word` (content unless said); the
    operation `message` gives any `template` and `parameters`. Receipts and answers of customers come in at
    `/hooks/<connection>?token=…` where `callback_token` is set, for Alibaba Cloud does not sign them."""

    name = "sms"
    title: ClassVar[Mapping[str, str]] = {"zh": "短信(阿里云 / 腾讯云)", "en": "Text messages"}
    offers = frozenset({"call", "tell", "send", "receive"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "vendor": {"title": "服务商", "x-en": {"title": "Vendor"}, "type": "string", "enum": ["aliyun", "tencent"]},
            "key": text("AccessKeyId / SecretId", "Key id", format="value"),
            "secret": secret("AccessKeySecret / SecretKey", "Secret"),
            "signature": text("短信签名", "Signature"),
            "template": text("模板", "Template"),
            "word": text("模板里放正文的变量", "The template's parameter for the text", default="content"),
            "application": text("SdkAppId(腾讯云)", "Application id (Tencent)", format="value"),
            "region": text("地域", "Region", default="ap-guangzhou"),
            "callback_token": secret("回执地址里的 token", "Token in the address of receipts"),
            **REACH,
        },
        "required": ["vendor", "key", "secret", "signature"],
        "additionalProperties": False,
    }
    operations = {
        "message": operation("发短信", "Message", "to parameters", result="id", template={}, signature={}),
    }
    example = """\
kind: connection
name: sms
connector: sms
settings: {vendor: aliyun, key: LTAI1234, secret: "=secret.SMS_SECRET", signature: 锐视科技, template: SMS_1234}
"""

    def send(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """``id`` of the message to a customer's number."""
        word = str(settings.get("word") or "content")
        given = {
            "to": message.get("to"),
            "parameters": {word: str(message.get("text") or message.get("subject") or "")},
        }
        return self.do_message(settings, given, key)

    def tell(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """The same to one of the company's own people."""
        phone = (message.get("to") or {}).get("phone")
        if not phone:
            raise Undone(Problem("R120"), final=True)
        words = " ".join(str(message[name]) for name in ("title", "text") if message.get(name))
        return self.send(settings, {"to": phone, "text": words}, key)

    def do_message(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``id`` the vendor knows the message by; receipts name it."""
        vendor = need(settings, self.name, "vendor")[0]
        template = str(given.get("template") or need(settings, self.name, "template")[0])
        signature = str(given.get("signature") or settings["signature"])
        number = str(given["to"])
        # What is sent twice is told apart in the vendor's records: they know no key that would stop a second message.
        mark = hashlib.sha256(key.encode()).hexdigest()[:32]
        if vendor == "aliyun":
            query = {
                "PhoneNumbers": number.removeprefix("+86") if number.startswith("+86") else number.removeprefix("+"),
                "SignName": signature,
                "TemplateCode": template,
                "TemplateParam": filled(given["parameters"]),
                "OutId": mark,
            }
            answer = aliyun(settings, self.name, "dysmsapi.aliyuncs.com", "SendSms", "2017-05-25", query)
            return {"id": answer.get("BizId")}
        return self._tencent(settings, number, signature, template, given["parameters"], mark)

    def _tencent(
        self, settings: Mapping[str, Any], number: str, signature: str, template: str, parameters: Any, mark: str
    ) -> Any:
        values = parameters.values() if isinstance(parameters, Mapping) else parameters or ()
        content = {
            "PhoneNumberSet": [number if number.startswith("+") else f"+86{number}"],
            "SmsSdkAppId": need(settings, self.name, "application")[0],
            "SignName": signature,
            "TemplateId": template,
            "TemplateParamSet": [str(each) for each in values],
            "SessionContext": mark,
        }
        found = tencent(settings, self.name, "sms", "SendSms", "2021-01-11", content)
        one: Mapping[str, Any] = next(iter(found.get("SendStatusSet") or ()), {})
        if one.get("Code") != "Ok":
            raise refused(str(one.get("Code")), str(one.get("Message") or ""))
        return {"id": one.get("SerialNo")}

    def receive(self, settings: Mapping[str, Any], request: Inbound) -> Received:
        """Receipts and answers of customers, one delivery each. Source: 阿里云, SmsReport 和 SmsUp; 腾讯云, 短信状态通知."""
        wanted, given = str(settings.get("callback_token") or ""), request.query.get("token", "")
        if request.method != "POST" or not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
            raise Unauthentic("no or another token")
        content = self.read(request.body, "application/json")
        found = [
            _kept(one) for one in (content if isinstance(content, list) else [content]) if isinstance(one, Mapping)
        ]
        good = b'{"code":0,"msg":"OK"}' if settings.get("vendor") == "aliyun" else b'{"result":0,"errmsg":"OK"}'
        return Received(found, Reply(good, kind="application/json"))


def _kept(one: Mapping[str, Any]) -> Delivery:
    import orjson

    body = orjson.dumps(one)
    key = "".join(
        str(one.get(name) or "") for name in ("sequence_id", "biz_id", "sid", "phone_number", "mobile", "send_time")
    )
    return Delivery((key or hashlib.sha256(body).hexdigest())[:256], one, body)

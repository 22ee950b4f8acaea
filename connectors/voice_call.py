"""Telephone calls that say something, by Alibaba Cloud's voice service. Floor: 5."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar

from connectors.asking import REACH, Cloud, need, operation, secret, text
from connectors.vendors import aliyun, filled
from engine.errors import Problem
from engine.plugins.slots import Undone


class VoiceCall(Cloud):
    """Calls somebody and reads a text aloud, for what must not be overlooked. `template` is an approved TTS template, its parameter
    `word` (content unless said) takes the text; `from` the number that is shown."""

    name = "voice_call"
    title: ClassVar[Mapping[str, str]] = {"zh": "语音电话(阿里云)", "en": "Voice calls"}
    offers = frozenset({"call", "tell"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "key": text("AccessKeyId", "Key id", format="value"),
            "secret": secret("AccessKeySecret", "Secret"),
            "from": text("主叫显示号码", "Number shown"),
            "template": text("语音模板", "Template"),
            "word": text("模板里放正文的变量", "The template's parameter for the text", default="content"),
            **REACH,
        },
        "required": ["key", "secret", "template"],
        "additionalProperties": False,
    }
    operations = {"say": operation("打电话播报", "Say", "to parameters", result="id", template={})}
    example = """\
kind: connection
name: phone
connector: voice_call
settings: {key: LTAI1234, secret: "=secret.VOICE_SECRET", template: TTS_1234}
"""

    def tell(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """A call to one of the company's own people; ``id``."""
        phone = (message.get("to") or {}).get("phone")
        if not phone:
            raise Undone(Problem("R120"), final=True)
        words = ",".join(str(message[name]) for name in ("title", "text") if message.get(name))
        given = {"to": phone, "parameters": {str(settings.get("word") or "content"): words}}
        return self.do_say(settings, given, key)

    def do_say(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``id`` of the call the vendor has begun. Source: 阿里云 语音服务, SingleCallByTts."""
        query = {
            "CalledNumber": str(given["to"]).removeprefix("+86"),
            "TtsCode": str(given.get("template") or need(settings, self.name, "template")[0]),
            "TtsParam": filled(given["parameters"]),
            "OutId": hashlib.sha256(key.encode()).hexdigest()[:15],
            **({"CalledShowNumber": str(settings["from"])} if settings.get("from") else {}),
        }
        answer = aliyun(settings, self.name, "dyvmsapi.aliyuncs.com", "SingleCallByTts", "2017-05-25", query)
        return {"id": answer.get("CallId")}

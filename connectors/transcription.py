"""Recordings become text, by Tencent Cloud's recognition of recorded files. Floor: 5."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from connectors.asking import REACH, Cloud, operation, secret, text
from connectors.vendors import refused, tencent
from engine.errors import Problem
from engine.plugins.slots import Undone

VERSION = "2019-06-14"
#: Seconds until a task that is not done is asked about again.
SOON = 20.0
MARK = re.compile(r"^\[[\d:.,\s]+\]\s*", re.MULTILINE)


class Transcription(Cloud):
    """Turns the recording of a call into text. The operation `start` takes the `url` of a recording and gives a `task`; `result`
    takes the task and gives its `text`, and is asked again by itself until there is one. Only the address of the recording is
    sent; the vendor fetches it. Without such an account the text of a call comes in by the connector `calls` or by a form."""

    name = "transcription"
    title: ClassVar[Mapping[str, str]] = {"zh": "录音转文字(腾讯云)", "en": "Transcription"}
    offers = frozenset({"call"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "key": text("SecretId", "Key id", format="value"),
            "secret": secret("SecretKey", "Secret"),
            "model": text("识别引擎", "Engine", default="8k_zh"),
            "region": text("地域", "Region", default="ap-guangzhou"),
            **REACH,
        },
        "required": ["key", "secret"],
        "additionalProperties": False,
    }
    operations = {
        "start": operation("开始识别", "Start", "url", result="task"),
        "result": operation("取识别结果", "Result", "task", result="text", effect="none"),
    }
    example = """\
kind: connection
name: recordings
connector: transcription
settings: {key: AKID1234, secret: "=secret.ASR_SECRET"}
"""

    def do_start(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``task``. Source: 腾讯云, 录音文件识别 CreateRecTask."""
        content = {
            "EngineModelType": str(settings.get("model") or "8k_zh"),
            "ChannelNum": 1,
            "ResTextFormat": 0,
            "SourceType": 0,
            "Url": str(given["url"]),
        }
        found = tencent(settings, self.name, "asr", "CreateRecTask", VERSION, content)
        return {"task": (found.get("Data") or {}).get("TaskId")}

    def do_result(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``text`` without its time marks. Raises Undone, not final, while it is being worked on."""
        found = tencent(settings, self.name, "asr", "DescribeTaskStatus", VERSION, {"TaskId": int(given["task"])})
        state = found.get("Data") or {}
        if state.get("Status") == 2:
            return {"text": MARK.sub("", str(state.get("Result") or "")).strip()}
        if state.get("Status") == 3:
            raise refused("failed", str(state.get("ErrorMsg") or ""))
        about = {"who": "腾讯云", "code": state.get("StatusStr"), "message": "…"}
        raise Undone(Problem("R170", parameters=about), after=SOON)

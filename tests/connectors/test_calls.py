"""Calls of any call centre: what was said becomes one text, however it comes (M6, M74)."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from connectors.calls import Calls
from engine.facts import SYSTEM
from studio.app import create_app
from tests.company import Company

SHAPES: list[tuple[Any, Any]] = [
    ({"transcript": "你好"}, "你好"),
    ({"transcript": [{"text": "你好", "speaker": "A"}, {"text": "报价"}]}, "A:你好\n报价"),
    ({"sentences": [{"content": "你好", "role": "客户"}]}, "客户:你好"),
    ({"segments": [{"Text": "你好", "SpeakerId": 0}, {"Text": "在的", "SpeakerId": 1}]}, "0:你好\n1:在的"),
    ({"turns": ["你好", {"text": ""}, 7, "再见"]}, "你好\n再见"),
    ({"seconds": 30}, None),
]


@pytest.mark.parametrize(("record", "said"), SHAPES)
def test_what_was_said_is_one_text(record: dict[str, Any], said: str | None) -> None:
    found = Calls().read(json.dumps(record).encode(), "application/json")
    assert found.get("transcript") == said and Calls().read(json.dumps(found).encode(), "application/json") == found


DOCUMENT = """\
kind: connection
name: hotline
connector: calls
settings: {secret: "=secret.HOTLINE", verify: hmac, header: X-Signature, id: call_id, happened_at: started_at}
into: lead
if: "answered and mentioned(transcript, ['报价', '价格', '合作', '采购']) is not None"
map:
  company: "=company or name_in(transcript) or caller"
  contact: "=name_in(transcript)"
  phone: "=caller or phone_in(transcript)"
  main_problem: transcript
set: {source: phone}
match_on: [phone]
"""


def test_m06_a_call_that_asks_for_a_price_becomes_a_lead(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.api import Look

    monkeypatch.setenv("HOTLINE", "s3cret")
    Path(company.folder / "custom/hotline.yaml").write_text(DOCUMENT, "utf-8")
    problems = [problem.text() for problem in company.engine.revisions.folder_problems()]
    assert not problems, problems
    company.engine.revisions.publish("calls")
    client = create_app(company.engine).test_client()

    def ring(id: str, words: list[dict[str, str]], **more: Any) -> Any:
        record = {
            "call_id": id,
            "caller": "13800138000",
            "answered": True,
            "started_at": "2026-01-05T08:59:00+08:00",
            "company": None,
            "sentences": words,
            **more,
        }
        body = json.dumps(record).encode()
        mark = hmac.new(b"s3cret", body, "sha256").hexdigest()
        return client.post(
            "/hooks/hotline", data=body, headers={"Content-Type": "application/json", "X-Signature": mark}
        )

    said = [{"role": "坐席", "text": "您好"}, {"role": "客户", "text": "我是明湖眼科的陈医生,想问裂隙灯的价格"}]
    assert ring("1", said).status_code == 200
    assert ring("2", [{"role": "客户", "text": "打错了"}]).json["action"] == "received"
    assert ring("3", said, answered=False).json["action"] == "received"
    (lead,) = company.engine.list(SYSTEM, "lead", Look(limit=10)).items
    assert (lead.values["contact"], lead.values["source"]) == ("陈医生", "phone")
    assert "裂隙灯的价格" in str(lead.values["main_problem"])

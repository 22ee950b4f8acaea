"""Every connector that has an address among its settings, against the corpus of addresses that lead inside (fault 78)."""

from __future__ import annotations

import ipaddress
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from connectors import network
from connectors.network import refused
from engine.errors import FlowloomError
from engine.plugins.registry import Registry
from engine.plugins.slots import Connector
from tests.corpora.tally import note

CORPUS = Path(__file__).parents[2].parent / "shared/data/attacks/ssrf-and-redirect-url.json"
MESSAGE = {"title": "t", "text": "x", "to": {"login": "li", "phone": "13800138000", "email": "a@b.cn"}}
KEYS = {
    "corp_id": "c", "agent_id": "1", "secret": "s", "app_key": "k", "app_secret": "s", "app_id": "i", "app": "a", "table": "t",
    "product": "dingtalk", "vendor": "aliyun", "key": "k", "signature": "s", "template": "t", "account": "a", "user": "u",
    "form": "F", "path": "/x", "items": "a", "id": "b", "access_token": "t", "model": "m", "fallback": False, "initiator": "i",
    "application": "1", "timeout": 1, "map": {"capital": "a"},
}  # fmt: skip
#: connector -> (the setting that is an address, what makes it ask).
ASKS: dict[str, tuple[str, Any]] = {
    "http": ("url", lambda c, s: c.call(s, {"method": "GET"}, "k")),
    "feed": ("url", lambda c, s: list(c.poll(s, None))),
    "webhook_out": ("url", lambda c, s: c.call(s, {"json": {}}, "k")),
    "wecom": ("url", lambda c, s: c.tell(s, MESSAGE, "k")),
    "dingtalk": ("url", lambda c, s: c.tell(s, MESSAGE, "k")),
    "feishu": ("url", lambda c, s: c.tell(s, MESSAGE, "k")),
    "feishu_bitable": ("url", lambda c, s: list(c.poll(s, None))),
    "group_robot": ("address", lambda c, s: c.tell(s, MESSAGE, "k")),
    "sms": ("url", lambda c, s: c.tell(s, MESSAGE, "k")),
    "voice_call": ("url", lambda c, s: c.tell(s, MESSAGE, "k")),
    "transcription": ("url", lambda c, s: c.call(s, {"operation": "start", "json": {"url": "x"}}, "k")),
    "esign": ("url", lambda c, s: c.call(s, {"operation": "status", "json": {"flow": "f"}}, "k")),
    "fadada": ("url", lambda c, s: c.call(s, {"operation": "status", "json": {"flow": "f"}}, "k")),
    "kingdee": ("url", lambda c, s: list(c.poll(s, None))),
    "yonyou": ("url", lambda c, s: list(c.poll(s, None))),
    "company_registry": ("url", lambda c, s: c.call(s, {"operation": "find", "json": {"uscc": "x"}}, "k")),
    "rss": ("url", lambda c, s: list(c.poll(s, None))),
    "jd": ("url", lambda c, s: list(c.poll(s, None))),
    "openai_compatible": ("url", lambda c, s: c.call(s, {"operation": "summarize", "json": {"text": "x"}}, "k")),
}


def test_every_connector_with_an_address_is_tried_here() -> None:
    found = {
        one.name
        for one in Registry.discover(entry_points=False).all(Connector)
        if {"url", "address"} & set(one.params.get("properties", {}))
    }
    assert found == set(ASKS)


def test_fault_078_no_address_of_the_corpus_leads_any_connector_inside(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not CORPUS.is_file():
        pytest.skip("the attack corpus is not here: ../shared/data/attacks")
    reached: list[str] = []
    resolve = socket.getaddrinfo

    def names(host: str, port: Any, *_: Any, **more: Any) -> Any:
        """Numbers as the system reads them; names of the corpus that are known to lead home do, all others lead outside."""
        try:
            return resolve(host, port, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            home = any(
                word in str(host).lower()
                for word in ("local", "nip.io", "xip.io", "127", "spoofed", "internal", "vcap", "lvh")
            )
            where = "127.0.0.1" if home else "93.184.216.34"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, port))]

    class Nowhere(socket.socket):
        def connect(self, where: Any) -> None:
            reached.append(where[0])
            raise ConnectionRefusedError("a test goes nowhere")

    monkeypatch.setattr(network.socket, "getaddrinfo", names)
    monkeypatch.setattr(network.socket, "socket", Nowhere)
    registry = Registry.discover(entry_points=False)
    payloads = [one["payload"] for one in json.loads(CORPUS.read_text("utf-8"))]
    codes: dict[str, int] = {}
    for name, (setting, work) in ASKS.items():
        connector = registry.get(Connector, name)
        for payload in payloads:
            settings = {**KEYS, setting: payload}
            if name == "http":
                settings = {"url": payload, "timeout": 1}
            with pytest.raises(FlowloomError) as error:
                work(connector, settings)
            code = error.value.problems[0].code
            codes[code] = codes.get(code, 0) + 1
            assert "169.254.169.254" not in error.value.problems[0].what() or code == "R118"
    inside = [where for where in reached if refused(ipaddress.ip_address(where.partition("%")[0]), ())]
    tried = len(payloads) * len(ASKS)
    with capsys.disabled():
        print(
            f"\nssrf: {tried} tries ({len(payloads)} addresses, {len(ASKS)} connectors), {codes}, {len(inside)} led inside"
        )
    note("ssrf", f"{len(ASKS)} connectors: address", tried, list(inside))
    assert not inside and sum(codes.values()) == tried and codes.get("R111", 0) > 100

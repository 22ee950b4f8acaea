"""The two clouds that send text messages and make calls for others: Alibaba Cloud and Tencent Cloud. Floor: 5."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from connectors.asking import PATIENCE, Codes, ask, compact, need
from connectors.http import parts_of
from connectors.signing import acs3, acs_query, tc3
from engine.clock import SystemClock
from engine.errors import Problem
from engine.plugins.slots import Undone

#: Source: 阿里云 短信服务、语音服务 API 错误码.
ALIYUN = Codes(
    "阿里云", "Code", "Message", good="OK",
    later={"isv.BUSINESS_LIMIT_CONTROL": PATIENCE, "Throttling.User": PATIENCE, "Throttling": PATIENCE, "isp.SYSTEM_ERROR": None,
           "isp.RAM_PERMISSION_DENY": None, "ServiceUnavailable": None, "InternalError": None},
)  # fmt: skip
#: Source: 腾讯云 API 3.0 公共错误码.
TENCENT_LATER: Mapping[str, float | None] = {
    "RequestLimitExceeded": PATIENCE, "InternalError": None, "InternalError.Timeout": None, "LimitExceeded.PhoneNumberThirtySecondLimit": 30.0,
    "LimitExceeded.DeliveryFrequencyLimit": PATIENCE, "ResourceUnavailable": None,
}  # fmt: skip


def aliyun(
    settings: Mapping[str, Any], connector: str, host: str, action: str, version: str, query: Mapping[str, str]
) -> Mapping[str, Any]:
    """The answer of an RPC action whose ``Code`` is OK. Raises Undone."""
    key, secret = need(settings, connector, "key", "secret")
    root = str(settings.get("url") or f"https://{host}").rstrip("/")
    headers = acs3(
        key,
        secret,
        "POST",
        parts_of(root).netloc,
        action,
        version,
        query,
        b"",
        SystemClock().now(),
        secrets.token_hex(16),
    )
    answer = ask(
        settings, "POST", f"{root}/?{acs_query(query)}", b"", {k: v for k, v in headers.items() if k != "host"}
    )
    return ALIYUN.check(answer)


def tencent(
    settings: Mapping[str, Any], connector: str, service: str, action: str, version: str, content: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The ``Response`` of an action, when it has no ``Error``. Raises Undone."""
    key, secret = need(settings, connector, "key", "secret")
    root = str(settings.get("url") or f"https://{service}.tencentcloudapi.com").rstrip("/")
    body = compact(content)
    region = str(settings.get("region") or "ap-guangzhou")
    headers = tc3(key, secret, service, parts_of(root).netloc, action, version, region, body, SystemClock().now())
    answer = ask(settings, "POST", f"{root}/", body, headers)
    found = answer.get("Response") if isinstance(answer, Mapping) else None
    if not isinstance(found, Mapping):
        raise Undone(Problem("R113", parameters={"status": 200, "answer": str(answer)[:200]}))
    if found.get("Error"):
        raise refused(str(found["Error"].get("Code")), str(found["Error"].get("Message") or ""))
    return found


def refused(code: str, message: str) -> Undone:
    """What Tencent Cloud refused."""
    about = {"who": "腾讯云", "code": code, "message": message[:200]}
    return Undone(Problem("R170", parameters=about), final=code not in TENCENT_LATER, after=TENCENT_LATER.get(code))


def filled(given: Any) -> str:
    """The parameters of a vendor's template as JSON text."""
    return json.dumps(given or {}, ensure_ascii=False, separators=(",", ":"))

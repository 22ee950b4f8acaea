"""How cloud services want requests signed: Alibaba Cloud V3, Tencent Cloud v3, open platforms with MD5. Floor: 5."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote


def acs3(
    key: str, secret: str, method: str, host: str, action: str, version: str, query: Mapping[str, str], body: bytes,
    now: dt.datetime, nonce: str,
) -> dict[str, str]:  # fmt: skip
    """The headers of a request to Alibaba Cloud, ``Authorization`` among them. Source: 阿里云, V3 版本请求体&签名机制
    (ACS3-HMAC-SHA256)."""
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-acs-date": now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    whole = "\n".join((method, "/", acs_query(query), lines, names, headers["x-acs-content-sha256"]))
    signed = "ACS3-HMAC-SHA256\n" + hashlib.sha256(whole.encode()).hexdigest()
    mark = hmac.new(secret.encode(), signed.encode(), "sha256").hexdigest()
    headers["Authorization"] = f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={names},Signature={mark}"
    return headers


def acs_query(query: Mapping[str, str]) -> str:
    """The query as it is signed and sent: sorted, RFC 3986."""
    return "&".join(f"{quote(name, safe='~')}={quote(query[name], safe='~')}" for name in sorted(query))


def tc3(
    key: str,
    secret: str,
    service: str,
    host: str,
    action: str,
    version: str,
    region: str,
    body: bytes,
    now: dt.datetime,
) -> dict[str, str]:
    """The headers of a POST of JSON to a service (cvm, sms, asr) of Tencent Cloud. Source: 腾讯云, 签名方法 v3 (TC3-HMAC-SHA256)."""
    kind, stamp = "application/json; charset=utf-8", str(int(now.timestamp()))
    day = now.astimezone(dt.UTC).strftime("%Y-%m-%d")
    signed_names = "content-type;host;x-tc-action"
    lines = f"content-type:{kind}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    whole = "\n".join(("POST", "/", "", lines, signed_names, hashlib.sha256(body).hexdigest()))
    scope = f"{day}/{service}/tc3_request"
    signed = "\n".join(("TC3-HMAC-SHA256", stamp, scope, hashlib.sha256(whole.encode()).hexdigest()))
    mark = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        mark = hmac.digest(mark, part.encode(), "sha256")
    found = hmac.new(mark, signed.encode(), "sha256").hexdigest()
    return {
        "Authorization": f"TC3-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={signed_names}, Signature={found}",
        "Content-Type": kind,
        "X-TC-Action": action,
        "X-TC-Timestamp": stamp,
        "X-TC-Version": version,
        **({"X-TC-Region": region} if region else {}),
    }


def md5_sign(secret: str, given: Mapping[str, str]) -> str:
    """Upper-case MD5 over the secret, every name and value by name, and the secret again. Source: 淘宝开放平台, API 调用方法
    (sign_method=md5); 京东宙斯, the same."""
    joined = "".join(f"{name}{given[name]}" for name in sorted(given) if given[name])
    return hashlib.md5(f"{secret}{joined}{secret}".encode()).hexdigest().upper()

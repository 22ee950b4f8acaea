"""Any system that speaks HTTP and JSON. Floor: 5."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import SplitResult, quote, quote_plus, urlencode, urljoin, urlsplit

from connectors.network import connect
from connectors.tokens import Tokens
from engine.errors import Problem
from engine.plugins.slots import Connector, Undone, at_path

#: Bytes of an answer that are read at most.
MOST = 1024 * 1024
#: Answers after which another attempt may succeed.
LATER = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524, 529})


class Http(Connector):
    """Calls another system over HTTP: `url` is its address, `headers` go with every request (secrets as `=secret.NAME`). Only public
    addresses are reached, unless `networks` names others; redirections are not followed unless `redirects` says how many. Every
    request carries an `Idempotency-Key` that is the same at every attempt. `oauth2` fetches a token by client credentials and sends it
    along; `sign` puts an HMAC of the body (with `timestamp`, of `timestamp.body`) into a header."""

    name = "http"
    title: ClassVar[Mapping[str, str]] = {"zh": "HTTP 接口", "en": "HTTP"}
    offers = frozenset({"call", "tell"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "url": {"title": "地址", "x-en": {"title": "Address"}, "type": "string", "format": "value"},
            "headers": {
                "title": "请求头",
                "x-en": {"title": "Headers"},
                "type": "object",
                "additionalProperties": {"format": "value"},
            },
            "timeout": {"title": "最多等", "x-en": {"title": "Timeout"}, "format": "duration"},
            "redirects": {
                "title": "跟随几次重定向",
                "x-en": {"title": "Redirections"},
                "type": "integer",
                "minimum": 0,
                "maximum": 5,
            },
            "networks": {
                "title": "允许的内网",
                "x-en": {"title": "Networks"},
                "type": "array",
                "items": {"type": "string"},
                "examples": [["10.0.3.0/24"]],
            },
            "fingerprint": {"title": "证书指纹", "x-en": {"title": "Certificate's SHA-256"}, "type": "string"},
            "success": {
                "title": "怎样算成功",
                "x-en": {"title": "Success"},
                "type": "object",
                "additionalProperties": {"format": "value"},
            },
            "oauth2": {
                "title": "OAuth 2.0(客户端凭据)",
                "description": "token_url、client_id、client_secret;可加 scope、audience,in: header 或 body。",
                "x-en": {
                    "title": "OAuth 2.0, client credentials",
                    "description": "token_url, client_id, client_secret; scope, audience and in (header or body) if wanted.",
                },
                "type": "object",
                "additionalProperties": {"format": "value"},
            },
            "sign": {
                "title": "签名",
                "description": "header、secret;可加 prefix、algorithm、encoding、timestamp(时间戳的请求头)。",
                "x-en": {
                    "title": "Signature",
                    "description": "header and secret; prefix, algorithm, encoding and timestamp (its header) if wanted.",
                },
                "type": "object",
                "additionalProperties": {"format": "value"},
            },
        },
        "required": ["url"],
        "additionalProperties": False,
    }
    example = """\
kind: connection
name: erp
connector: http
settings: {url: "https://erp.example.com/api", headers: {Authorization: "=secret.ERP_TOKEN"}}
"""

    def __init__(self) -> None:
        self._tokens = Tokens()

    def call(self, settings: Mapping[str, Any], request: Mapping[str, Any], key: str) -> Any:
        """``status`` and ``body`` of a good answer. Raises Undone, final where another attempt cannot help."""
        url = address(settings, str(request.get("path") or ""), request.get("query") or {})
        body = None
        headers = {"Accept": "application/json", "User-Agent": "flowloom", "Idempotency-Key": key}
        if "json" in request:
            # In one order, so that every attempt sends the very same bytes.
            body = json.dumps(request["json"], ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
            headers["Content-Type"] = "application/json"
        for name, value in {**(settings.get("headers") or {}), **(request.get("headers") or {})}.items():
            headers[str(name)] = _line(str(name), value)
        if settings.get("sign"):
            headers |= signed(settings["sign"], body or b"", time.time())
        method, token = str(request.get("method") or "POST"), ""
        if settings.get("oauth2"):
            token = self._token(settings)
            headers["Authorization"] = f"Bearer {token}"
        status, kind, content, after = self._follow(settings, method, url, headers, body)
        if status == 401 and token:
            # Taken away at the other side before its time.
            headers["Authorization"] = f"Bearer {self._token(settings, token)}"
            status, kind, content, after = self._follow(settings, method, url, headers, body)
        answer = {"status": status, "body": _read(kind, content)}
        if not 200 <= status < 300:
            shown = {"status": status, "answer": content[:200].decode("utf-8", "replace")}
            raise Undone(Problem("R113", parameters=shown), final=status not in LATER, after=after)
        for path, expected in {**(settings.get("success") or {}), **(request.get("success") or {})}.items():
            actual = at_path(answer["body"], path) if isinstance(answer["body"], dict | list) else None
            if actual != expected:
                shown = {"status": status, "path": path, "expected": expected, "actual": actual}
                raise Undone(Problem("R114", parameters=shown))
        return answer

    def _token(self, settings: Mapping[str, Any], stale: str = "") -> str:
        """An access token. Source: RFC 6749, 4.4. Raises Undone."""
        asked = settings["oauth2"]
        client, secret = str(asked.get("client_id") or ""), str(asked.get("client_secret") or "")
        where = address({"url": asked.get("token_url") or ""}, "", {})

        def fetch() -> tuple[str, float]:
            form = {"grant_type": "client_credentials"}
            form |= {name: str(asked[name]) for name in ("scope", "audience") if asked.get(name)}
            headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
            if asked.get("in") == "body":
                form |= {"client_id": client, "client_secret": secret}
            else:
                # Both are form-encoded before they are joined: RFC 6749, 2.3.1.
                pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
                headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
            status, kind, content, after, _ = exchange(settings, "POST", where, headers, urlencode(form).encode())
            answer = _read(kind, content)
            if status != 200 or not isinstance(answer, dict) or not answer.get("access_token"):
                said = answer.get("error") if isinstance(answer, dict) else ""
                shown = {"status": status, "answer": f"token: {said or ''}"}
                raise Undone(Problem("R113", parameters=shown), final=status not in LATER, after=after)
            return str(answer["access_token"]), float(answer.get("expires_in") or 3600)

        return self._tokens.get((where, client, secret, str(asked.get("scope") or "")), fetch, stale)

    def tell(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """POST the message as it is: ``{title, text, to, about}``."""
        sent = {name: message.get(name) for name in ("title", "text", "to", "about")}
        answer = self.call(settings, {"method": "POST", "path": "", "json": sent}, key)
        return {"status": answer["status"]}

    def _follow(
        self, settings: Mapping[str, Any], method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, str, bytes, float | None]:
        for left in range(int(settings.get("redirects") or 0), -1, -1):
            status, kind, content, after, to = exchange(settings, method, url, headers, body)
            if status not in (301, 302, 303, 307, 308) or not to:
                return status, kind, content, after
            there = urljoin(url, to)
            if not left:
                break
            if urlsplit(there)[:2] != urlsplit(url)[:2]:
                # Secrets are for the system the connection names, not for where it points to.
                headers = {name: value for name, value in headers.items() if name in ("Accept", "User-Agent")}
            if status in (301, 302, 303):
                method, body = "GET", None
            url = there
        host = urlsplit(there).hostname or ""
        raise Undone(Problem("R119", parameters={"where": host}), final=True)


def signed(sign: Mapping[str, Any], body: bytes, now: float) -> dict[str, str]:
    """The headers that prove a body: an HMAC in hex or base64, over ``timestamp.body`` where a header for the time is named."""
    secret, algorithm = str(sign.get("secret") or ""), str(sign.get("algorithm") or "sha256")
    if not secret or algorithm not in ("sha1", "sha256", "sha512"):
        raise Undone(Problem("R173", parameters={"connector": "http", "missing": "sign.secret"}), final=True)
    found: dict[str, str] = {}
    if sign.get("timestamp"):
        found[str(sign["timestamp"])] = str(int(now))
        body = f"{int(now)}.".encode() + body
    mark = hmac.digest(secret.encode(), body, algorithm)
    shown = base64.b64encode(mark).decode() if sign.get("encoding") == "base64" else mark.hex()
    found[str(sign.get("header") or "X-Signature")] = f"{sign.get('prefix') or ''}{shown}"
    return found


def address(settings: Mapping[str, Any], path: str, query: Mapping[str, Any]) -> str:
    """The whole url of a request: always below the connection's own. Raises Undone (R118)."""
    root = str(settings["url"])
    parts = parts_of(root)
    url = root
    if path:
        if (
            "://" in path
            or path.startswith("//")
            or "\\" in path
            or any(ord(each) < 33 for each in path.replace(" ", ""))
        ):
            if not path.startswith(root.rstrip("/") + "/"):
                raise Undone(Problem("R118", parameters={"url": path, "connection": parts.hostname}), final=True)
            path = path[len(root.rstrip("/")) :]
        if any(part in ("..", "%2e%2e", "%2E%2E", ".%2e", "%2e.") for part in path.partition("?")[0].split("/")):
            raise Undone(Problem("R118", parameters={"url": path, "connection": parts.hostname}), final=True)
        head, mark, tail = path.partition("?")
        url = (
            root.rstrip("/")
            + "/"
            + quote(head.lstrip("/"), safe="/%:@!$&'()*+,;=~-._")
            + mark
            + quote(tail, safe="=&%+")
        )
    if query:
        url += ("&" if "?" in url else "?") + urlencode(
            {name: value for name, value in query.items() if value is not None}
        )
    return url


def parts_of(url: str) -> SplitResult:
    """The parts of a web address. Raises Undone (R118) for anything else: another scheme, no host, a name in front of the host."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        good = False
    if not good or any(ord(each) < 33 for each in url):
        raise Undone(Problem("R118", parameters={"url": url[:200], "connection": "http"}), final=True)
    return parts


def exchange(
    settings: Mapping[str, Any], method: str, url: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, str, bytes, float | None, str]:
    """(status, content type, body, seconds of Retry-After, where it redirects to) of one request. Raises Undone."""
    parts = parts_of(url)
    timeout = float(settings.get("timeout") or 10)
    end = time.monotonic() + timeout
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    link = http.client.HTTPConnection(host, port)
    try:
        link.sock = connect(host, port, settings.get("networks") or (), timeout)
        if secure:
            link.sock = _secured(link.sock, host, str(settings.get("fingerprint") or ""))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        link.request(method, target, body, {**headers, "Host": parts.netloc, "Connection": "close"})
        answer = link.getresponse()
        content = _content(answer, link.sock, end)
    except (http.client.HTTPException, OSError) as error:
        reason = f"{parts.hostname}: {str(error) or type(error).__name__}"
        raise Undone(Problem("R112", parameters={"reason": reason})) from error
    finally:
        link.close()
    after = answer.getheader("Retry-After") or ""
    kind = answer.getheader("Content-Type") or ""
    return answer.status, kind, content, _seconds(after), answer.getheader("Location") or ""


def _content(answer: http.client.HTTPResponse, link: socket.socket | None, end: float) -> bytes:
    """At most ``MOST`` bytes, within the time the whole request has."""
    parts: list[bytes] = []
    size = 0
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        if link is not None:
            with contextlib.suppress(OSError):
                link.settimeout(left)
        part = answer.read1(65536)
        if not part:
            return b"".join(parts)
        size += len(part)
        if size > MOST:
            raise Undone(Problem("R112", parameters={"reason": f"> {MOST // 1024} KB"}), final=True)
        parts.append(part)


def _secured(link: socket.socket, host: str, fingerprint: str) -> socket.socket:
    context = ssl.create_default_context()
    if fingerprint:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        secured = context.wrap_socket(link, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise Undone(Problem("R115", parameters={"reason": error.verify_message}), final=True) from error
    if fingerprint:
        found = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
        if found != fingerprint.replace(":", "").lower():
            secured.close()
            raise Undone(Problem("R115", parameters={"reason": "fingerprint"}), final=True)
    return secured


def _read(kind: str, content: bytes) -> Any:
    """JSON as what it says, anything else as text."""
    text = content.decode("utf-8", "replace")
    if "json" in kind or text[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _seconds(text: str) -> float | None:
    """Retry-After in seconds, whether it names seconds or a date."""
    if text.isascii() and text.isdigit():
        return min(float(text), 6 * 3600.0)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return min(max(moment.timestamp() - time.time(), 0.0), 6 * 3600.0)


def _line(name: str, value: Any) -> str:
    text = str(value)
    if any(each in text or each in name for each in "\r\n\0"):
        raise Undone(Problem("R116", parameters={"field": name}), final=True)
    return text

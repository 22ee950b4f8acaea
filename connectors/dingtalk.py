"""DingTalk (钉钉): events and what people say to a robot in, work notifications out. Floor: 5."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from connectors.asking import PATIENCE, REACH, Cloud, Codes, ask, granted, need, operation, secret, text, with_token
from connectors.sealed import check, seal, signature, unseal
from connectors.tokens import Tokens
from engine.errors import Problem
from engine.plugins.slots import Delivery, Inbound, Received, Reply, Unauthentic, Undone, content_of

ROOT = "https://oapi.dingtalk.com"
#: Seconds a robot's message may be old. Source: 钉钉, 接收消息: an hour.
HOUR = 3600.0
#: Source: 钉钉, 服务端 API 错误码.
CODES = Codes(
    "钉钉", "errcode", "errmsg",
    stale=frozenset({40014, 42001, 40001}),
    later={-1: None, 90002: PATIENCE, 90018: PATIENCE, 88: PATIENCE, 40014: None, 42001: None, 40001: None},
)  # fmt: skip


class Dingtalk(Cloud):
    """DingTalk. In, at `/hooks/<connection>`: events of an application (`token`, `aes_key` and `app_key` open them) and what people
    say to its robot (signed with `app_secret`). Out: `tell` and `notice` are work notifications by the application `agent_id`; a
    person is found by phone number unless `person` says that the login is their userid. For a group use `group_robot`."""

    name = "dingtalk"
    title: ClassVar[Mapping[str, str]] = {"zh": "钉钉", "en": "DingTalk"}
    offers = frozenset({"receive", "call", "tell"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "app_key": text("AppKey(企业内部应用)或 SuiteKey", "App key or suite key", format="value"),
            "app_secret": secret("AppSecret", "App secret"),
            "agent_id": text("应用 AgentId", "Agent id", format="value"),
            "token": secret("回调 Token", "Token of the callback"),
            "aes_key": secret("回调 AES Key", "AES key of the callback"),
            "person": {
                "title": "成员用什么识别",
                "x-en": {"title": "A person is known by"},
                "type": "string",
                "enum": ["phone", "login"],
                "default": "phone",
            },
            **REACH,
        },
        "required": ["app_key"],
        "additionalProperties": False,
    }
    operations = {"notice": operation("工作通知", "Work notification", "to text", result="task_id", title={}, url={})}
    example = """\
kind: connection
name: dingtalk
connector: dingtalk
settings: {app_key: ding1234, app_secret: "=secret.DINGTALK_SECRET", agent_id: "1", token: "=secret.DINGTALK_TOKEN", aes_key: "=secret.DINGTALK_AES_KEY"}
"""

    def __init__(self) -> None:
        self._tokens = Tokens()

    def receive(self, settings: Mapping[str, Any], request: Inbound) -> Received:
        """One event, answered with the sealed ``success``, or one message to the robot. Source: 钉钉, 回调事件消息体加解密."""
        if request.method != "POST":
            raise Unauthentic(f"{request.method} is no delivery")
        if "sign" in request.headers:
            return _robot(settings, request)
        query = request.query
        token, key = str(settings.get("token") or ""), str(settings.get("aes_key") or "")
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        try:
            outer = content_of(request.body, "application/json")
        except Exception:
            raise Unauthentic("no envelope") from None
        sealed = str(outer.get("encrypt") or "") if isinstance(outer, Mapping) else ""
        check(query.get("signature") or query.get("msg_signature") or "", token, stamp, nonce, sealed)
        body, receiver = unseal(key, sealed)
        if receiver != settings.get("app_key"):
            raise Unauthentic(f"meant for {receiver[:40]}")
        content = content_of(body, "application/json")
        reply = _success(settings, token, key, stamp)
        kind = content.get("EventType") if isinstance(content, Mapping) else None
        if kind in ("check_url", "check_create_suite_url", "check_update_suite_url"):
            return Received(reply=_success(settings, token, key, stamp, str(content.get("Random") or "success")))
        mark = hashlib.sha256(body).hexdigest()
        return Received((Delivery(f"{kind}:{mark}"[:256], content, body),), reply)

    def tell(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """A work notification to one colleague; ``task_id``."""
        by = settings.get("person") or "phone"
        person = (message.get("to") or {}).get(by)
        if not person:
            raise Undone(Problem("R120"), final=True)
        to = str(person) if by == "login" else self._userid(settings, str(person))
        given = {"to": to, "title": message.get("title"), "text": message.get("text"), "links": message.get("links")}
        return self.do_notice(settings, given, key)

    def do_notice(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``task_id``. The same words to the same person twice in a day are one notification at DingTalk."""
        to = given.get("to")
        whom = ",".join(str(each) for each in to) if isinstance(to, list | tuple) else str(to)
        title, words = str(given.get("title") or ""), str(given.get("text") or "")
        if given.get("links"):
            buttons = [{"title": str(one["title"]), "action_url": str(one["url"])} for one in given["links"]]
            card: dict[str, Any] = {
                "title": title or words[:40],
                "markdown": f"#### {title}\n{words}",
                "btn_orientation": "0",
                "btn_json_list": buttons,
            }
            sent: dict[str, Any] = {"msgtype": "action_card", "action_card": card}
        elif given.get("url"):
            card = {
                "title": title or words[:40],
                "markdown": f"#### {title}\n{words}",
                "single_title": "查看",
                "single_url": given["url"],
            }
            sent = {"msgtype": "action_card", "action_card": card}
        else:
            sent = {"msgtype": "text", "text": {"content": "\n".join(each for each in (title, words) if each)[:2000]}}
        agent = int(need(settings, self.name, "agent_id")[0])
        asked = {"agent_id": agent, "userid_list": whom, "msg": sent}
        answer = self._asked(settings, "/topapi/message/corpconversation/asyncsend_v2", asked)
        return {"task_id": answer.get("task_id")}

    def probe(self, settings: Mapping[str, Any]) -> str:
        """A token is given. Raises Undone."""
        self._token(settings)
        return "access_token"

    def _userid(self, settings: Mapping[str, Any], phone: str) -> str:
        answer = self._asked(settings, "/topapi/v2/user/getbymobile", {"mobile": phone.removeprefix("+86")})
        return str((answer.get("result") or {}).get("userid") or "")

    def _asked(self, settings: Mapping[str, Any], path: str, content: Any) -> Mapping[str, Any]:
        root = str(settings.get("url") or ROOT).rstrip("/")

        def question(token: str) -> Any:
            return ask(settings, "POST", f"{root}{path}?access_token={quote(token, safe='')}", content)

        return with_token(lambda stale="": self._token(settings, stale), question, CODES)

    def _token(self, settings: Mapping[str, Any], stale: str = "") -> str:
        key, mark = need(settings, self.name, "app_key", "app_secret")
        root = str(settings.get("url") or ROOT).rstrip("/")

        def fetch() -> tuple[str, float]:
            url = f"{root}/gettoken?appkey={quote(key, safe='')}&appsecret={quote(mark, safe='')}"
            return granted(settings, url, CODES)

        return self._tokens.get((root, key, mark), fetch, stale)


def _robot(settings: Mapping[str, Any], request: Inbound) -> Received:
    """A message somebody wrote to the robot: its words as ``Content``, for the same expressions as everywhere."""
    mark, stamp = str(settings.get("app_secret") or ""), request.headers.get("timestamp", "")
    wanted = base64.b64encode(hmac.digest(mark.encode(), f"{stamp}\n{mark}".encode(), "sha256"))
    if not mark or not hmac.compare_digest(request.headers["sign"].encode("utf-8", "replace"), wanted):
        raise Unauthentic("the signature is wrong")
    if not stamp.isascii() or not stamp.isdigit() or abs(request.now.timestamp() - int(stamp[:13]) / 1000) > HOUR:
        raise Unauthentic("the timestamp is too far from now")
    content = content_of(request.body, "application/json")
    content = content if isinstance(content, Mapping) else {"content": content}
    content = {**content, "Content": (content.get("text") or {}).get("content")}
    body = json.dumps(content, ensure_ascii=False).encode()
    key = str(content.get("msgId") or hashlib.sha256(request.body).hexdigest())
    return Received((Delivery(key[:256], content, body),), Reply(b"{}", kind="application/json"))


def _success(settings: Mapping[str, Any], token: str, key: str, stamp: str, words: str = "success") -> Reply:
    sealed, nonce = seal(key, words.encode(), str(settings["app_key"])), secrets.token_hex(8)
    answer = {
        "msg_signature": signature(token, stamp, nonce, sealed),
        "encrypt": sealed,
        "timeStamp": stamp,
        "nonce": nonce,
    }
    return Reply(json.dumps(answer).encode(), kind="application/json")

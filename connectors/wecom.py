"""WeCom (企业微信): callbacks in, customers and their messages in, application messages out. Floor: 5."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from connectors.asking import PATIENCE, REACH, Cloud, Codes, ask, granted, need, operation, secret, text, with_token
from connectors.sealed import check, unseal
from connectors.tokens import Tokens
from engine.errors import Problem
from engine.plugins.slots import Delivery, Inbound, Page, Received, Reply, Unauthentic, Undone, Unreadable, content_of

ROOT = "https://qyapi.weixin.qq.com"
XML = "text/xml"
#: Messages and customers asked for at once.
PAGE = 100
CUSTOMERS = 100
#: Pages of one look; the rest comes with the next one.
PAGES = 200
#: Source: WeCom, 全局错误码.
CODES = Codes(
    "企业微信", "errcode", "errmsg",
    stale=frozenset({40001, 40014, 42001}),
    later={-1: None, 45009: PATIENCE, 45033: 5.0, 45047: PATIENCE, 50001: None, 40001: None, 40014: None, 42001: None},
)  # fmt: skip


class Wecom(Cloud):
    """WeCom. In: callbacks at `/hooks/<connection>` (the address is verified by itself once `token`, `aes_key` and `corp_id` are
    there; a message counts once, by its MsgId); with `schedule`, messages of customers to `customer_service` accounts and, with
    `contacts`, the customers of your people. Out: `tell` and `message` write to colleagues by the application `agent_id`; a person is
    found by `person` (login unless said). The operation `customer` reads one customer. What a message wants is said by the
    connection: `if: "mentioned(content.Content, ['报价'])"`, `map: {phone: "=phone_in(content.Content)"}`."""

    name = "wecom"
    title: ClassVar[Mapping[str, str]] = {"zh": "企业微信", "en": "WeCom"}
    offers = frozenset({"receive", "poll", "call", "tell", "send"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "corp_id": text("企业 ID", "Corp id", format="value"),
            "agent_id": text("应用 AgentId", "Agent id of the application", format="value"),
            "secret": secret("应用 Secret", "Secret of the application"),
            "token": secret("回调 Token", "Token of the callback"),
            "aes_key": secret("回调 EncodingAESKey", "EncodingAESKey of the callback"),
            "customer_service": {
                "title": "微信客服帐号",
                "description": "open_kfid 的列表;轮询时取它们收到的消息。",
                "x-en": {"title": "Customer service accounts", "description": "Their open_kfid; polled for messages."},
                "type": "array",
                "items": {"type": "string"},
            },
            "contacts": {
                "title": "轮询客户",
                "description": "成员的 userid 列表;轮询时取他们的客户。",
                "x-en": {"title": "Customers of", "description": "Userids whose customers are polled."},
                "type": "array",
                "items": {"type": "string"},
            },
            "person": {
                "title": "成员用什么识别",
                "x-en": {"title": "A person is known by"},
                "type": "string",
                "enum": ["login", "phone", "email"],
                "default": "login",
            },
            **REACH,
        },
        "required": ["corp_id"],
        "additionalProperties": False,
    }
    operations = {
        "message": operation("应用消息", "Message", "to text", result="msgid", title={}, url={}),
        "customer": operation(
            "客户详情", "Customer", "external_userid", result="name, gender, unionid …", effect="none"
        ),
    }
    example = """\
kind: connection
name: wecom
connector: wecom
settings: {corp_id: ww1234, agent_id: "1000002", secret: "=secret.WECOM_SECRET", token: "=secret.WECOM_TOKEN", aes_key: "=secret.WECOM_AES_KEY"}
"""

    def __init__(self) -> None:
        self._tokens = Tokens()

    # --- in

    def receive(self, settings: Mapping[str, Any], request: Inbound) -> Received:
        """The echo that proves the address to WeCom (GET), or the one message of a POST. Source: WeCom, 接收消息与事件."""
        token, key, corp = (str(settings.get(name) or "") for name in ("token", "aes_key", "corp_id"))
        query = request.query
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        given = query.get("msg_signature", "")
        if request.method == "GET":
            echo = query.get("echostr", "")
            check(given, token, stamp, nonce, echo, status=403)
            return Received(reply=Reply(_opened(key, echo, corp)))
        if request.method != "POST":
            raise Unauthentic(f"{request.method} is no delivery", 403)
        sealed = str(_xml(request.body).get("Encrypt") or "")
        check(given, token, stamp, nonce, sealed, status=403)
        body = _opened(key, sealed, corp)
        content = _xml(body)
        if content.get("Event") == "kf_msg_or_event":
            # It says only that there are messages: they are fetched.
            return Received((), Reply(b"success"), wakes=True)
        return Received(
            (Delivery(_key(content), content, body, XML, _at(content.get("CreateTime"))),), Reply(b"success")
        )

    def read(self, body: bytes, kind: str) -> Any:
        """The content of a message that was kept: XML as WeCom writes it, or JSON of what was polled."""
        return _xml(body) if kind.partition(";")[0] in (XML, "application/xml") else content_of(body, kind)

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """Messages to the customer service accounts, each with the customer's name; then the customers of the people named. The
        cursor holds the position in each account; a customer whose details are the same is the same delivery as before."""
        place = dict(cursor or {})
        for account in settings.get("customer_service") or ():
            yield from self._messages(settings, str(account), place)
        for user in settings.get("contacts") or ():
            yield from self._customers(settings, str(user), place)

    def _messages(self, settings: Mapping[str, Any], account: str, place: dict[str, Any]) -> Iterator[Page]:
        names: dict[str, str] = {}
        for _ in range(PAGES):
            asked = {"open_kfid": account, "limit": PAGE, **({"cursor": place[account]} if place.get(account) else {})}
            answer = self._post(settings, "/cgi-bin/kf/sync_msg", asked)
            # What our own people wrote (origin 5) and events are no messages of customers.
            found = [
                one for one in answer.get("msg_list") or () if one.get("msgtype") != "event" and one.get("origin") != 5
            ]
            self._name(settings, found, names)
            place[account] = answer.get("next_cursor") or place.get(account)
            yield Page([_message(one, names) for one in found], dict(place))
            if not answer.get("has_more"):
                return

    def _name(self, settings: Mapping[str, Any], found: list[Any], names: dict[str, str]) -> None:
        unknown = sorted({str(one["external_userid"]) for one in found if one.get("external_userid")} - names.keys())
        for start in range(0, len(unknown), CUSTOMERS):
            asked = {"external_userid_list": unknown[start : start + CUSTOMERS]}
            answer = self._post(settings, "/cgi-bin/kf/customer/batchget", asked)
            for one in answer.get("customer_list") or ():
                names[str(one["external_userid"])] = str(one.get("nickname") or "")

    def _customers(self, settings: Mapping[str, Any], user: str, place: Mapping[str, Any]) -> Iterator[Page]:
        after = ""
        for _ in range(PAGES):
            asked = {"userid_list": [user], "cursor": after, "limit": CUSTOMERS}
            answer = self._post(settings, "/cgi-bin/externalcontact/batch/get_by_user", asked)
            yield Page([_contact(one, user) for one in answer.get("external_contact_list") or ()], dict(place))
            after = str(answer.get("next_cursor") or "")
            if not after:
                return

    # --- out

    def tell(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """A message to one colleague; ``msgid``."""
        person = (message.get("to") or {}).get(settings.get("person") or "login")
        if not person:
            raise Undone(Problem("R120"), final=True)
        to = self._userid(settings, str(person))
        # The client of WeCom shows these as links; its cards with buttons need a callback of their own.
        links = [f'<a href="{one["url"]}">{one["title"]}</a>' for one in message.get("links") or ()]
        words = "\n".join([str(message.get("text") or ""), *links])
        return self.do_message(settings, {"to": to, "title": message.get("title"), "text": words}, key)

    def send(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """The same to the member whose userid is ``to``."""
        given = {"to": message.get("to"), "title": message.get("subject"), "text": message.get("text")}
        return self.do_message(settings, given, key)

    def do_message(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``msgid`` of a message by the application; what is sent twice within half an hour arrives once."""
        to = given.get("to")
        whom = "|".join(str(each) for each in to) if isinstance(to, list | tuple) else str(to)
        title, words = str(given.get("title") or ""), str(given.get("text") or "")
        sent: dict[str, Any] = {
            "touser": whom,
            "agentid": int(need(settings, self.name, "agent_id")[0]),
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 1800,
        }
        if given.get("url"):
            card = {"title": title[:128] or words[:128], "description": words[:512] or title, "url": given["url"]}
            sent |= {"msgtype": "textcard", "textcard": card}
        else:
            whole = "\n".join(each for each in (title, words) if each)
            sent |= {"msgtype": "text", "text": {"content": shortened(whole, 2048)}}
        answer = self._post(settings, "/cgi-bin/message/send", sent)
        lost = [str(answer[name]) for name in ("invaliduser", "unlicenseduser") if answer.get(name)]
        if lost:
            about = {"who": CODES.who, "code": "invaliduser", "message": "; ".join(lost)}
            raise Undone(Problem("R170", parameters=about), final=True)
        return {"msgid": answer.get("msgid")}

    def do_customer(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """What WeCom knows of an external contact."""
        path = f"/cgi-bin/externalcontact/get?external_userid={quote(str(given['external_userid']), safe='')}"
        answer = self._asked(settings, path, None)
        return {**(answer.get("external_contact") or {}), "follow": answer.get("follow_user") or []}

    def probe(self, settings: Mapping[str, Any]) -> str:
        """A token is given. Raises Undone."""
        self._token(settings)
        return "access_token"

    def _userid(self, settings: Mapping[str, Any], person: str) -> str:
        by = settings.get("person") or "login"
        if by == "login":
            return person
        asked = {"mobile": person.removeprefix("+86")} if by == "phone" else {"email": person}
        path = "/cgi-bin/user/getuserid" if by == "phone" else "/cgi-bin/user/get_userid_by_email"
        return str(self._post(settings, path, asked).get("userid") or "")

    def _post(self, settings: Mapping[str, Any], path: str, content: Any) -> Mapping[str, Any]:
        return self._asked(settings, path, content)

    def _asked(self, settings: Mapping[str, Any], path: str, content: Any) -> Mapping[str, Any]:
        root, mark = str(settings.get("url") or ROOT).rstrip("/"), "&" if "?" in path else "?"

        def question(token: str) -> Any:
            url = f"{root}{path}{mark}access_token={quote(token, safe='')}"
            return ask(settings, "POST" if content is not None else "GET", url, content)

        return with_token(lambda stale="": self._token(settings, stale), question, CODES)

    def _token(self, settings: Mapping[str, Any], stale: str = "") -> str:
        corp, key = need(settings, self.name, "corp_id", "secret")
        root = str(settings.get("url") or ROOT).rstrip("/")

        def fetch() -> tuple[str, float]:
            url = f"{root}/cgi-bin/gettoken?corpid={quote(corp, safe='')}&corpsecret={quote(key, safe='')}"
            return granted(settings, url, CODES)

        return self._tokens.get((root, corp, key), fetch, stale)


def shortened(words: str, most: int) -> str:
    """Words of at most ``most`` bytes of UTF-8, cut between characters."""
    return words.encode()[:most].decode("utf-8", "ignore")


def _opened(key: str, sealed: str, corp: str) -> bytes:
    content, receiver = unseal(key, sealed, 403)
    if receiver != corp:
        raise Unauthentic(f"meant for {receiver[:40]}", 403)
    return content


def _xml(body: bytes) -> dict[str, Any]:
    """The elements of a flat XML by their names, deeper ones as maps; whole numbers stay text. Raises Unreadable (H032)."""
    from xml.etree import ElementTree

    try:
        plain = body.decode("utf-8")
        if re.search(r"<!(?!\[CDATA\[)", plain):
            # No document type means no entities: nothing can grow and nothing is fetched.
            raise ValueError("a document type is not taken")
        return _children(ElementTree.fromstring(plain))
    except (ValueError, ElementTree.ParseError, RecursionError) as error:
        raise Unreadable(Problem("H032", parameters={"why": f"XML: {error}"[:200]})) from None


def _children(element: Any, deep: int = 0) -> dict[str, Any]:
    if deep > 16:
        raise ValueError("nested deeper than 16")
    found: dict[str, Any] = {}
    for child in element:
        value = _children(child, deep + 1) if len(child) else (child.text or "")
        known = found.get(child.tag)
        found[child.tag] = (
            value if child.tag not in found else [*(known if isinstance(known, list) else [known]), value]
        )
    return found


def _key(content: Mapping[str, Any]) -> str:
    """MsgId; an event has none and is known by who, when and what, as WeCom says."""
    if content.get("MsgId"):
        return str(content["MsgId"])[:256]
    marks = ("FromUserName", "CreateTime", "Event", "ChangeType", "UserID", "ExternalUserID", "EventKey", "Token")
    return "event:" + ":".join(str(content.get(name) or "") for name in marks)[:240]


def _at(seconds: Any) -> dt.datetime | None:
    text = str(seconds or "")
    return dt.datetime.fromtimestamp(int(text), dt.UTC) if text.isdigit() and len(text) < 12 else None


def _json(key: str, content: Mapping[str, Any], seconds: Any) -> Delivery:
    return Delivery(key[:256], content, json.dumps(content, ensure_ascii=False).encode(), at=_at(seconds))


def _message(one: Mapping[str, Any], names: Mapping[str, str]) -> Delivery:
    """A message to a customer service account: its text as ``Content``, as in a callback, and the customer's name."""
    content = {
        **one,
        "Content": (one.get("text") or {}).get("content"),
        "customer": names.get(str(one.get("external_userid"))),
    }
    return _json(f"kf:{one['msgid']}", content, one.get("send_time"))


def _contact(one: Mapping[str, Any], user: str) -> Delivery:
    contact = one.get("external_contact") or {}
    content = {**contact, "follow": one.get("follow_info") or {}, "userid": user}
    mark = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    return _json(f"contact:{contact.get('external_userid')}:{mark}", content, None)

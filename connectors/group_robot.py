"""Robots of chat groups: one shape for DingTalk, WeCom and Feishu. Floor: 5."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from connectors.asking import PATIENCE, REACH, Cloud, Codes, ask, need, operation, secret

#: Source: 钉钉 自定义机器人; 企业微信 群机器人配置说明; 飞书 自定义机器人使用指南. All three allow about twenty messages a minute.
DINGTALK = Codes("钉钉机器人", "errcode", "errmsg", later={-1: None, 130101: PATIENCE, 410100: PATIENCE, 88: PATIENCE})
WECOM = Codes("企业微信机器人", "errcode", "errmsg", later={-1: None, 45009: PATIENCE, 45033: 5.0})
FEISHU = Codes("飞书机器人", "code", "msg", later={11232: PATIENCE, 11233: PATIENCE, 99991400: PATIENCE})


class GroupRobot(Cloud):
    """Writes into a chat group through its robot: `product` is dingtalk, wecom or feishu, `address` the robot's webhook address (it
    holds the key, so `=secret.NAME`), `secret` the one it signs with, where it does. The operation `message` takes `text` and, if
    wanted, `title`, `mention` (phone numbers), `everyone` and `links` (each with a `title` and a `url`: shown as buttons). In
    `notify` the person told is mentioned by phone number."""

    name = "group_robot"
    title: ClassVar[Mapping[str, str]] = {"zh": "群机器人(钉钉 / 企微 / 飞书)", "en": "Robot of a chat group"}
    offers = frozenset({"call", "tell"})
    private = False
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "product": {
                "title": "产品",
                "x-en": {"title": "Product"},
                "type": "string",
                "enum": ["dingtalk", "wecom", "feishu"],
            },
            "address": secret("机器人的 Webhook 地址", "The robot's webhook address"),
            "secret": secret("加签密钥", "The secret it signs with"),
            **{name: part for name, part in REACH.items() if name != "url"},
        },
        "required": ["product", "address"],
        "additionalProperties": False,
    }
    operations = {
        "message": operation("群消息", "Message", "text", title={}, mention={}, everyone={}, links={}),
    }
    example = """\
kind: connection
name: sales_group
connector: group_robot
settings: {product: dingtalk, address: "=secret.GROUP_ROBOT", secret: "=secret.GROUP_ROBOT_SIGN"}
"""

    def tell(self, settings: Mapping[str, Any], message: Mapping[str, Any], key: str) -> Any:
        """The message into the group, with the person mentioned."""
        phone = (message.get("to") or {}).get("phone")
        given = {
            "title": message.get("title"),
            "text": message.get("text") or "",
            "mention": [phone] if phone else [],
            "links": message.get("links") or [],
        }
        return self.do_message(settings, given, key)

    def do_message(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``sent``: the group has it. Robots know no key of ours: an answer that is lost may show a message twice."""
        address, product = need(settings, self.name, "address", "product")
        words = Words(
            str(given.get("title") or ""),
            str(given.get("text") or ""),
            tuple(str(each).removeprefix("+86") for each in given.get("mention") or ()),
            bool(given.get("everyone")),
            tuple(given.get("links") or ()),
        )
        return PRODUCTS[product](settings, address, words)


@dataclass(frozen=True, slots=True)
class Words:
    """What is said in a group, whichever it is."""

    title: str
    text: str
    mention: Sequence[str]
    everyone: bool
    links: Sequence[Mapping[str, Any]]

    @property
    def whole(self) -> str:
        """Title and text in one."""
        return "\n".join(each for each in (self.title, self.text) if each)


def sign_dingtalk(stamp: str, secret: str) -> str:
    """Base64 of HMAC-SHA256 with the secret as key over ``stamp`` (milliseconds), a line feed and the secret."""
    return base64.b64encode(hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")).decode()


def sign_feishu(stamp: str, secret: str) -> str:
    """Base64 of HMAC-SHA256 of nothing with ``stamp`` (seconds), a line feed and the secret as key."""
    return base64.b64encode(hmac.digest(f"{stamp}\n{secret}".encode(), b"", "sha256")).decode()


def _dingtalk(settings: Mapping[str, Any], address: str, words: Words) -> Any:
    if settings.get("secret"):
        stamp = str(int(time.time() * 1000))
        mark = quote(sign_dingtalk(stamp, str(settings["secret"])), safe="")
        address += ("&" if "?" in address else "?") + f"timestamp={stamp}&sign={mark}"
    sent: dict[str, Any] = {"at": {"atMobiles": list(words.mention), "isAtAll": words.everyone}}
    if words.links:
        called = "".join(f" @{each}" for each in words.mention)
        card = {
            "title": words.title or words.text[:40],
            "text": f"#### {plain(words.title)}\n{plain(words.text)}{called}",
            "btnOrientation": "1",
            "btns": [{"title": str(each["title"]), "actionURL": str(each["url"])} for each in words.links],
        }
        sent |= {"msgtype": "actionCard", "actionCard": card}
    else:
        sent |= {"msgtype": "text", "text": {"content": words.whole}}
    DINGTALK.check(ask(settings, "POST", address, sent))
    return {"sent": True}


def _wecom(settings: Mapping[str, Any], address: str, words: Words) -> Any:
    if words.links:
        lines = [f"**{plain(words.title)}**", plain(words.text)]
        lines += [f"[{plain(str(each['title']))}]({each['url']})" for each in words.links]
        sent: dict[str, Any] = {"msgtype": "markdown", "markdown": {"content": "\n".join(lines)[:1300]}}
    else:
        phones = [*words.mention, *(["@all"] if words.everyone else [])]
        content = words.whole.encode()[:2048].decode("utf-8", "ignore")
        sent = {"msgtype": "text", "text": {"content": content, "mentioned_mobile_list": phones}}
    WECOM.check(ask(settings, "POST", address, sent))
    return {"sent": True}


def _feishu(settings: Mapping[str, Any], address: str, words: Words) -> Any:
    sent: dict[str, Any] = {}
    if settings.get("secret"):
        stamp = str(int(time.time()))
        sent = {"timestamp": stamp, "sign": sign_feishu(stamp, str(settings["secret"]))}
    if words.links:
        buttons = [
            {
                "tag": "button",
                "text": {"tag": "plain_text", "content": str(each["title"])},
                "url": str(each["url"]),
                "type": "default",
            }
            for each in words.links
        ]
        card = {
            "header": {"title": {"tag": "plain_text", "content": plain(words.title)}},
            "elements": [
                {"tag": "div", "text": {"tag": "plain_text", "content": plain(words.text)}},
                {"tag": "action", "actions": buttons},
            ],
        }
        sent |= {"msg_type": "interactive", "card": card}
    else:
        called = '<at user_id="all">所有人</at>' if words.everyone else ""
        sent |= {"msg_type": "text", "content": {"text": plain(words.whole) + called}}
    FEISHU.check(ask(settings, "POST", address, sent))
    return {"sent": True}


def plain(words: str) -> str:
    """Words in which nothing calls a person or begins a tag: what a customer is called must not wake the whole group."""
    return words.replace("<", "\uff1c").replace("@", "\uff20")


PRODUCTS: Mapping[str, Callable[[Mapping[str, Any], str, Words], Any]] = {
    "dingtalk": _dingtalk,
    "wecom": _wecom,
    "feishu": _feishu,
}

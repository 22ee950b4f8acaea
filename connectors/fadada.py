"""Contracts signed by 法大大 (FASC OpenAPI 5). Floor: 5."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs

from connectors.asking import PATIENCE, REACH, Cloud, Codes, ask, compact, need, operation, secret, text, with_token
from connectors.tokens import Tokens
from engine.plugins.slots import Delivery, Inbound, Received, Reply, Unauthentic, Unreadable, content_of

ROOT = "https://api.fadada.com/api/v5"
KIND, VERSION = "HMAC-SHA256", "5.1"
#: Seconds by which a callback's clock may differ. Source: 法大大, 五分钟.
TOLERANCE = 300.0
CODES = Codes(
    "法大大",
    "code",
    "msg",
    good="100000",
    stale=frozenset({"100002"}),
    later={"100002": None, "100500": None, "100429": PATIENCE},
)
STATES: Mapping[str, str] = {
    "task_created": "draft", "finish_creation": "draft", "fill_progress": "signing", "fill_completed": "signing",
    "sign_progress": "signing", "sign_completed": "signing", "task_finished": "done", "task_terminated": "withdrawn",
    "expired": "expired", "abolishing": "signing", "revoked": "withdrawn",
}  # fmt: skip
EVENTS: Mapping[str, str] = {
    "sign-task-finished": "done", "sign-task-sign-rejected": "refused", "sign-task-fill-rejected": "refused",
    "sign-task-canceled": "withdrawn", "sign-task-expire": "expired", "sign-task-expired": "expired",
}  # fmt: skip


class Fadada(Cloud):
    """法大大. The operation `create` begins a contract from a `template` (`title`, `signers`: each with an `organization` or a `name`, and
    a `phone`), sent in the name of `initiator` (openCorpId), and gives its `flow`; `status` says how it stands; `withdraw` ends it.
    Callbacks come in at `/hooks/<connection>` as those of the connector `esign` do: `flow`, `state`, `both_signed`."""

    name = "fadada"
    title: ClassVar[Mapping[str, str]] = {"zh": "法大大", "en": "Fadada"}
    offers = frozenset({"call", "receive"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "app_id": text("AppId", "App id", format="value"),
            "app_secret": secret("AppSecret", "App secret"),
            "initiator": text("发起方 openCorpId", "Initiator (openCorpId)", format="value"),
            **REACH,
        },
        "required": ["app_id", "app_secret"],
        "additionalProperties": False,
    }
    operations = {
        "create": operation("发起签署", "Create", "title template signers", result="flow"),
        "status": operation("查询状态", "Status", "flow", result="state, both_signed", effect="none"),
        "withdraw": operation("撤销", "Withdraw", "flow", reason={}),
    }
    example = """\
kind: connection
name: fadada
connector: fadada
settings: {app_id: "80000001", app_secret: "=secret.FADADA_SECRET", initiator: open1234}
"""

    def __init__(self) -> None:
        self._tokens = Tokens()

    def do_create(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``flow``; every attempt carries the same reference. Source: 法大大, 创建签署任务(基于签署模板)."""
        sent = {
            "signTaskSubject": str(given["title"]),
            "signTemplateId": str(given["template"]),
            "initiator": {"idType": "corp", "openId": need(settings, self.name, "initiator")[0]},
            "transReferenceId": hashlib.sha256(key.encode()).hexdigest()[:32],
            "autoStart": True,
            "autoFinish": True,
            "actors": [_actor(one, number) for number, one in enumerate(given["signers"], 1)],
        }
        return {"flow": self._asked(settings, "/sign-task/create-with-template", sent).get("signTaskId")}

    def do_status(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``state`` and ``both_signed``."""
        found = self._asked(settings, "/sign-task/app/get-detail", {"signTaskId": str(given["flow"])})
        state = STATES.get(str(found.get("signTaskStatus")), "signing")
        return {"state": state, "both_signed": state == "done"}

    def do_withdraw(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """Nobody can sign it any more."""
        asked = {"signTaskId": str(given["flow"]), "terminationNote": str(given.get("reason") or "")}
        self._asked(settings, "/sign-task/cancel", asked)
        return {"state": "withdrawn"}

    def receive(self, settings: Mapping[str, Any], request: Inbound) -> Received:
        """One step of a contract. Source: 法大大, 回调说明."""
        names = ("X-FASC-App-Id", "X-FASC-Sign-Type", "X-FASC-Timestamp", "X-FASC-Nonce", "X-FASC-Event")
        given = {name: request.headers.get(name.lower(), "") for name in names}
        form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        given["bizContent"] = (form.get("bizContent") or [""])[0]
        stamp, mark = given["X-FASC-Timestamp"], str(settings.get("app_secret") or "")
        wanted = signature(given, stamp, mark).encode()
        shown = request.headers.get("x-fasc-sign", "").lower().encode("utf-8", "replace")
        if request.method != "POST" or not mark or not hmac.compare_digest(shown, wanted):
            raise Unauthentic("the signature is wrong")
        if (
            not stamp.isascii()
            or not stamp.isdigit()
            or abs(request.now.timestamp() - int(stamp[:13]) / 1000) > TOLERANCE
        ):
            raise Unauthentic("the timestamp is too far from now")
        reply = Reply(b'{"msg":"success"}', kind="application/json")
        try:
            content = content_of(given["bizContent"].encode(), "application/json")
        except Unreadable:
            content = None
        if not isinstance(content, Mapping) or not content.get("signTaskId"):
            return Received((), reply)
        event = given["X-FASC-Event"]
        state = EVENTS.get(event, "signing")
        told = {
            **content,
            "event": event,
            "flow": content["signTaskId"],
            "state": state,
            "both_signed": state == "done",
        }
        key = ":".join(
            str(each or "") for each in (event, content["signTaskId"], content.get("actorId"), content.get("eventTime"))
        )
        return Received((Delivery(key[:256], told, json.dumps(told, ensure_ascii=False).encode()),), reply)

    def probe(self, settings: Mapping[str, Any]) -> str:
        """A token is given. Raises Undone."""
        self._token(settings)
        return "accessToken"

    def _asked(self, settings: Mapping[str, Any], path: str, content: Any) -> Mapping[str, Any]:
        def question(token: str) -> Any:
            return self._sent(settings, path, {"X-FASC-AccessToken": token}, compact(content).decode())

        answer = with_token(lambda stale="": self._token(settings, stale), question, CODES)
        found = answer.get("data")
        return found if isinstance(found, Mapping) else {}

    def _sent(self, settings: Mapping[str, Any], path: str, more: Mapping[str, str], content: str) -> Any:
        id, mark = need(settings, self.name, "app_id", "app_secret")
        stamp = str(int(time.time() * 1000))
        headers = {
            "X-FASC-App-Id": id,
            "X-FASC-Sign-Type": KIND,
            "X-FASC-Timestamp": stamp,
            "X-FASC-Nonce": secrets.token_hex(16),
            "X-FASC-Api-SubVersion": VERSION,
            **more,
        }
        headers["X-FASC-Sign"] = signature({**headers, "bizContent": content}, stamp, mark)
        root = str(settings.get("url") or ROOT).rstrip("/")
        form = {"bizContent": content} if content else {}
        return ask(settings, "POST", f"{root}{path}", form, headers, form=True, also=(401,))

    def _token(self, settings: Mapping[str, Any], stale: str = "") -> str:
        id, mark = need(settings, self.name, "app_id", "app_secret")

        def fetch() -> tuple[str, float]:
            answer = CODES.check(
                self._sent(settings, "/service/get-access-token", {"X-FASC-Grant-Type": "client_credential"}, "")
            )
            found = answer.get("data") or {}
            return str(found.get("accessToken") or ""), float(found.get("expiresIn") or 7200)

        return self._tokens.get((str(settings.get("url") or ROOT), id, mark), fetch, stale)


def signature(given: Mapping[str, str], stamp: str, secret: str) -> str:
    """Lower-case hex. Source: 法大大, 签名算法: HMAC-SHA256 over the SHA-256 (hex) of all parameters by name, keyed by
    HMAC-SHA256(secret, timestamp). Empty values do not count."""
    joined = "&".join(f"{name}={given[name]}" for name in sorted(given) if given[name])
    inner = hmac.digest(secret.encode(), stamp.encode(), "sha256")
    return hmac.new(
        inner, hashlib.sha256(joined.encode("utf-8", "surrogateescape")).hexdigest().encode(), "sha256"
    ).hexdigest()


def _actor(one: Mapping[str, Any], number: int) -> dict[str, Any]:
    corporate = bool(one.get("organization"))
    who = {
        "actorId": str(one.get("role") or f"签署方{number}"),
        "actorType": "corp" if corporate else "person",
        "actorName": str(one.get("organization") or one.get("name") or ""),
        "permissions": ["sign"],
        "notification": {"sendNotification": True, "notifyWay": "mobile", "notifyAddress": str(one.get("phone") or "")},
    }
    return {"actor": who, "signConfigInfo": {"orderNo": int(one.get("order") or number)}}

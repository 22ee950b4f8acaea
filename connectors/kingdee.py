"""Kingdee K3Cloud (金蝶云星空): orders and receipts in, bills written. Floor: 5."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from connectors.asking import REACH, Cloud, ask, need, operation, secret, text
from connectors.tokens import Tokens
from engine.errors import Problem
from engine.plugins.slots import Delivery, Page, Undone

WHO = "金蝶云星空"
SERVICE = "Kingdee.BOS.WebApi.ServicesStub"
LOGIN = f"{SERVICE}.AuthService.LoginByAppSecret.common.kdsvc"
QUERY = f"{SERVICE}.DynamicFormService.ExecuteBillQuery.common.kdsvc"
SAVE = f"{SERVICE}.DynamicFormService.Save.common.kdsvc"
#: Rows of a page, pages of one look.
PAGE, PAGES = 100, 2000
#: How far behind the newest change the next look begins.
OVERLAP = dt.timedelta(minutes=10)
#: Seconds a session is used for; the service ends idle ones after twenty minutes.
SESSION = 1000.0
SHANGHAI = ZoneInfo("Asia/Shanghai")


class _Ended(Exception):
    """The session is no longer good."""


class Kingdee(Cloud):
    """Kingdee K3Cloud. With `schedule` the bills of one `form` (SAL_SaleOrder for orders, AR_RECEIVEBILL for receipts) come in as they
    change: `fields` are what is asked for, `key` the one that names a bill, `changed` its time of change, `filter` narrows in the
    words of Kingdee. Several lines of a bill come as several deliveries, each with its line. The operation `save` writes a bill,
    `query` reads."""

    name = "kingdee"
    title: ClassVar[Mapping[str, str]] = {"zh": "金蝶云星空", "en": "Kingdee K3Cloud"}
    offers = frozenset({"poll", "call"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "account": text("数据中心 acctID", "Data centre (acctID)", format="value"),
            "user": text("用户名", "User", format="value"),
            "app_id": text("第三方应用 ID", "App id", format="value"),
            "app_secret": secret("第三方应用密钥", "App secret"),
            "form": text("单据 FormId", "Form", examples=["SAL_SaleOrder"]),
            "fields": {"title": "字段", "x-en": {"title": "Fields"}, "type": "array", "items": {"type": "string"}},
            "key": text("编号字段", "Field that names a bill", default="FBillNo"),
            "changed": text("修改时间字段", "Field of the last change", default="FModifyDate"),
            "filter": text("过滤条件", "Filter", examples=["FDocumentStatus='C'"]),
            **REACH,
        },
        "required": ["url", "account", "user", "app_id", "app_secret"],
        "additionalProperties": False,
    }
    operations = {
        "save": operation("保存单据", "Save", "form model", result="id, number", submit={}),
        "query": operation("查询", "Query", "form fields", result="rows", effect="none", filter={}),
    }
    example = """\
kind: connection
name: receipts
connector: kingdee
settings: {url: "https://k3.example.com/K3Cloud", account: "5f1", user: crm, app_id: "2021", app_secret: "=secret.KINGDEE_SECRET", form: AR_RECEIVEBILL, fields: [FBillNo, FCONTACTUNIT.FName, FRECEIVEAMOUNTFOR, FDATE, FModifyDate]}
schedule: "*/10 * * * *"
"""

    def __init__(self) -> None:
        self._tokens = Tokens()

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """Bills by their time of change, oldest first, a little overlapping; the cursor is the newest change seen."""
        form = need(settings, self.name, "form")[0]
        changed, key = str(settings.get("changed") or "FModifyDate"), str(settings.get("key") or "FBillNo")
        fields = list(dict.fromkeys([*(settings.get("fields") or ()), key, changed]))
        since = str((cursor or {}).get("since") or "")
        limits = [str(settings["filter"])] if settings.get("filter") else []
        if since:
            begin = dt.datetime.fromisoformat(since) - OVERLAP
            limits.append(f"{changed}>='{begin.isoformat(sep=' ', timespec='seconds')}'")
        for number in range(PAGES):
            asked = {
                "FormId": form,
                "FieldKeys": ",".join(fields),
                "FilterString": " and ".join(limits),
                "OrderString": f"{changed},{key}",
                "StartRow": number * PAGE,
                "Limit": PAGE,
                "TopRowCount": 0,
            }
            rows = self._rows(settings, asked)
            found = [dict(zip(fields, row, strict=False)) for row in rows]
            since = max([since, *(str(one[changed])[:19] for one in found if one.get(changed))])
            yield Page([_delivery(one, key, changed) for one in found], {"since": since})
            if len(rows) < PAGE:
                return

    def do_query(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``rows`` as maps, at most a hundred."""
        fields = [str(each) for each in given["fields"]]
        asked = {
            "FormId": str(given["form"]),
            "FieldKeys": ",".join(fields),
            "FilterString": str(given.get("filter") or ""),
            "Limit": PAGE,
        }
        return {"rows": [dict(zip(fields, row, strict=False)) for row in self._rows(settings, asked)]}

    def do_save(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``id`` and ``number`` of the bill; with ``submit`` it is submitted and audited. Kingdee knows no key of ours: give the
        model its own FBillNo, and a second attempt is refused as a duplicate instead of making a second bill."""
        content = {"Model": given["model"], "IsAutoSubmitAndAudit": bool(given.get("submit")), "NeedUpDateFields": []}
        answer = self._asked(settings, SAVE, {"formid": str(given["form"]), "data": content})
        made: Mapping[str, Any] = next(iter(_status(answer).get("SuccessEntitys") or ()), {})
        return {"id": made.get("Id"), "number": made.get("Number")}

    def probe(self, settings: Mapping[str, Any]) -> str:
        """A session is given. Raises Undone."""
        self._session(settings)
        return "session"

    def _rows(self, settings: Mapping[str, Any], asked: Any) -> list[Any]:
        answer = self._asked(settings, QUERY, {"data": asked})
        return answer if isinstance(answer, list) else []

    def _asked(self, settings: Mapping[str, Any], service: str, content: Any) -> Any:
        root = str(settings["url"]).rstrip("/")

        def question(session: str) -> Any:
            headers = {"kdservice-sessionid": session, "Cookie": f"kdservice-sessionid={session}"}
            return _checked(ask(settings, "POST", f"{root}/{service}", content, headers))

        session = self._session(settings)
        try:
            return question(session)
        except _Ended:
            try:
                return question(self._session(settings, session))
            except _Ended:
                raise _refused("MsgCode 1", "session") from None

    def _session(self, settings: Mapping[str, Any], stale: str = "") -> str:
        account, user, id, mark = need(settings, self.name, "account", "user", "app_id", "app_secret")
        root = str(settings["url"]).rstrip("/")

        def fetch() -> tuple[str, float]:
            asked = {"acctID": account, "username": user, "appId": id, "appSecret": mark, "lcid": 2052}
            answer = ask(settings, "POST", f"{root}/{LOGIN}", asked)
            if not isinstance(answer, Mapping) or answer.get("LoginResultType") != 1:
                said = answer.get("Message") if isinstance(answer, Mapping) else answer
                raise _refused("login", str(said or ""))
            found = answer.get("KDSVCSessionId") or (answer.get("Context") or {}).get("SessionId")
            return str(found), SESSION

        return self._tokens.get((root, account, user, id, mark), fetch, stale)


def _checked(answer: Any) -> Any:
    """The answer when it is a success: rows, or a result without errors. Raises _Ended, Undone (R170)."""
    inner = answer
    while isinstance(inner, list) and inner and isinstance(inner[0], list | Mapping):
        if isinstance(inner[0], Mapping):
            inner = inner[0]
            break
        if not inner[0] or not isinstance(inner[0][0], list | Mapping):
            return answer
        inner = inner[0]
    status = _status(inner)
    if isinstance(inner, Mapping) and status and status.get("IsSuccess") is not True:
        if status.get("MsgCode") == 1:
            raise _Ended
        errors = status.get("Errors") or ()
        said = "; ".join(str(one.get("Message") or "") for one in errors if isinstance(one, Mapping))
        raise _refused(str(status.get("ErrorCode") or status.get("MsgCode") or ""), said)
    return answer


def _status(answer: Any) -> Mapping[str, Any]:
    result = answer.get("Result") if isinstance(answer, Mapping) else None
    found = result.get("ResponseStatus") if isinstance(result, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _refused(code: str, message: str) -> Undone:
    return Undone(Problem("R170", parameters={"who": WHO, "code": code, "message": message[:200]}), final=True)


def _delivery(one: Mapping[str, Any], key: str, changed: str) -> Delivery:
    """A line of a bill as it stood at its last change."""
    body = json.dumps(one, ensure_ascii=False, default=str).encode()
    mark = hashlib.sha256(body).hexdigest()[:16]
    try:
        at = dt.datetime.fromisoformat(str(one.get(changed))[:19]).replace(tzinfo=SHANGHAI).astimezone(dt.UTC)
    except ValueError:
        at = None
    return Delivery(f"{one.get(key)}:{mark}"[:256], one, body, at=at)

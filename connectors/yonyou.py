"""Yonyou YonBIP (用友): orders and receipts in, documents written. Floor: 5."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors.asking import PATIENCE, REACH, Cloud, Codes, ask, need, operation, secret, text, with_token
from connectors.tokens import Tokens
from engine.plugins.slots import Delivery, Page

#: Source: 用友开放平台, 获取 access_token, 2023-07-21 地址调整说明.
AUTH = "/iuap-api-auth/open-auth/selfAppAuth/base/v1/getAccessToken"
GATE = "/iuap-api-gateway"
PAGE, PAGES = 100, 2000
OVERLAP = dt.timedelta(minutes=10)
SHANGHAI = ZoneInfo("Asia/Shanghai")
TOKEN = Codes("用友", "code", "message", good="00000")
#: Source: 用友 YonBIP 开放平台, 网关错误码: 310036 a token that is none any more, 310046 too often. 310037 and 310005 say that nobody has
#: granted this interface to the application: another token or another attempt cannot help, a person has to.
CODES = Codes(
    "用友",
    "code",
    "message",
    good="200",
    stale=frozenset({"310036"}),
    later={"310046": PATIENCE, "310036": None},
)


class Yonyou(Cloud):
    """Yonyou YonBIP. With `schedule` the documents of one list come in as they change: `path` is the list's
    (/yonbip/sd/voucherorder/list for orders, /yonbip/fi/receivebill/list for receipts), `key` names a document, `changed` its time of
    change (pubts). The operation `save` writes a document at a `path`, `query` reads a list."""

    name = "yonyou"
    title: ClassVar[Mapping[str, str]] = {"zh": "用友 YonBIP", "en": "Yonyou YonBIP"}
    offers = frozenset({"poll", "call"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "app_key": text("AppKey", "App key", format="value"),
            "app_secret": secret("AppSecret", "App secret"),
            "path": text("列表接口", "Path of the list", examples=["/yonbip/sd/voucherorder/list"]),
            "key": text("编号字段", "Field that names a document", default="code"),
            "changed": text("修改时间字段", "Field of the last change", default="pubts"),
            **REACH,
        },
        "required": ["url", "app_key", "app_secret"],
        "additionalProperties": False,
    }
    operations = {
        "save": operation("保存单据", "Save", "path document", result="what the service answers"),
        "query": operation("查询", "Query", "path", result="rows", effect="none", asked={}),
    }
    example = """\
kind: connection
name: yonyou_orders
connector: yonyou
settings: {url: "https://c1.yonyoucloud.com", app_key: fbb5, app_secret: "=secret.YONYOU_SECRET", path: /yonbip/sd/voucherorder/list}
schedule: "*/10 * * * *"
"""

    def __init__(self) -> None:
        self._tokens = Tokens()

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """Documents by their time of change, a little overlapping; the cursor is the newest change seen."""
        path = need(settings, self.name, "path")[0]
        changed, key = str(settings.get("changed") or "pubts"), str(settings.get("key") or "code")
        before = str((cursor or {}).get("since") or "")
        newest = before
        narrowed: dict[str, Any] = {}
        if before:
            begin = (dt.datetime.fromisoformat(before) - OVERLAP).isoformat(sep=" ", timespec="seconds")
            narrowed = {"simpleVOs": [{"field": changed, "op": "egt", "value1": begin}]}
        for number in range(1, PAGES + 1):
            asked = {
                "pageIndex": number,
                "pageSize": PAGE,
                "queryOrders": [{"field": changed, "order": "asc"}],
                **narrowed,
            }
            found = self._asked(settings, path, asked)
            rows = [one for one in found.get("recordList") or () if isinstance(one, Mapping)]
            newest = max([newest, *(str(one[changed])[:19] for one in rows if one.get(changed))])
            last = number >= int(found.get("pageCount") or 0) or not rows
            # Not every list of YonBIP keeps the order it is asked for: the cursor moves behind the last page only.
            yield Page([_delivery(one, key, changed) for one in rows], {"since": newest if last else before})
            if last:
                return

    def do_query(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``rows`` of a list, at most a hundred."""
        asked = {"pageIndex": 1, "pageSize": PAGE, **(given.get("asked") or {})}
        return {"rows": list(self._asked(settings, str(given["path"]), asked).get("recordList") or ())}

    def do_save(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """What the service answers; every attempt carries the same ``resubmitCheckKey``, so that one document is made."""
        mark = hashlib.sha256(key.encode()).hexdigest()[:32]
        document = {"_status": "Insert", "resubmitCheckKey": mark, **dict(given["document"])}
        return dict(self._asked(settings, str(given["path"]), {"data": document}))

    def probe(self, settings: Mapping[str, Any]) -> str:
        """A token is given. Raises Undone."""
        self._token(settings)
        return "access_token"

    def _asked(self, settings: Mapping[str, Any], path: str, content: Any) -> Mapping[str, Any]:
        root = str(settings["url"]).rstrip("/")
        where = quote("/" + path.lstrip("/"), safe="/")

        def question(token: str) -> Any:
            answer = ask(settings, "POST", f"{root}{GATE}{where}?access_token={quote(token, safe='')}", content)
            return {**answer, "code": str(answer.get("code"))} if isinstance(answer, Mapping) else answer

        answer = with_token(lambda stale="": self._token(settings, stale), question, CODES)
        found = answer.get("data")
        return found if isinstance(found, Mapping) else {}

    def _token(self, settings: Mapping[str, Any], stale: str = "") -> str:
        key, mark = need(settings, self.name, "app_key", "app_secret")
        root = str(settings["url"]).rstrip("/")

        def fetch() -> tuple[str, float]:
            stamp = str(int(time.time() * 1000))
            sign = quote(signature(mark, {"appKey": key, "timestamp": stamp}), safe="")
            url = f"{root}{AUTH}?appKey={quote(key, safe='')}&timestamp={stamp}&signature={sign}"
            answer = TOKEN.check(ask(settings, "GET", url))
            found = answer.get("data") or {}
            return str(found.get("access_token") or ""), float(found.get("expire") or 7200)

        return self._tokens.get((root, key, mark), fetch, stale)


def signature(secret: str, given: Mapping[str, str]) -> str:
    """Base64 of HMAC-SHA256 over names and values, by name, without separators. Source: 用友开放平台, 自建应用获取 access_token."""
    joined = "".join(f"{name}{given[name]}" for name in sorted(given))
    return base64.b64encode(hmac.digest(secret.encode(), joined.encode(), "sha256")).decode()


def _delivery(one: Mapping[str, Any], key: str, changed: str) -> Delivery:
    body = json.dumps(one, ensure_ascii=False).encode()
    mark = hashlib.sha256(body).hexdigest()[:16]
    try:
        at = dt.datetime.fromisoformat(str(one.get(changed))[:19]).replace(tzinfo=SHANGHAI).astimezone(dt.UTC)
    except ValueError:
        at = None
    return Delivery(f"{one.get(key)}:{mark}"[:256], dict(one), body, at=at)

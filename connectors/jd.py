"""Orders of JD (京东), by its open platform. Floor: 5."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from connectors.asking import PATIENCE, REACH, ask, need, secret, text
from connectors.signing import md5_sign
from engine.clock import SystemClock
from engine.errors import Problem
from engine.plugins.slots import Connector, Delivery, Page, Undone

ROOT = "https://api.jd.com/routerjson"
METHOD = "jingdong.pop.order.search"
SHANGHAI = ZoneInfo("Asia/Shanghai")
PAGE = 100
#: The longest span one question may cover, and how far back the first look goes.
SPAN, BACK = dt.timedelta(days=1), dt.timedelta(days=7)
OVERLAP = dt.timedelta(minutes=10)
#: Days asked about in one look; the rest comes with the next.
DAYS = 31
#: Source: 京东宙斯, 平台错误码: the system is busy, or asked too often.
LATER: Mapping[str, float | None] = {
    "2": None,
    "3": PATIENCE,
    "12": PATIENCE,
    "67": None,
    "21": PATIENCE,
    "22": PATIENCE,
    "30": None,
}


class Jd(Connector):
    """Orders of a shop on JD come in with `schedule` as they change, each as JD describes it. `access_token` is the shop's; what JD
    seals of the customer stays sealed."""

    name = "jd"
    title: ClassVar[Mapping[str, str]] = {"zh": "京东订单", "en": "Orders of JD"}
    offers = frozenset({"poll"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "app_key": text("AppKey", "App key", format="value"),
            "app_secret": secret("AppSecret", "App secret"),
            "access_token": secret("店铺授权 access_token", "The shop's access token"),
            "states": text(
                "订单状态",
                "States",
                default="WAIT_SELLER_STOCK_OUT,WAIT_GOODS_RECEIVE_CONFIRM,FINISHED_L,TRADE_CANCELED",
            ),
            **REACH,
        },
        "required": ["app_key", "app_secret", "access_token"],
        "additionalProperties": False,
    }
    example = """\
kind: connection
name: jd_orders
connector: jd
settings: {app_key: "1234", app_secret: "=secret.JD_SECRET", access_token: "=secret.JD_TOKEN"}
schedule: "*/10 * * * *"
into: lead
map: {company: consigneeInfo.fullname, phone: consigneeInfo.mobile}
set: {source: jd}
"""

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """Orders by the time they changed, a day at a time; the cursor is how far that went."""
        now = SystemClock().now().astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0)
        said = (cursor or {}).get("until")
        begin = dt.datetime.fromisoformat(said) - OVERLAP if said else now - BACK
        for _ in range(DAYS):
            end = min(begin + SPAN, now)
            for number in range(1, 1000):
                rows, total = self._page(settings, begin, end, number)
                last = number * PAGE >= total or not rows
                yield Page([_delivery(one) for one in rows], {"until": end.isoformat() if last else said})
                if last:
                    break
            said, begin = end.isoformat(), end
            if end >= now:
                return

    def _page(
        self, settings: Mapping[str, Any], begin: dt.datetime, end: dt.datetime, number: int
    ) -> tuple[list[Any], int]:
        key, mark, token = need(settings, self.name, "app_key", "app_secret", "access_token")
        states = (self.params["properties"]["states"])["default"]
        asked = {
            "start_date": begin.isoformat(sep=" "),
            "end_date": end.isoformat(sep=" "),
            "order_state": str(settings.get("states") or states),
            "optional_fields": "orderId,venderId,orderState,modified,orderStartTime,orderTotalPrice,consigneeInfo,itemInfoList",
            "page": str(number),
            "page_size": str(PAGE),
            "date_type": "0",
            "sortType": "1",
        }
        given = {
            "method": METHOD,
            "app_key": key,
            "access_token": token,
            "timestamp": SystemClock().now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
            "v": "2.0",
            "360buy_param_json": json.dumps(asked, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
        }
        given["sign"] = md5_sign(mark, given)
        answer = ask(
            settings,
            "POST",
            str(settings.get("url") or ROOT),
            urlencode(given).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        refused = (
            answer.get("error_response") if isinstance(answer, Mapping) else {"code": "", "zh_desc": str(answer)[:100]}
        )
        if refused:
            raise _refused(str(refused.get("code")), str(refused.get("zh_desc") or refused.get("en_desc") or ""))
        found = (answer.get("jingdong_pop_order_search_responce") or {}).get("searchorderinfo_result") or {}
        result = found.get("apiResult") or {}
        if result.get("success") is not True:
            raise _refused(
                str(result.get("numberCode") or result.get("errorCode")), str(result.get("chineseErrCode") or "")
            )
        return list(found.get("orderInfoList") or ()), int(found.get("orderTotal") or 0)


def _refused(code: str, message: str) -> Undone:
    about = {"who": "京东", "code": code, "message": message[:200]}
    return Undone(Problem("R170", parameters=about), final=code not in LATER, after=LATER.get(code))


def _delivery(one: Mapping[str, Any]) -> Delivery:
    body = json.dumps(one, ensure_ascii=False).encode()
    mark = str(one.get("modified") or hashlib.sha256(body).hexdigest()[:16])
    try:
        at = dt.datetime.fromisoformat(str(one.get("modified"))).replace(tzinfo=SHANGHAI).astimezone(dt.UTC)
    except ValueError:
        at = None
    return Delivery(f"{one.get('orderId')}:{mark}"[:256], dict(one), body, at=at)

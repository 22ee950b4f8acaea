"""Kingdee, Yonyou, JD and any list over HTTP: peers that hold bills, end sessions, check signatures (M5, M33)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from connectors.feed import Feed
from connectors.jd import Jd
from connectors.kingdee import Kingdee
from connectors.signing import md5_sign
from connectors.yonyou import Yonyou, signature
from engine.clock import UTC
from engine.facts import SYSTEM
from engine.plugins.slots import Undone, Unreadable
from tests.company import Company
from tests.connectors.peer import OWN, Asked, Peer, Said, listening


def look(connector: Any, settings: dict[str, Any], cursor: Any = None) -> tuple[dict[str, Any], Any]:
    found = {}
    for page in connector.poll(settings, cursor):
        cursor = page.cursor
        found |= {one.key: one.content for one in page.deliveries}
    return found, cursor


def refusal(work: Callable[[], Any]) -> Undone:
    with pytest.raises(Undone) as found:
        work()
    return found.value


# --- Kingdee


class K3:
    """K3Cloud as documented: a session by app secret, rows of a form as lists, errors inside a good answer."""

    def __init__(self) -> None:
        self.session = 0
        self.bills = [
            [f"SKD{number:04}", 1000.5 + number, f"2026-01-05T{number // 60:02}:{number % 60:02}:00"]
            for number in range(230)
        ]
        self.saved: list[Any] = []
        self.filters: list[str] = []

    def __call__(self, asked: Asked) -> Any:
        name = asked.path.rsplit("/", 1)[1]
        if name.endswith("LoginByAppSecret.common.kdsvc"):
            wanted = {"acctID": "acct", "username": "crm", "appId": "2021", "appSecret": "s3cret", "lcid": 2052}
            if asked.json != wanted:
                return {"LoginResultType": 0, "Message": "应用密钥不正确"}
            self.session += 1
            return {"LoginResultType": 1, "KDSVCSessionId": f"s{self.session}", "Context": {}}
        if asked.headers.get("kdservice-sessionid") != f"s{self.session}":
            return [
                [
                    {
                        "Result": {
                            "ResponseStatus": {
                                "ErrorCode": 500,
                                "IsSuccess": False,
                                "Errors": [{"Message": "会话信息已丢失，请重新登录"}],
                                "MsgCode": 1,
                            }
                        }
                    }
                ]
            ]
        if name.endswith("Save.common.kdsvc"):
            if asked.json["data"]["Model"]["FBillNo"] in [one["FBillNo"] for one in self.saved]:
                return {
                    "Result": {
                        "ResponseStatus": {
                            "IsSuccess": False,
                            "Errors": [{"FieldName": "FBillNo", "Message": "编号重复"}],
                            "MsgCode": 11,
                        }
                    }
                }
            self.saved.append(asked.json["data"]["Model"])
            return {
                "Result": {
                    "ResponseStatus": {
                        "IsSuccess": True,
                        "SuccessEntitys": [{"Id": 100001, "Number": asked.json["data"]["Model"]["FBillNo"]}],
                    }
                }
            }
        about = asked.json["data"]
        self.filters.append(about["FilterString"])
        if about["FormId"] == "WRONG":
            return [
                [
                    {
                        "Result": {
                            "ResponseStatus": {
                                "ErrorCode": 500,
                                "IsSuccess": False,
                                "Errors": [{"Message": "业务对象不存在"}],
                                "MsgCode": 9,
                            }
                        }
                    }
                ]
            ]
        since = (
            about["FilterString"].rpartition(">='")[2].rstrip("'").replace(" ", "T")
            if ">='" in about["FilterString"]
            else ""
        )
        rows = sorted((one for one in self.bills if one[2] >= since), key=lambda one: one[2])
        return rows[about.get("StartRow", 0) :][: about["Limit"]]


def kingdee(peer: Peer, **more: Any) -> dict[str, Any]:
    own = {
        "account": "acct",
        "user": "crm",
        "app_id": "2021",
        "app_secret": "s3cret",
        "form": "AR_RECEIVEBILL",
        "fields": ["FBillNo", "FAMOUNT"],
    }
    return {"url": f"{peer.url}/K3Cloud", "timeout": 5, **own, **OWN, **more}


def test_m33_receipts_of_kingdee_come_page_by_page_and_then_only_what_changed() -> None:
    service = K3()
    with listening(service) as peer:
        found, cursor = look(Kingdee(), kingdee(peer, filter="FDocumentStatus='C'"))
        assert len(found) == 230 and cursor == {"since": "2026-01-05T03:49:00"}
        assert {"FBillNo": "SKD0007", "FAMOUNT": 1007.5, "FModifyDate": "2026-01-05T00:07:00"} in found.values()
        service.bills[3] = ["SKD0003", 5.0, "2026-01-06T00:00:00"]
        later, cursor = look(Kingdee(), kingdee(peer, filter="FDocumentStatus='C'"), cursor)
        assert service.filters[-1] == "FDocumentStatus='C' and FModifyDate>='2026-01-05 03:39:00'"
        assert len(later) == 12 and len(later.keys() - found.keys()) == 1 and cursor == {"since": "2026-01-06T00:00:00"}


def test_kingdee_logs_in_again_when_the_session_is_lost_and_tells_what_it_refuses() -> None:
    service = K3()
    with listening(service) as peer:
        connector = Kingdee()
        connector.probe(kingdee(peer))
        service.session = 7
        found, _ = look(connector, kingdee(peer))
        assert len(found) == 230 and service.session == 8
        wrong = refusal(lambda: look(connector, kingdee(peer, form="WRONG")))
        assert wrong.final and "业务对象不存在" in wrong.problems[0].what()
        assert "应用密钥不正确" in refusal(lambda: Kingdee().probe(kingdee(peer, app_secret="x"))).problems[0].what()


def test_a_bill_is_saved_and_a_second_attempt_makes_no_second_bill() -> None:
    service = K3()
    with listening(service) as peer:
        given = {
            "operation": "save",
            "json": {
                "form": "SAL_SaleOrder",
                "model": {"FBillNo": "CRM-12", "FCustId": {"FNumber": "C1"}},
                "submit": True,
            },
        }
        assert Kingdee().call(kingdee(peer), given, "k")["body"] == {"id": 100001, "number": "CRM-12"}
        again = refusal(lambda: Kingdee().call(kingdee(peer), given, "k"))
        assert again.final and "编号重复" in again.problems[0].what() and len(service.saved) == 1
        rows = Kingdee().call(
            kingdee(peer), {"operation": "query", "json": {"form": "AR_RECEIVEBILL", "fields": ["FBillNo"]}}, "k"
        )["body"]["rows"]
        assert rows[0] == {"FBillNo": "SKD0000"}


# --- Yonyou


class Bip:
    """YonBIP as documented: a signed question for a token, lists by pages, documents made once by resubmitCheckKey."""

    def __init__(self) -> None:
        self.token = 0
        self.orders = [
            {"code": f"XS{number:03}", "payMoney": number, "pubts": f"2026-01-05 {number // 60:02}:{number % 60:02}:00"}
            for number in range(150)
        ]
        self.saved: dict[str, Any] = {}

    def __call__(self, asked: Asked) -> Any:
        if asked.path.endswith("getAccessToken"):
            good = signature("s3cret", {"appKey": "k1", "timestamp": asked.query["timestamp"]})
            if asked.query["signature"] != good:
                return {"code": "50000", "message": "签名错误"}
            self.token += 1
            return {"code": "00000", "message": "成功!", "data": {"access_token": f"t{self.token}", "expire": 7200}}
        if asked.query.get("access_token") != f"t{self.token}":
            return {"code": 310036, "message": "非法token"}
        if asked.path.endswith("/save"):
            self.saved.setdefault(asked.json["data"]["resubmitCheckKey"], asked.json["data"])
            return {"code": "200", "data": {"id": "1"}}
        since = (asked.json.get("simpleVOs") or [{}])[0].get("value1", "")
        rows = [one for one in self.orders if one["pubts"] >= since]
        index, size = asked.json["pageIndex"], asked.json["pageSize"]
        pages = -(-len(rows) // size)
        return {
            "code": "200",
            "data": {
                "pageIndex": index,
                "pageCount": pages,
                "recordCount": len(rows),
                "recordList": rows[(index - 1) * size : index * size],
            },
        }


def test_m33_orders_of_yonyou_come_as_they_change_and_a_document_is_made_once() -> None:
    service = Bip()
    with listening(service) as peer:
        settings = {
            "url": peer.url,
            "app_key": "k1",
            "app_secret": "s3cret",
            "path": "/yonbip/sd/voucherorder/list",
            "timeout": 5,
            **OWN,
        }
        connector = Yonyou()
        found, cursor = look(connector, settings)
        assert len(found) == 150 and cursor == {"since": "2026-01-05 02:29:00"}
        service.token += 1  # taken away at the other side
        later, _ = look(connector, settings, cursor)
        assert len(later) == 11 and later.keys() <= found.keys()
        for _ in range(2):
            connector.call(
                settings,
                {"operation": "save", "json": {"path": "/yonbip/fi/receivebill/save", "document": {"oriSum": 1}}},
                "run:1:0",
            )
        assert len(service.saved) == 1
        assert refusal(lambda: Yonyou().probe({**settings, "app_secret": "x"})).final
        peer.faults = [Said({"code": "310046", "message": "调用频率超限"})]
        assert refusal(lambda: look(connector, settings)).after == 60


# --- JD and lists


class Router:
    """JD's router: checks the MD5 sign, answers a page of orders within the span asked about."""

    def __init__(self, now: dt.datetime) -> None:
        local = now + dt.timedelta(hours=8)
        self.orders = [
            {
                "orderId": str(number),
                "modified": (local - dt.timedelta(hours=number)).strftime("%Y-%m-%d %H:%M:%S"),
                "consigneeInfo": {"mobile": "13800138000"},
            }
            for number in range(120)
        ]

    def __call__(self, asked: Asked) -> Any:
        given = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if given.pop("sign") != md5_sign("s3cret", given):
            return {"error_response": {"code": "25", "zh_desc": "无效签名"}}
        about = json.loads(given["360buy_param_json"])
        rows = [one for one in self.orders if about["start_date"] <= one["modified"] <= about["end_date"]]
        page, size = int(about["page"]), int(about["page_size"])
        inner = {
            "apiResult": {"success": True},
            "orderInfoList": rows[(page - 1) * size : page * size],
            "orderTotal": len(rows),
        }
        return {"jingdong_pop_order_search_responce": {"searchorderinfo_result": inner, "code": "0"}}


def test_m05_orders_of_jd_come_day_by_day_and_the_next_look_begins_where_this_one_ended() -> None:
    with listening(Router(dt.datetime.now(UTC).replace(tzinfo=None))) as peer:
        settings = {"app_key": "1", "app_secret": "s3cret", "access_token": "t", "url": peer.url, "timeout": 5, **OWN}
        found, cursor = look(Jd(), settings)
        assert len(found) == 120 and cursor["until"]
        again, _ = look(Jd(), settings, cursor)
        assert again.keys() <= found.keys() and len(again) <= 1
        wrong = refusal(lambda: look(Jd(), {**settings, "app_secret": "x"}))
        assert wrong.final and "无效签名" in wrong.problems[0].what()
        peer.faults = [Said({"error_response": {"code": "12", "zh_desc": "App Call Limited"}})]
        assert refusal(lambda: look(Jd(), settings)).after == 60


def shop(asked: Asked) -> Any:
    orders = [
        {"no": f"D{number}", "updated_at": f"2026-01-05T{number:02}:00:00Z", "buyer": {"phone": f"1380013{number:04}"}}
        for number in range(24)
    ]
    rows = [one for one in orders if one["updated_at"] >= asked.query.get("updated_after", "")]
    if "mark" in asked.query or "page" not in asked.query:
        first = int(asked.query.get("mark") or 0)
        return {"data": {"orders": rows[first : first + 10], "next": first + 10 if first + 10 < len(rows) else None}}
    number = int(asked.query["page"])
    return {"data": {"orders": rows[(number - 1) * 10 : number * 10]}}


def test_m05_any_list_of_orders_is_fetched_by_pages_or_by_marks() -> None:
    with listening(shop) as peer:
        own = {
            "url": peer.url,
            "path": "/orders",
            "items": "data.orders",
            "id": "no",
            "changed": "updated_at",
            "since": "updated_after",
            **OWN,
        }
        for way in ({"page": "page"}, {"next": "data.next", "mark": "mark"}):
            found, cursor = look(Feed(), {**own, **way})
            assert len(found) == 24 and cursor == {"since": "2026-01-05T23:00:00Z"}
            later, _ = look(Feed(), {**own, **way}, cursor)
            assert list(later.values()) == [
                {"no": "D23", "updated_at": "2026-01-05T23:00:00Z", "buyer": {"phone": "13800130023"}}
            ]
        with pytest.raises(Unreadable):
            look(Feed(), {**own, "items": "data.nothing"})


DOCUMENT = """\
kind: connection
name: shop
connector: feed
settings: {{url: "{url}", path: /orders, items: data.orders, id: no, changed: updated_at, since: updated_after, page: page, networks: ["127.0.0.0/8"]}}
schedule: "*/10 * * * *"
into: lead
map: {{company: no, phone: buyer.phone}}
set: {{source: jd}}
match_on: [phone]
"""


def test_m05_orders_become_leads_once(company: Company) -> None:
    with listening(shop) as peer:
        (company.folder / "custom/shop.yaml").write_text(DOCUMENT.format(url=peer.url), "utf-8")
        problems = [problem.text() for problem in company.engine.revisions.folder_problems()]
        assert not problems, problems
        company.engine.revisions.publish("shop")
        fetching = company.engine.channels.fetching
        assert [fetching.poll(SYSTEM, "shop")["came"] for _ in range(2)] == [24, 0]

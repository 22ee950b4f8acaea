"""Tables of Feishu (飞书多维表格): rows in by polling and events, rows written back. Floor: 5."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from connectors.asking import operation, text
from connectors.lark import SETTINGS, Lark, opened
from engine.errors import Problem
from engine.plugins.slots import Delivery, Inbound, Page, Received, Reply, Undone

#: Rows of a page.
PAGE = 100
#: Pages of one look; the rest comes with the next.
PAGES = 2000
#: How far behind the newest row that was seen the next look begins: what was being edited meanwhile is met again, and known.
OVERLAP = 600_000
#: Source: 飞书, 多维表格 查询记录: the place in the pages is no longer good.
LOST = frozenset({1254030, 1254036})
#: A column that was asked for is not there.
GONE = frozenset({1254045, 1254024, 1254018})
#: Seconds for which the columns of a table are remembered between writes.
REMEMBER = 300.0
TEXT, NUMBER, CHOICE, CHOICES, DATE, YES_NO, PERSON, LINK = 1, 2, 3, 4, 5, 7, 11, 15
DATES = frozenset({DATE, 1001, 1002})


class FeishuBitable(Lark):
    """A table of Feishu. With `schedule` its rows come in as they change: `modified` names a column 最后更新时间 (without it the
    whole table is read, and unchanged rows have no effect); `view`, `columns` and `where` narrow it. A row comes flat, each column
    by its name beside `record_id`. An event of Feishu at `/hooks/<connection>` lets the table be read at once. Nothing is ever
    deleted because it did not come. The operations `create`, `update` and `find` write and look: columns by name, values as people
    write them."""

    name = "feishu_bitable"
    title: ClassVar[Mapping[str, str]] = {"zh": "飞书多维表格", "en": "Feishu table"}
    offers = frozenset({"receive", "poll", "call"})
    params: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            **SETTINGS,
            "app": text("多维表格 app_token", "App token of the table", format="value"),
            "table": text("数据表 table_id", "Table id", format="value"),
            "view": text("视图 view_id", "View"),
            "modified": text("最后更新时间列", "Column of the last change"),
            "columns": {
                "title": "要取的列",
                "description": "写了就只取这些;哪一列改名或删除了会提醒。",
                "x-en": {"title": "Columns", "description": "Only these; one that is gone is told."},
                "type": "array",
                "items": {"type": "string"},
            },
            "where": {
                "title": "只取",
                "description": "列: 值;全部相等的行才取。",
                "x-en": {"title": "Where", "description": "Column: value; only rows equal in all."},
                "type": "object",
            },
        },
        "required": ["app_id", "app", "table"],
        "additionalProperties": False,
    }
    operations = {
        "create": operation("新增一行", "Create", "fields", result="record_id"),
        "update": operation("修改一行", "Update", "record_id fields", result="record_id"),
        "find": operation("按列查找", "Find", "fields", result="rows", effect="none"),
    }
    example = """\
kind: connection
name: douyin_table
connector: feishu_bitable
settings: {app_id: cli_1234, app_secret: "=secret.FEISHU_SECRET", app: bascn1, table: tbl1, modified: 最后更新时间}
schedule: "*/2 * * * *"
into: lead
map: {company: 公司, contact: 姓名, phone: 手机}
match_on: [phone]
"""

    def __init__(self) -> None:
        super().__init__()
        self._columns: dict[str, tuple[float, Mapping[str, int]]] = {}
        self._lock = threading.Lock()

    # --- in

    def receive(self, settings: Mapping[str, Any], request: Inbound) -> Received:
        """The answer to the challenge; an event about this table lets it be read, one about another changes nothing."""
        content, challenge = opened(settings, request)
        if challenge is not None:
            return Received(reply=challenge)
        event = content.get("event") or {}
        mine = event.get("file_token") == settings.get("app")
        mine = mine and event.get("table_id") in (None, "", settings.get("table"))
        return Received(reply=Reply(b"{}", kind="application/json"), wakes=bool(mine))

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """Rows changed since the watermark, a little overlapping; cursor ``{since (ms), rows}``."""
        before = dict(cursor or {})
        since = int(before.get("since") or 0)
        columns = self._known(settings, fresh=True)
        self._all_there(settings, columns)
        newest, count = since, 0
        for number, found in enumerate(self._pages(settings, since - OVERLAP if since else 0)):
            rows = [one for one in found if isinstance(one, Mapping) and one.get("record_id")]
            count += len(rows)
            newest = max([newest, *(int(one.get("last_modified_time") or 0) for one in rows)])
            deliveries = [_delivery(one, columns) for one in rows if _after(one, since - OVERLAP)]
            if not settings.get("modified") and not number and not rows and before.get("rows"):
                about = {"connection": settings["table"], "before": before["rows"]}
                raise Undone(Problem("R175", parameters=about))
            # The watermark moves only behind the last page: rows do not come in the order of their changes without ``modified``.
            yield Page(deliveries, {**before, "since": newest if settings.get("modified") else since})
        yield Page([], {"since": newest, "rows": count if not settings.get("modified") else before.get("rows", 0)})

    def _pages(self, settings: Mapping[str, Any], since: int) -> Iterator[list[Any]]:
        """Page after page; from the beginning once more when the place is lost."""
        mark, begun = "", 0
        for _ in range(PAGES):
            asked = {"page_size": PAGE, **({"page_token": mark} if mark else {})}
            path = f"{self._table(settings)}/records/search?{urlencode(asked)}"
            try:
                found = self.asked(settings, "POST", path, _search(settings, since))
            except Undone as error:
                if _code(error) in LOST and mark and begun < 3:
                    mark, begun = "", begun + 1
                    continue
                if _code(error) in GONE:
                    self._all_there(settings, self._known(settings, fresh=True))
                raise
            yield list(found.get("items") or ())
            mark = str(found.get("page_token") or "")
            if not found.get("has_more") or not mark:
                return

    def _all_there(self, settings: Mapping[str, Any], known: Mapping[str, int]) -> None:
        wanted = [*(settings.get("columns") or ()), *(settings.get("where") or {})]
        wanted += [settings["modified"]] if settings.get("modified") else []
        gone = [str(name) for name in wanted if name not in known]
        if gone:
            about = {"connection": settings["table"], "columns": ", ".join(gone), "known": ", ".join(known)[:200]}
            raise Undone(Problem("R176", parameters=about), final=True)

    # --- out

    def do_create(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``record_id``; every attempt carries the same ``client_token``, so that one row is made."""
        token = uuid.UUID(bytes=hashlib.sha256(key.encode()).digest()[:16], version=4)
        path = f"{self._table(settings)}/records?client_token={token}"
        found = self.asked(settings, "POST", path, {"fields": self._written(settings, given["fields"])})
        return {"record_id": (found.get("record") or {}).get("record_id")}

    def do_update(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``record_id`` of the row that has these values now."""
        path = f"{self._table(settings)}/records/{quote(str(given['record_id']), safe='')}"
        self.asked(settings, "PUT", path, {"fields": self._written(settings, given["fields"])})
        return {"record_id": str(given["record_id"])}

    def do_find(self, settings: Mapping[str, Any], given: Mapping[str, Any], key: str) -> Any:
        """``rows`` (at most a hundred) that are equal in these columns, flat like those that come in."""
        columns = self._known(settings)
        asked = _search({**settings, "where": given["fields"], "modified": None}, 0)
        found = self.asked(settings, "POST", f"{self._table(settings)}/records/search?page_size={PAGE}", asked)
        return {"rows": [flat(one, columns) for one in found.get("items") or ()]}

    def _written(self, settings: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
        """The values as a write takes them, which is not how a read gives them."""
        columns = self._known(settings)
        self._all_there({"table": settings["table"], "columns": list(fields)}, columns)
        return {str(name): _value(columns[name], value) for name, value in fields.items()}

    def _known(self, settings: Mapping[str, Any], *, fresh: bool = False) -> Mapping[str, int]:
        """Column -> its type."""
        path = self._table(settings)
        with self._lock:
            kept = self._columns.get(path)
        if kept is not None and not fresh and time.monotonic() < kept[0]:
            return kept[1]
        found: dict[str, int] = {}
        mark = ""
        while True:
            more = f"&page_token={quote(mark)}" if mark else ""
            answer = self.asked(settings, "GET", f"{path}/fields?page_size=100{more}")
            found |= {str(one["field_name"]): int(one["type"]) for one in answer.get("items") or ()}
            mark = str(answer.get("page_token") or "")
            if not answer.get("has_more") or not mark:
                break
        with self._lock:
            self._columns[path] = (time.monotonic() + REMEMBER, found)
        return found

    def _table(self, settings: Mapping[str, Any]) -> str:
        app, table = (quote(str(settings[name]), safe="") for name in ("app", "table"))
        return f"/bitable/v1/apps/{app}/tables/{table}"


def _search(settings: Mapping[str, Any], since: int) -> dict[str, Any]:
    conditions = [
        {"field_name": str(name), "operator": "is", "value": [str(value)]}
        for name, value in (settings.get("where") or {}).items()
    ]
    modified = settings.get("modified")
    asked: dict[str, Any] = {"automatic_fields": True}
    if modified:
        asked["sort"] = [{"field_name": modified, "desc": False}]
        if since > 0:
            # Feishu compares days only, in the table's own zone: the day before, the rest is left out here.
            day = str(since - 2 * 86_400_000)
            conditions.append({"field_name": modified, "operator": "isGreater", "value": ["ExactDate", day]})
    if settings.get("view"):
        asked["view_id"] = settings["view"]
    if settings.get("columns"):
        asked["field_names"] = list(settings["columns"])
    if conditions:
        asked["filter"] = {"conjunction": "and", "conditions": conditions}
    return asked


def _code(error: Undone) -> Any:
    return error.problems[0].parameters.get("code")


def _after(one: Mapping[str, Any], since: int) -> bool:
    changed = int(one.get("last_modified_time") or 0)
    return not changed or changed >= since


def _delivery(one: Mapping[str, Any], columns: Mapping[str, int]) -> Delivery:
    """A row as it stood at its last change: seen again unchanged, it is the same delivery."""
    content = flat(one, columns)
    changed = int(one.get("last_modified_time") or 0)
    mark = changed or hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
    at = dt.datetime.fromtimestamp(changed / 1000, dt.UTC) if changed else None
    return Delivery(f"{one['record_id']}:{mark}", content, json.dumps(content, ensure_ascii=False).encode(), at=at)


def flat(one: Mapping[str, Any], columns: Mapping[str, int]) -> dict[str, Any]:
    """A row with each column as plain text, number, yes or no, an instant (ISO 8601, UTC) or a list of texts."""
    fields = one.get("fields") or {}
    found = {str(name): plain(value, columns.get(name, 0)) for name, value in fields.items()}
    return {**found, "record_id": one.get("record_id")}


def plain(value: Any, kind: int) -> Any:
    """One value as read. Source: 飞书, 多维表格记录数据结构."""
    if isinstance(value, Mapping) and "value" in value and "type" in value:
        # A formula or a looked-up value says its own type.
        return plain(value["value"], int(value["type"] or 0))
    if kind in DATES and isinstance(value, list) and value:
        value = value[0]
    if kind in DATES and isinstance(value, int | float) and not isinstance(value, bool):
        return dt.datetime.fromtimestamp(value / 1000, dt.UTC).isoformat()
    if isinstance(value, Mapping):
        ids = value.get("link_record_ids")
        if isinstance(ids, list):
            return [str(each) for each in ids]
        return next((value[name] for name in ("full_address", "link", "text", "name") if value.get(name)), None)
    if isinstance(value, list):
        if kind in (CHOICES,) or not value or not isinstance(value[0], Mapping):
            return [plain(each, 0) for each in value]
        if "text" in value[0]:
            return "".join(str(each.get("text") or "") for each in value)
        return "、".join(str(each.get("name") or each.get("en_name") or each.get("id") or "") for each in value)
    return value


def _value(kind: int, value: Any) -> Any:
    """A value as written."""
    if value is None:
        return None
    if kind in DATES and isinstance(value, str):
        moment = dt.datetime.fromisoformat(value)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp() * 1000)
    if kind == NUMBER and isinstance(value, str):
        return float(value)
    if kind == PERSON:
        people = value if isinstance(value, list | tuple) else [value]
        return [each if isinstance(each, Mapping) else {"id": str(each)} for each in people]
    if kind == LINK and isinstance(value, str):
        return {"link": value, "text": value}
    if kind == CHOICES and isinstance(value, str):
        return [value]
    if kind in (TEXT, CHOICE) and not isinstance(value, str):
        return "、".join(str(each) for each in value) if isinstance(value, list | tuple) else str(value)
    return value

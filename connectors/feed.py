"""Lists of any system that speaks HTTP and JSON, fetched as they grow: orders of shops, records of other programs. Floor: 5."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from connectors.http import Http
from engine.errors import Problem
from engine.plugins.slots import Delivery, Page, Undone, Unreadable, at_path

PAGES = 2000


class Feed(Http):
    """Fetches a list with `schedule`: everything of the connector `http`, and where in its answer the `items` are, which path of an
    item is its `id` and which its time of change (`changed`). `since` is the query parameter for the newest change seen, `page` the
    one for the page's number, or `next` the path of the next page's mark and `mark` its parameter. An item that is the same as before
    has no effect."""

    name = "feed"
    title: ClassVar[Mapping[str, str]] = {"zh": "列表接口(订单等)", "en": "Lists over HTTP"}
    offers = frozenset({"poll"})
    params: ClassVar[Mapping[str, Any]] = {
        **Http.params,
        "properties": {
            **Http.params["properties"],
            "path": {"title": "路径", "x-en": {"title": "Path"}, "type": "string"},
            "items": {
                "title": "列表在哪里",
                "x-en": {"title": "Where the list is"},
                "type": "string",
                "examples": ["data.orders"],
            },
            "id": {"title": "编号", "x-en": {"title": "Id of an item"}, "type": "string"},
            "changed": {"title": "修改时间", "x-en": {"title": "Time of its change"}, "type": "string"},
            "since": {
                "title": "起始时间的参数",
                "x-en": {"title": "Parameter for the newest change"},
                "type": "string",
            },
            "page": {"title": "页码的参数", "x-en": {"title": "Parameter for the page"}, "type": "string"},
            "next": {"title": "下一页标记在哪里", "x-en": {"title": "Where the next page's mark is"}, "type": "string"},
            "mark": {"title": "下一页标记的参数", "x-en": {"title": "Parameter for that mark"}, "type": "string"},
        },
        "required": ["url", "items", "id"],
    }
    example = """\
kind: connection
name: shop_orders
connector: feed
settings: {url: "https://shop.example.com/api", path: /orders, items: data.orders, id: no, changed: updated_at, since: updated_after, page: page, headers: {Authorization: "=secret.SHOP_TOKEN"}}
schedule: "*/10 * * * *"
"""

    def poll(self, settings: Mapping[str, Any], cursor: Any) -> Iterator[Page]:
        """Page after page until one brings nothing new; the cursor is the newest change, kept behind the last page."""
        before = (cursor or {}).get("since")
        newest, mark, seen = before, None, set[str]()
        for number in range(1, PAGES + 1):
            query = {
                settings[name]: value for name, value in (("since", before), ("page", number)) if settings.get(name)
            }
            if mark is not None and settings.get("mark"):
                query[settings["mark"]] = mark
            request = {"method": "GET", "path": settings.get("path") or "", "query": query}
            answer = self.call(settings, request, f"poll:{number}")["body"]
            items = answer if settings["items"] == "$" else at_path(answer, str(settings["items"]))
            if not isinstance(items, list):
                raise Unreadable(Problem("H033", parameters={"path": settings["items"], "most": "-"}))
            found = [_delivery(one, settings) for one in items]
            fresh = [one for one in found if one.key not in seen]
            seen |= {one.key for one in fresh}
            changes = [
                str(value) for one in items if (value := at_path(one, str(settings.get("changed") or ""))) is not None
            ]
            newest = (
                max([newest, *changes] if newest is not None else changes, default=None)
                if settings.get("changed")
                else None
            )
            mark = at_path(answer, str(settings["next"])) if settings.get("next") else None
            more = bool(fresh) and (bool(settings.get("page")) or mark not in (None, "", False))
            yield Page(fresh, {"since": before if more else newest})
            if not more:
                return
        raise Undone(Problem("R112", parameters={"reason": f"> {PAGES} pages"}), final=True)


def _delivery(one: Any, settings: Mapping[str, Any]) -> Delivery:
    """An item as it stood at its change; without that, as it is."""
    body = json.dumps(one, ensure_ascii=False, sort_keys=True).encode()
    id = at_path(one, str(settings["id"])) if isinstance(one, Mapping) else None
    mark = hashlib.sha256(body).hexdigest()[:16]
    return Delivery(f"{id if id is not None else ''}:{mark}"[:256], one, body)

"""The inbox in a real browser: what could not be used is read, tried, mended and taken in; a batch is replayed."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk


def sends(desk: Desk, **content: Any) -> int:
    """The status the partner hears for what they send."""
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "X-Token": desk.secret}
    with urllib.request.urlopen(urllib.request.Request(f"{desk.url}/hooks/partner", body, headers), timeout=10) as got:
        return int(got.status)


def leads(desk: Desk, phone: str) -> list[Any]:
    """The leads with that number."""
    found = desk.call("GET", "admin", f"/records/lead?filter[phone]=%2B86{phone}")["items"]
    return list(found)


def test_a_delivery_with_a_bad_number_is_mended_and_becomes_a_lead(desk: Desk) -> None:
    assert sends(desk, no=1, unit="甲光眼科", mobile="1380") == 202
    page = desk.page("admin", "/inbox")
    partner = page.locator(".way-in").filter(has_text="合作方")
    expect(partner).to_contain_text("条要处理")
    expect(partner).to_contain_text("/hooks/partner")
    row = page.locator(".run-row").filter(has_text="甲光眼科")
    expect(row).to_contain_text("电话号码「1380」的位数不对")
    row.get_by_role("button", name="看看怎么改").click()
    dialog = page.get_by_role("dialog")
    body = dialog.get_by_label("原文")
    body.fill(body.input_value().replace("1380", "13700137401"))
    dialog.get_by_role("button", name="先试一试").click()
    expect(dialog).to_contain_text("会新建一条")
    expect(dialog.locator(".trial")).to_contain_text("甲光眼科")
    assert leads(desk, "13700137401") == []
    dialog.get_by_role("button", name="用改过的重放").click()
    expect(dialog).to_contain_text("已收下")
    dialog.get_by_role("link", name="打开这条线索").click()
    expect(page.get_by_role("heading", name="甲光眼科")).to_be_visible()
    assert len(leads(desk, "13700137401")) == 1


def test_a_batch_is_replayed_and_what_is_still_wrong_says_why(desk: Desk) -> None:
    for number in (11, 12):
        assert sends(desk, no=number, unit=f"乙禾{number}", mobile="020-x") == 202
    page = desk.page("admin", "/inbox?from=partner", phone=True)
    rows = page.locator(".run-row").filter(has_text="乙禾")
    expect(rows).to_have_count(2)
    for row in rows.all():
        row.get_by_role("checkbox").check()
    page.get_by_role("button", name="重放选中的 2 条").tap()
    expect(page.locator(".toasts")).to_contain_text("2 条还是不行")
    expect(rows).to_have_count(2)


def test_people_who_may_not_import_find_no_inbox(desk: Desk) -> None:
    page = desk.page("li", "/inbox")
    expect(page.locator("main.page")).to_contain_text("不")
    expect(page.get_by_role("navigation").get_by_role("link", name="收件")).to_have_count(0)
    assert page.locator(".way-in").count() == 0

"""Runs in a real browser: found among those that failed, read step by step, mended and retried."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk

#: Two attempts with a second between them, on a machine that has other things to do. In milliseconds.
GIVEN_UP_WITHIN = 30_000


@contextmanager
def accounts(port: int) -> Iterator[list[Any]]:
    """The other system, back again: it takes whatever comes and remembers it."""
    got: list[Any] = []

    class Taking(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            got.append((self.path, json.loads(body)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing: tests are quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Taking)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield got
    finally:
        server.shutdown()
        server.server_close()


def test_a_failed_run_is_read_mended_and_retried(desk: Desk) -> None:
    lead = desk.call(
        "POST", "admin", "/records/lead", {"values": {"company": "东湾口腔", "source": "website", "campaign": "ERP"}}
    )
    number = lead["record"]["id"]
    page = desk.page("admin", f"/runs?state=dead&record=lead/{number}")
    row = page.locator(".run-row").filter(has_text="同步到财务系统")
    expect(row).to_be_visible(timeout=GIVEN_UP_WITHIN)
    expect(row).to_contain_text("东湾口腔")
    expect(row).to_contain_text("对方没有回应")
    row.get_by_role("link", name="同步到财务系统").click()
    expect(page.locator(".run-step-bad")).to_have_count(2)
    expect(page.locator(".run-step-bad").last).to_contain_text("第 2 次尝试")
    expect(page.locator(".run-page")).to_contain_text("custom/own.yaml")

    page.get_by_role("button", name="重试").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("要发出的内容").fill("{")
    dialog.get_by_role("button", name="用改过的内容重试").click()
    expect(dialog.get_by_role("alert")).to_contain_text("不是合格的 JSON")
    sent = desk.call("GET", "admin", page.url.split(desk.url)[1])["input"]
    dialog.get_by_label("要发出的内容").fill(json.dumps({**sent, "path": "/leads/again"}))
    with accounts(desk.erp) as got:
        dialog.get_by_role("button", name="用改过的内容重试").click()
        expect(page.locator(".page-note")).to_contain_text("已完成", timeout=GIVEN_UP_WITHIN)
    assert got == [("/leads/again", {"company": "东湾口腔"})]
    expect(page.locator(".run-notes")).to_contain_text("admin 让它重试")


def test_many_failed_runs_are_retried_at_once_and_the_record_leads_to_its_runs(desk: Desk) -> None:
    numbers = [
        desk.call(
            "POST",
            "admin",
            "/records/lead",
            {"values": {"company": f"西屿{n}", "source": "website", "campaign": "ERP"}},
        )["record"]["id"]
        for n in range(2)
    ]
    page = desk.page("admin", "/runs?state=dead", phone=True)
    rows = page.locator(".run-row").filter(has_text="西屿")
    expect(rows).to_have_count(2, timeout=GIVEN_UP_WITHIN)
    with accounts(desk.erp) as got:
        for row in rows.all():
            row.get_by_role("checkbox").check()
        page.get_by_role("button", name="重试选中的 2 次").tap()
        expect(rows).to_have_count(0, timeout=GIVEN_UP_WITHIN)
        done = page.context.new_page()
        done.goto("/runs?state=done&trigger=tell_erp")
        expect(done.locator(".run-row").filter(has_text="西屿")).to_have_count(2, timeout=GIVEN_UP_WITHIN)
    assert sorted(body["company"] for _, body in got) == ["西屿0", "西屿1"]

    page.goto(f"/records/lead/{numbers[0]}")
    page.get_by_role("tab", name="为什么").tap()
    page.get_by_role("link", name="同步到财务系统").tap()
    expect(page.get_by_role("heading", name="同步到财务系统")).to_be_visible()
    expect(page.locator(".run-facts")).to_contain_text("西屿0")


def test_rules_that_go_in_a_circle_are_found_paused_and_let_go_on(desk: Desk) -> None:
    page = desk.page("admin", "/runs/paused", phone=True)
    expect(page.get_by_role("heading", name="没有暂停的规则")).to_be_visible()
    lead = desk.call("POST", "zhao", "/records/lead", {"values": {"company": "环岛医院", "source": "website"}})[
        "record"
    ]
    desk.call("PATCH", "zhao", f"/records/lead/{lead['id']}", {"values": {"campaign": "春季"}}, lead["version"])
    page.goto("/runs")
    page.get_by_role("link", name="2 条规则暂停了").tap()
    row = page.locator(".run-row")
    expect(row.get_by_role("list", name="怎么兜的圈子")).to_have_text("改成秋季改成春季改成秋季")
    expect(row).to_contain_text("由 赵敏 的改动引起")
    expect(row.get_by_role("link", name="环岛医院")).to_be_visible()
    row.get_by_role("button", name="恢复").tap()
    page.get_by_role("tooltip").get_by_role("button", name="恢复").tap()
    expect(page.get_by_role("heading", name="没有暂停的规则")).to_be_visible()
    assert desk.call("GET", "admin", "/runs/paused") == {"items": []}

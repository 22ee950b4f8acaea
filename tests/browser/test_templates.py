"""Templates in a real browser: a mistake is shown while it is typed, the mail as customers see it, saved, published, told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk


def shot(page: Any, name: str) -> None:
    """A picture of the page for somebody to look at, where a folder for them is named."""
    folder = os.environ.get("FLOWLOOM_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_mail_is_rewritten_seen_for_a_lead_published_and_told(desk: Desk) -> None:
    desk.call(
        "POST",
        "admin",
        "/records/lead",
        {"values": {"company": "丙视眼科", "contact": "周<敏>", "phone": "13700137777", "source": "website"}},
    )
    page = desk.page("admin", "/templates")
    shot(page, "list")
    page.get_by_role("link", name="问候邮件").click()
    mail = page.frame_locator("iframe")
    expect(mail.get_by_role("heading", name="周<敏>您好")).to_be_visible()
    body = page.get_by_label("网页格式正文")
    written = body.input_value()
    body.fill(written.replace("{{ contact }}", "{{ contcat }}") + "<blink>x</blink>\n")
    mistakes = page.locator(".template-mistake")
    expect(mistakes).to_have_count(2)
    expect(mistakes.first).to_contain_text("第 1 行第 8 列")
    expect(mistakes.first).to_contain_text("是否想写 contact?")
    expect(page.get_by_role("button", name="保存")).to_be_disabled()
    shot(page, "mistakes")
    body.fill(written.replace("您好", "早上好"))
    expect(mail.get_by_role("heading", name="周<敏>早上好")).to_be_visible()
    page.get_by_text("纯文字").click()
    expect(page.locator(".template-words").first).to_contain_text("周<敏>早上好")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".toasts")).to_contain_text("还没有发布")
    shot(page, "saved")
    page.get_by_role("link", name="去发布").click()
    expect(page.get_by_label("全员")).to_be_visible()
    # Records of other tests make the plan ask about clocks, too: they keep theirs.
    for ways in page.locator(".plan-ways").all():
        ways.locator("label").first.click()
    page.get_by_label("全员").check()
    page.get_by_placeholder("想补充的话").fill("语气改亲切了")
    shot(page, "publish")
    # The plan is made, scenarios and all, before there is anything to agree to.
    expect(page.get_by_role("button", name="发布")).to_be_enabled(timeout=60_000)
    page.get_by_role("button", name="发布").click()
    expect(page.locator(".toasts")).to_contain_text("版")
    told = desk.call("GET", "li", "/notifications")["items"]
    assert any(one["title"] == "「问候邮件」换了新版" and "语气改亲切了" in one["body"] for one in told)

"""Filters kept for another day, in a real browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk


def test_filters_are_kept_under_a_name_and_used_again(desk: Desk) -> None:
    desk.company.lead(company="抖音来的诊所", phone="13700137801", owner=desk.company.ids["li"], source="douyin")
    page = desk.page("zhao", "/views/all_leads?f.source=in:douyin")
    rows = page.locator(".table tbody tr")
    expect(page.get_by_role("link", name="打开 抖音来的诊所")).to_be_visible()
    page.get_by_role("button", name="存下这组筛选").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("起个名字").fill("抖音线索")
    dialog.get_by_role("button", name="保存").click()
    expect(page.get_by_role("button", name="抖音线索", exact=True)).to_have_attribute("aria-pressed", "true")

    # Another device has them, too; what an earlier version kept on this one is moved there once.
    page.evaluate(
        """localStorage.setItem("flowloom.filters.lead", '[{"name": "旧的", "search": "f.source=in%3Aexpo"}]')"""
    )
    page.goto("/views/all_leads")
    expect(page.get_by_role("button", name="旧的", exact=True)).to_be_visible()
    assert page.evaluate("localStorage.getItem('flowloom.filters.lead')") is None
    names = [each["name"] for each in desk.call("GET", "zhao", "/filters?entity=lead")["items"]]
    assert names == ["抖音线索", "旧的"]
    expect(rows.nth(2)).to_be_visible()
    page.get_by_role("button", name="抖音线索", exact=True).click()
    expect(rows).to_have_count(1)
    assert "f.source=in" in page.url

    page.get_by_role("button", name="不再保留“抖音线索”").click()
    expect(page.get_by_role("button", name="抖音线索", exact=True)).to_have_count(0)
    page.locator(".toasts").get_by_role("button", name="撤销").click()
    expect(page.get_by_role("button", name="抖音线索", exact=True)).to_be_visible()

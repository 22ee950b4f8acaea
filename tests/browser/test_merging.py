"""Merging in a real browser: two records side by side become one, and two again."""

from __future__ import annotations

from urllib.error import HTTPError

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk


def test_two_leads_of_one_company_become_one_and_two_again(desk: Desk) -> None:
    ids = desk.company.ids
    stays = desk.company.lead(company="东海眼科门诊", phone="13700137601", owner=ids["li"], contact="赵医生")
    goes = desk.company.lead(company="东海眼科门诊部", phone="13700137601", owner=ids["wang"], contact="钱主任")
    page = desk.page("admin", f"/records/lead/{stays.id}")
    page.get_by_role("button", name="更多").click()
    page.get_by_role("menuitem", name="合并重复").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="东海眼科门诊部").click()
    contact = dialog.get_by_role("row", name="联系人")
    contact.get_by_role("radio", name="钱主任").check()
    dialog.get_by_role("row", name="客户名称").get_by_role("radio", name="东海眼科门诊部").check()
    dialog.get_by_role("button", name="合并", exact=True).click()
    expect(page.locator(".toasts")).to_contain_text("已合并进来")
    expect(page.get_by_role("heading", name="东海眼科门诊部")).to_be_visible()
    assert desk.lead("admin", stays.id)["values"]["contact"] == "钱主任"

    other = desk.page("admin", f"/records/lead/{goes.id}")
    expect(other).to_have_url(f"{desk.url}/records/lead/{stays.id}")

    page.locator(".toasts").get_by_role("button", name="撤销").click()
    expect(page.get_by_role("heading", name="东海眼科门诊", exact=True)).to_be_visible()
    assert desk.lead("admin", stays.id)["values"]["contact"] == "赵医生"
    assert desk.lead("admin", goes.id)["values"]["contact"] == "钱主任"


def test_who_may_not_change_a_lead_is_offered_no_merge(desk: Desk) -> None:
    lead = desk.company.lead(company="西海眼科", phone="13700137602", owner=desk.company.ids["wang"])
    page = desk.page("li", f"/records/lead/{lead.id}")
    expect(page.get_by_role("heading", name="西海眼科")).to_be_visible()
    expect(page.get_by_role("button", name="更多")).to_have_count(0)
    with pytest.raises(HTTPError):
        desk.call("POST", "li", f"/records/lead/{lead.id}/merge", {"other": lead.id})

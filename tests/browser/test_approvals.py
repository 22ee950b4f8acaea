"""Approvals in a real browser: asked for at the desk, decided on a phone, refused with a reason."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk


def customers(desk: Desk, company: str) -> list[Any]:
    """The customers of that name, as the manager sees them."""
    found = desk.call("GET", "zhao", "/records/customer?limit=100")["items"]
    return [one for one in found if one["values"]["company"] == company]


def test_a_customer_entered_by_hand_is_there_once_the_manager_agrees_on_a_phone(desk: Desk) -> None:
    li = desk.page("li", "/new/quick_customer")
    li.get_by_label("客户名称").fill("远山康复连锁")
    li.get_by_role("button", name="保存").click()
    expect(li.get_by_role("heading", name="已提交审批")).to_be_visible()
    expect(li.locator(".entry-form")).to_contain_text("等 赵敏")
    assert customers(desk, "远山康复连锁") == []

    zhao = desk.page("zhao", phone=True)
    zhao.get_by_role("link", name="件等您审批").tap()
    request = zhao.get_by_role("article", name="远山康复连锁")
    expect(request).to_contain_text("李强 提交")
    expect(request).to_contain_text("还剩")
    request.get_by_role("button", name="同意").tap()
    dialog = zhao.get_by_role("dialog")
    dialog.get_by_label("说明").fill("资料齐全")
    dialog.get_by_role("button", name="同意").tap()
    expect(zhao.get_by_text("已生效")).to_be_visible()
    expect(request).to_have_count(0)
    (made,) = customers(desk, "远山康复连锁")
    assert made["values"]["created_by"] == desk.company.ids["li"]

    li.get_by_role("link", name="看审批进度").click()
    mine = li.get_by_role("article", name="远山康复连锁")
    expect(mine).to_contain_text("已批准")
    expect(mine).to_contain_text("资料齐全")


def test_a_refusal_needs_a_reason_and_the_record_tells_it(desk: Desk) -> None:
    number = desk.company.lead(company="南岭眼科", phone="13700137201", owner=desk.company.ids["li"]).id
    li = desk.page("li", f"/records/lead/{number}")
    li.locator(".steps").get_by_role("button", name="标为未成交").click()
    dialog = li.get_by_role("dialog")
    dialog.get_by_label("未成交原因").click()
    li.get_by_title("没有预算").click()
    dialog.get_by_role("button", name="标为未成交").click()
    expect(li.locator(".toasts")).to_contain_text("已提交审批")
    waits = li.get_by_role("region", name="审批")
    expect(waits).to_contain_text("等 赵敏 审批")
    expect(waits).to_contain_text("没有预算")

    zhao = desk.page("zhao", f"/records/lead/{number}")
    zhao.get_by_role("region", name="审批").get_by_role("button", name="驳回").click()
    dialog = zhao.get_by_role("dialog")
    dialog.get_by_role("button", name="驳回").click()
    expect(dialog.get_by_role("alert")).to_contain_text("写一句原因")
    dialog.get_by_label("为什么驳回").fill("先报一次便宜的方案")
    dialog.get_by_role("button", name="驳回").click()
    expect(zhao.locator(".toasts")).to_contain_text("已驳回")

    waits.get_by_text("以前的审批（1）").click()
    expect(waits).to_contain_text("先报一次便宜的方案")
    assert desk.lead("li", number)["values"]["stage"] == "new"


def test_whoever_asked_may_take_it_back(desk: Desk) -> None:
    li = desk.page("li", "/new/quick_customer", phone=True)
    li.get_by_label("客户名称").fill("北塬影像中心")
    li.get_by_role("button", name="保存").tap()
    li.get_by_role("link", name="看审批进度").tap()
    mine = li.get_by_role("article", name="北塬影像中心")
    mine.get_by_role("button", name="撤回").tap()
    li.get_by_role("dialog").get_by_role("button", name="撤回").tap()
    expect(mine).to_contain_text("已撤回")
    assert customers(desk, "北塬影像中心") == []

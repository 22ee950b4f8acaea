"""What people come to do, done in a real browser; what it changed is read back through the API."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.company import SITE

FIRST_CALL = {
    "call_summary": "客户想换掉旧的眼底相机，嫌维修贵",
    "pain_points": ["维修贵"],
    "next_date": "2030-01-07",
    "next_time": "10:00",
    "next_subject": "做需求诊断",
}

#: A publish runs every scenario of the site first. In milliseconds.
PUBLISHED_WITHIN = 40_000


def card(page: Any, company: str) -> Any:
    """The card of a company on the board."""
    return page.locator(".board-slot").filter(has_text=company)


def column(page: Any, state: str) -> Any:
    """A column of the board."""
    return page.locator(f"#column-{state}")


def lift(page: Any, company: str, state: str) -> None:
    """Take a card and hold it over a column, as a hand with a mouse does."""
    grip, goal = card(page, company), column(page, state)
    grip.scroll_into_view_if_needed()
    start, end = grip.bounding_box(), goal.bounding_box()
    page.mouse.move(start["x"] + 30, start["y"] + start["height"] - 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 60, start["y"] + start["height"], steps=4)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 160, steps=8)
    expect(page.locator(".board-card-lifted")).to_be_visible()


def test_a_one_time_link_signs_in_and_says_so_when_it_was_used(desk: Desk) -> None:
    link = f"/in/{desk.company.engine.people.invite('li')}"
    first = desk.stranger()
    first.goto(link)
    expect(first.get_by_role("heading", name="李强")).to_be_visible()
    second = desk.stranger()
    second.goto(link)
    expect(second.get_by_role("alert")).to_contain_text("已经用过或过期")
    expect(second.get_by_label("也可以粘贴链接或口令")).to_be_visible()


def test_a_salesperson_enters_a_lead_with_three_fields_on_a_phone(desk: Desk) -> None:
    desk.company.lead(company="明远眼科门诊", phone="13700137001", owner=desk.company.ids["li"])
    page = desk.page("li", phone=True)
    page.get_by_role("navigation").get_by_role("link", name="快速录入线索").tap()
    page.get_by_label("客户名称").fill("明远眼科门诊部")
    page.get_by_label("手机号").fill("13700137001")
    similar = page.locator(".similar")
    expect(similar.get_by_text("可能已经有了")).to_be_visible()
    expect(similar.get_by_role("link", name="明远眼科门诊", exact=True)).to_be_visible()
    page.get_by_label("手机号").fill("13700137777")
    page.get_by_label("下次动作").fill("约上门看设备")
    page.get_by_role("radio", name="技术").tap()
    page.get_by_role("button", name="保存").tap()
    expect(page.get_by_role("heading", name="“明远眼科门诊部”已保存")).to_be_visible()
    expect(page.locator(".entry-form")).to_contain_text("为什么给")
    page.get_by_role("link", name="打开这条记录").tap()
    expect(page.locator(".record-owner")).to_contain_text(re.compile("李强|王芳"))
    page.get_by_role("tab", name="为什么").tap()
    expect(page.locator(".why")).to_contain_text("为什么给")
    made = desk.lead("li", int(page.url.rsplit("/", 1)[1]))
    assert made["values"]["buyer_type"] == "technology"
    assert made["links"]["owner"]["title"] in ("李强", "王芳")


def test_a_dragged_card_says_what_is_missing_and_moves_once_it_is_filled_in(desk: Desk) -> None:
    lead = desk.company.lead(company="晨光口腔", phone="13700137002", owner=desk.company.ids["li"])
    page = desk.page("li", "/views/lead_board")
    expect(card(page, "晨光口腔")).to_contain_text("还剩")
    lift(page, "晨光口腔", "called")
    page.mouse.up()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("还差这些，补上就能继续")
    expect(dialog).to_contain_text("未填写通话摘要，不能标记已完成首通电话")
    expect(column(page, "new").get_by_text("晨光口腔")).to_be_visible()
    dialog.get_by_label("通话摘要").fill(FIRST_CALL["call_summary"])
    dialog.get_by_label("客户痛点").fill("维修贵")
    dialog.get_by_label("客户痛点").press("Enter")
    dialog.get_by_label("下次联系日期").fill(FIRST_CALL["next_date"])
    dialog.get_by_label("下次联系日期").press("Enter")
    dialog.get_by_label("下次联系时间").fill(FIRST_CALL["next_time"])
    dialog.get_by_label("下次联系时间").press("Enter")
    dialog.get_by_label("下次动作").fill(FIRST_CALL["next_subject"])
    dialog.get_by_role("button", name="完成首通电话").click()
    expect(dialog).to_be_hidden()
    expect(column(page, "called").get_by_text("晨光口腔")).to_be_visible()
    assert desk.lead("li", lead.id)["values"]["stage"] == "called"


def test_a_card_is_moved_by_its_menu_with_the_keyboard_alone(desk: Desk) -> None:
    lead = desk.company.lead(company="键盘诊所", phone="13700137003", owner=desk.company.ids["li"], **FIRST_CALL)
    page = desk.page("li", "/views/lead_board?q=键盘诊所")
    wanted = "移动“键盘诊所”"
    expect(page.get_by_role("button", name=wanted)).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == wanted:
            break
    expect(page.get_by_role("button", name=wanted)).to_be_focused()
    page.keyboard.press("Enter")
    way = page.get_by_role("menuitem", name="已首通")
    expect(way).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="未成交")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(way).to_be_focused()
    page.keyboard.press("Enter")
    expect(column(page, "called").get_by_text("键盘诊所")).to_be_visible()
    assert desk.lead("li", lead.id)["values"]["stage"] == "called"


def test_who_comes_second_is_told_who_was_first_and_the_card_goes_back(desk: Desk) -> None:
    lead = desk.company.lead(company="抢单医院", phone="13700137004", owner=desk.company.ids["li"], **FIRST_CALL)
    page = desk.page("zhao", "/views/lead_board?q=抢单医院")
    lift(page, "抢单医院", "called")
    version = desk.lead("li", lead.id)["version"]
    path = f"/records/lead/{lead.id}/transitions/complete_first_call"
    desk.call("POST", "li", path, {"values": {}}, version)
    first = desk.lead("li", lead.id)
    page.mouse.up()
    expect(page.locator(".toasts")).to_contain_text("李强")
    expect(page.locator(".toasts")).to_contain_text("有人先动了这张卡片")
    expect(column(page, "called").get_by_text("抢单医院")).to_be_visible()
    assert desk.lead("zhao", lead.id)["version"] == first["version"]


def test_an_edit_in_place_is_marked_until_saved_and_can_be_undone(desk: Desk) -> None:
    lead = desk.company.lead(company="改名前", phone="13700137005", owner=desk.company.ids["li"])
    page = desk.page("li", f"/records/lead/{lead.id}")
    page.get_by_role("button", name="修改“联系人”").click()
    page.get_by_label("联系人").fill("周主任")
    bar = page.get_by_role("region", name="未保存")
    expect(page.locator("[data-field=contact]")).to_contain_text("未保存")
    expect(bar).to_contain_text("1 处修改还没保存")
    bar.get_by_role("button", name="保存").click()
    expect(page.locator("[data-field=contact]")).to_have_text(re.compile("周主任"))
    expect(bar).to_be_hidden()
    assert desk.lead("li", lead.id)["values"]["contact"] == "周主任"
    page.locator(".toasts").get_by_role("button", name="撤销").click()
    expect(page.locator(".toasts")).to_contain_text("已撤销")
    expect(page.locator("[data-field=contact]")).not_to_contain_text("周主任")
    assert desk.lead("li", lead.id)["values"]["contact"] is None


def test_a_number_of_the_dashboard_opens_exactly_its_records(desk: Desk) -> None:
    page = desk.page("zhao", "/dashboards/lead_health")
    expect(page.locator(".dash-layer")).to_have_count(3)
    step = page.locator(".funnel li").first
    number = int(step.locator("b").inner_text().replace(",", ""))
    assert number >= 5
    step.get_by_role("button").click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text(f"{number} 条记录")
    expect(drawer.locator("tbody tr")).to_have_count(number)


def test_operations_see_the_plan_publish_it_and_go_back(desk: Desk) -> None:
    desk.company.lead(company="计时医院", phone="13700137006", owner=desk.company.ids["li"])
    site = desk.company.folder / "site.yaml"
    page = desk.page("admin", "/revisions")
    expect(page.get_by_text("没有待发布的改动，运行的就是最新的。")).to_be_visible()
    site.write_text(SITE + "parameters: {first_call_limit: 8h}\n", "utf-8")
    page.reload()
    plan = page.locator(".panel").filter(has=page.get_by_role("heading", name="待发布的改动"))
    expect(plan).to_contain_text("4h → 8h")
    publish = plan.get_by_role("button", name="发布")
    expect(publish).to_be_disabled()
    plan.get_by_text("按新的时限重新算").click()
    plan.get_by_label("这次改了什么、为什么").fill("旺季放宽首通时限")
    publish.click()
    history = page.locator(".revision-list > li")
    expect(history.filter(has_text="旺季放宽首通时限")).to_contain_text("正在运行", timeout=PUBLISHED_WITHIN)
    history.filter(has_text="第 1 版").get_by_role("button", name="换回这一版").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("退回会放回原样")
    dialog.get_by_role("button", name="换回这一版").click()
    expect(history).to_have_count(3, timeout=PUBLISHED_WITHIN)
    expect(history.first).to_contain_text("正在运行")
    running = desk.call("GET", "admin", "/revisions")["items"][0]
    assert (running["number"], running["current"]) == (3, True), "going back is a revision of its own"

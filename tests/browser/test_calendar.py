"""The calendar and the numbers of the first page, in a real browser."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from engine.facts import SYSTEM
from tests.browser.desk import Desk


def test_a_month_shows_whom_to_contact_and_another_month_is_a_step_away(desk: Desk) -> None:
    today = dt.datetime.now(ZoneInfo("Asia/Shanghai")).date()
    later = (today.replace(day=1) + dt.timedelta(days=40)).replace(day=15)
    made = []
    for number, (company, day) in enumerate((("今天诊所", today), ("下月诊所", later))):
        values = {"next_date": day.isoformat(), "next_time": "10:30", "next_subject": "回访"}
        lead = desk.company.lead(company=company, phone=f"1370013790{number}", owner=desk.company.ids["li"], **values)
        made.append(lead.id)
    page = desk.page("li", "/views/contact_calendar")
    cell = page.locator("td[aria-current=date]")
    expect(cell.get_by_role("link", name="今天诊所")).to_contain_text("10:30")
    expect(page.get_by_role("heading", name=f"{today.year}年{today.month}月")).to_be_visible()
    page.get_by_role("button", name="下个月").click()
    expect(page.get_by_role("heading", name=f"{later.year}年{later.month}月")).to_be_visible()
    page.get_by_role("link", name="下月诊所").click()
    expect(page.get_by_role("heading", name="下月诊所")).to_be_visible()

    phone = desk.page("li", "/views/contact_calendar", phone=True)
    expect(phone.locator(".agenda-today")).to_contain_text("今天诊所")
    phone.get_by_role("link", name=re.compile("今天诊所")).tap()
    expect(phone.get_by_role("heading", name="今天诊所")).to_be_visible()
    for number in made:  # else they stand on the first page that other tests look at
        desk.company.engine.delete(SYSTEM, "lead", number)


def test_a_number_on_the_first_page_opens_its_records(desk: Desk) -> None:
    page = desk.page("zhao")
    numbers = page.locator(".home-tiles .tile")
    expect(numbers.first).to_be_visible()
    tile = numbers.filter(has=page.locator(".headline button")).first
    label = tile.get_by_role("heading").inner_text()
    tile.locator(".headline button").click()
    expect(page.get_by_role("dialog")).to_contain_text(label)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="查看全部数字").click()
    expect(page.get_by_role("heading", name="线索三层看板")).to_be_visible()

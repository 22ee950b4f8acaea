"""Every page in both languages: in English without a Chinese word of ours, on a phone without sideways scrolling."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk

CHINESE = re.compile(r"[^\s\n]*[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+[^\s\n]*")
#: What people wrote themselves, and what was stored of it, stays as it is.
DATA = ("官网", "辽宁", "赵敏", "李强", "王芳", "管理员", "华东组", "理员", "赵", "李", "王", "管")

#: Everything a page says: its text, and what it says to screen readers and on hovering.
SAID = """() => {
  const told = [document.body.innerText, document.title];
  for (const one of document.querySelectorAll("[aria-label], [title], [placeholder]"))
    for (const name of ["aria-label", "title", "placeholder"]) told.push(one.getAttribute(name) || "");
  return told.join("\\n");
}"""

#: The heading of the page that is left is marked, so that the next page's is told from it.
TURN = """path => {
  for (const one of document.querySelectorAll("main.page h1")) one.dataset.left = "yes";
  history.pushState({}, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}"""


def settled(page: Any) -> None:
    """Wait until a page shows what it was asked for."""
    expect(page.locator("main.page h1").first).to_be_visible(timeout=15_000)
    expect(page.locator(".splash, [aria-busy=true]")).to_have_count(0)


def turn_to(page: Any, path: str) -> None:
    """Go to another page as its own links do, without loading everything anew; wait until it is there."""
    if path == "/":
        # The first page has loaded already; its lists come one by one.
        page.wait_for_load_state("networkidle")
    else:
        page.evaluate(TURN, path)
        expect(page.locator("main.page h1:not([data-left])").first).to_be_visible(timeout=15_000)
    settled(page)


def chinese(page: Any) -> list[str]:
    """The Chinese words a page says that nobody entered as data."""
    said = page.evaluate(SAID)
    for word in DATA:
        said = said.replace(word, "")
    return sorted(set(CHINESE.findall(said)))


def paths(desk: Desk, login: str) -> list[str]:
    """The address of every page a person has in menu and home, and of those everybody has."""
    model = desk.call("GET", login, "/model")
    kinds = {"view": "/views/", "dashboard": "/dashboards/", "form": "/new/"}
    found = [kinds[entry["kind"]] + entry["name"] for entry in (*model["menu"], *model["home"])]
    return ["/", *dict.fromkeys(found), "/notifications"]


def test_everything_is_said_in_english_once_the_language_is_switched(desk: Desk) -> None:
    lead = desk.company.lead(company="Bright Eye Clinic", phone="13700137010", owner=desk.company.ids["li"])
    page = desk.page("li")
    page.get_by_role("button", name="李强").click()
    page.get_by_role("menuitem", name="English").click()
    expect(page.get_by_role("link", name="Home")).to_be_visible()
    found = {}
    for path in (
        "/",
        "/views/my_leads?q=Bright",
        "/views/lead_board?q=Bright",
        f"/records/lead/{lead.id}",
        "/new/quick_lead",
    ):
        page.goto(path)
        settled(page)
        if words := chinese(page):
            found[path] = words
    page.goto(f"/records/lead/{lead.id}")
    page.get_by_role("tab", name="Why").click()
    expect(page.locator(".why")).to_be_visible()
    found.update({"why": words} if (words := chinese(page)) else {})
    assert desk.call("GET", "li", "/session")["language"] == "en"
    desk.call("PATCH", "li", "/session", {"language": "zh"})
    assert found == {}


def test_the_pages_for_work_are_in_english_too(desk: Desk) -> None:
    page = desk.page("admin", language="en")
    found = {}
    site = desk.company.folder / "site.yaml"
    written = site.read_text("utf-8")
    # A change that waits to be published: its parameter, too, is called by its English name.
    site.write_text(f"{written}parameters: {{big_budget: 900000}}\n", "utf-8")
    # What was put down in Chinese stays so; these show no such rows.
    for path in (
        "/approvals",
        "/approvals?tab=asked",
        "/inbox?state=skipped",
        "/runs?trigger=nothing",
        "/views/contact_calendar?q=nothing",
        "/import/task",
        "/revisions",
    ):
        page.goto(path)
        settled(page)
        if words := chinese(page):
            found[path] = words
    expect(page.get_by_text("Parameter Budget that counts as large: ")).to_be_visible()
    site.write_text(written, "utf-8")
    desk.call("PATCH", "admin", "/session", {"language": "zh"})
    assert found == {}


@pytest.mark.parametrize(("login", "language"), [("li", "en"), ("zhao", "zh"), ("admin", "en")])
def test_no_page_scrolls_sideways_on_a_phone_or_reports_an_error(desk: Desk, login: str, language: str) -> None:
    lead = desk.company.lead(company="很长的名字" * 8, phone="13700137011", owner=desk.company.ids["li"])
    page = desk.page(login, phone=True, language=language)
    too_wide = {}
    more = ["/approvals", *(["/revisions", "/inbox", "/runs"] if login == "admin" else [])]
    for path in [*paths(desk, login), f"/records/lead/{lead.id}", *more]:
        turn_to(page, path)
        wide, room = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        if wide > room:
            too_wide[path] = wide
    assert too_wide == {}
    assert desk.told == []
    desk.call("PATCH", login, "/session", {"language": "zh"})

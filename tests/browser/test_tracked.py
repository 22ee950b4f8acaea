"""The page customers see, in a real browser: it tells when a person looks, and keeps silent for machines and for who asks it to."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.clock import VirtualClock
from engine.facts import SYSTEM, Event
from engine.runtime import tracking, turn
from studio.app import create_app
from tests.company import SITE, found

AGENT = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36 MicroMessenger/8.0"
#: A browser that is driven says so, and such a one is never counted: a person's does not.
PERSON = "Object.defineProperty(navigator, 'webdriver', {get: () => false})"


@pytest.fixture
def place(chromium: Any, tmp_path: Path, registry: Any) -> Iterator[Any]:
    """``url`` of the page of a sending, ``now()`` what is known of it, ``context(**more)`` a reader's browser."""
    from werkzeug.serving import make_server

    clock = VirtualClock(dt.datetime(2026, 1, 5, 1, tzinfo=dt.UTC))
    company = found(tmp_path / "site", clock, registry, site=SITE + "address: https://crm.example.com\n")
    site, lead = company.engine._site, company.lead(owner=company.ids["li"])
    kept = site.database.write(
        lambda c: site.files.save(c, "报价单.txt", "text/plain", "您好".encode(), clock.now(), None)
    )

    def send(context: Any) -> Any:
        event = Event("changed", "lead", lead.id, context.now)
        trail = tracking.Trail(context)
        trail.told("见 https://example.com/case", True)
        number = trail.begin(event, "quote", "zhou@example.com", "给您的报价")
        tracking.sent(context, number, [kept.id])
        return SimpleNamespace(id=number, page=trail.page)

    made = turn.run(site.parts, site.database, SYSTEM, send).value
    server = make_server("127.0.0.1", 0, create_app(company.engine), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    opened: list[Any] = []

    def context(**more: Any) -> Any:
        opened.append(
            chromium.new_context(user_agent=AGENT, locale="zh-CN", viewport={"width": 360, "height": 740}, **more)
        )
        return opened[-1]

    def now() -> Any:
        with site.database.read() as connection:
            row = connection.one("SELECT opens, clicks, quiet FROM sending WHERE id = ?", (made.id,))
            return tuple(int(each or 0) for each in row)

    url = made.page.replace("https://crm.example.com", f"http://127.0.0.1:{server.port}")
    yield SimpleNamespace(url=url, now=now, context=context)
    for each in opened:
        each.close()
    server.shutdown()
    thread.join(5)
    company.engine.close()


def test_a_person_is_counted_and_a_driven_browser_is_not(place: Any) -> None:
    robot = place.context().new_page()
    robot.goto(place.url)
    robot.wait_for_timeout(1500)
    assert robot.get_by_text("报价单.txt").is_visible() and place.now() == (0, 0, 0)
    context = place.context()
    context.add_init_script(PERSON)
    page = context.new_page()
    thrown: list[Any] = []
    page.on("pageerror", lambda error: thrown.append(error))
    with page.expect_response("**/seen"):
        page.goto(place.url)
    page.wait_for_timeout(200)
    assert place.now() == (1, 0, 0) and thrown == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than a phone"


def test_a_link_leads_on_and_is_counted_and_without_script_it_leads_on_all_the_same(place: Any) -> None:
    context = place.context()
    context.add_init_script(PERSON)
    context.route(
        "https://example.com/**",
        lambda route: route.fulfill(body="<h1>案例</h1>", content_type="text/html; charset=utf-8"),
    )
    page = context.new_page()
    page.goto(f"{place.url}/0")
    page.wait_for_url("https://example.com/case")
    assert place.now() == (1, 1, 0)
    bare = place.context(java_script_enabled=False).new_page()
    bare.goto(f"{place.url}/0")
    assert bare.get_by_role("link", name="https://example.com/case").get_attribute("href") == "https://example.com/case"
    assert place.now() == (1, 1, 0)


def test_who_does_not_want_it_says_so_with_one_click(place: Any) -> None:
    context = place.context()
    context.add_init_script(PERSON)
    page = context.new_page()
    page.goto(place.url)
    page.get_by_role("button", name="不要记录我的访问").click()
    page.get_by_text("不再记录").wait_for()
    page.goto(place.url)
    page.wait_for_timeout(1500)
    assert place.now() == (0, 0, 1)

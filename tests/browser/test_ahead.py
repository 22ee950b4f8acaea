"""The clock slider in a real browser: what would happen if nobody acted, kept as a scenario."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk


def test_the_time_is_pushed_on_for_a_copy_and_what_is_seen_is_kept_as_a_scenario(desk: Desk) -> None:
    lead = desk.company.lead(company="时光眼科", phone="13700137501", owner=desk.company.ids["li"])
    page = desk.page("admin", f"/records/lead/{lead.id}")
    page.get_by_role("tab", name="往后看").click()
    ahead = page.locator(".ahead")
    expect(ahead).to_contain_text("往后 7 天，没人动会怎样")
    expect(ahead.locator(".timeline-entry").first).to_be_visible(timeout=20_000)
    expect(ahead).to_contain_text("待首通")
    expect(ahead).to_contain_text("告诉 李强")

    slider = ahead.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    expect(ahead).to_contain_text("往后 14 天")
    assert desk.lead("admin", lead.id)["version"] == lead.version

    ahead.get_by_role("button", name="存成场景").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("场景名").fill("Wrong Name")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog.get_by_role("alert")).to_contain_text("小写字母开头")
    dialog.get_by_label("场景名").fill("nobody_calls")
    dialog.get_by_role("button", name="保存").click()
    expect(page.locator(".toasts")).to_contain_text("custom/scenario/nobody_calls.yaml")
    kept = desk.company.folder / "custom" / "scenario" / "nobody_calls.yaml"
    assert "advance: 14d" in kept.read_text("utf-8")
    kept.unlink()


def test_a_salesperson_looks_ahead_on_a_phone_and_is_not_offered_to_save(desk: Desk) -> None:
    lead = desk.company.lead(company="远眺口腔", phone="13700137502", owner=desk.company.ids["li"])
    page = desk.page("li", f"/records/lead/{lead.id}", phone=True)
    page.get_by_role("tab", name="往后看").tap()
    ahead = page.locator(".ahead")
    expect(ahead.locator(".timeline-entry").first).to_be_visible(timeout=20_000)
    expect(ahead.get_by_role("button", name="复制成 YAML")).to_be_visible()
    expect(ahead.get_by_role("button", name="存成场景")).to_have_count(0)

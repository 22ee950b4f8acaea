"""Files in a real browser: chosen on a phone, kept with the record, refused with a reason, taken away again."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.desk import Desk

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def contract(page: Any) -> Any:
    """The row of the contract on a record's page, its section opened."""
    row = page.locator('.field-row[data-field="contract"]')
    if row.count() == 0:
        page.get_by_role("button", name="签约 0/").click()
    return row


def test_a_photographed_contract_is_kept_with_the_lead_and_can_be_taken_away(desk: Desk, tmp_path: Path) -> None:
    photo, scrap = tmp_path / "合同照片.png", tmp_path / "备注.exe"
    photo.write_bytes(PICTURE)
    scrap.write_bytes(b"MZ" + bytes(200))
    lead = desk.company.lead(company="山前眼科", phone="13700137301", owner=desk.company.ids["li"])
    page = desk.page("li", f"/records/lead/{lead.id}", phone=True)
    row = contract(page)
    expect(row.get_by_role("button", name="拍照")).to_be_visible()
    expect(row).to_contain_text("最大 50 MB")

    page.get_by_label("合同", exact=True).set_input_files(scrap)
    expect(row.get_by_role("alert")).to_contain_text("备注.exe")
    expect(page.locator(".save-bar")).to_have_count(0)

    page.get_by_label("合同", exact=True).set_input_files(photo)
    expect(row.get_by_role("link", name="合同照片.png")).to_be_visible()
    page.locator(".save-bar").get_by_role("button", name="保存").tap()
    expect(page.locator(".save-bar")).to_have_count(0)
    kept = desk.lead("li", lead.id)
    assert kept["files"]["contract"]["name"] == "合同照片.png"

    with page.expect_download() as coming:
        row.get_by_role("link", name="合同照片.png").tap()
    assert Path(coming.value.path()).read_bytes() == PICTURE

    row.get_by_role("button", name="放大看").tap()
    expect(page.get_by_role("dialog").get_by_role("img", name="合同照片.png")).to_be_visible()
    page.keyboard.press("Escape")
    row.get_by_role("button", name="移除文件").tap()
    page.locator(".save-bar").get_by_role("button", name="保存").tap()
    expect(row.get_by_role("button", name="选择文件")).to_be_visible()
    assert desk.lead("li", lead.id)["values"]["contract"] is None

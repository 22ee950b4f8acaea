"""The connections in a real browser: one that does not work says why, is mended, fetched and uploaded to; a sample is tried."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.connectors.ftp_peer import ftp_server

HEADING = "单位,手机\r\n"


def test_a_connection_that_needs_attention_is_mended_and_fetched_and_a_table_is_handed_over(
    desk: Desk, tmp_path: Path
) -> None:
    page = desk.page("admin", "/connections")
    scans = page.locator(".conn").filter(has_text="展会扫码")
    expect(scans).to_contain_text("要处理")
    expect(scans).to_contain_text("EXPO_FTP：没有设置")
    expect(scans).to_contain_text("secrets.env")
    # The one that needs somebody stands first; a secret's value stands nowhere.
    expect(page.locator(".conn").first).to_contain_text("展会扫码")
    assert desk.secret not in page.content()
    with ftp_server(tmp_path / "ftp", port=desk.ftp) as peer:
        peer.put("a.csv", HEADING + "连接一号医院,13700137501\r\n连接二号医院,1380\r\n")
        peer.put("a.csv.ok", b"")
        with (desk.company.folder / "secrets.env").open("a", encoding="utf-8") as secrets:
            secrets.write("EXPO_FTP=口令\n")
        scans.get_by_role("button", name="问问通不通").click()
        expect(scans).to_contain_text("通了：1 ×")
        scans.get_by_role("button", name="现在去取").click()
        expect(scans).to_contain_text("取完了，新来 2 条。")
        expect(scans.locator(".conn-state")).to_contain_text("正常")
        expect(scans).to_contain_text("收下 1 条")
    # And on a phone, in English, the sheet somebody brings.
    phone = desk.page("admin", "/connections", phone=True, language="en")
    sheet = phone.locator(".conn").filter(has_text="Weekly sheet")
    table = {"name": "week.csv", "mimeType": "text/csv", "buffer": (HEADING + "连接三号医院,13700137503\r\n").encode()}
    sheet.get_by_role("button", name="Try a sample").tap()
    dialog = phone.get_by_role("dialog")
    dialog.get_by_label("As it would come").fill(HEADING + "连接三号医院,13700137503\r\n")
    dialog.get_by_role("button", name="See what would come").tap()
    expect(dialog).to_contain_text("A new record would be made")
    dialog.get_by_role("button", name="Close").last.tap()
    sheet.locator("input[type=file]").set_input_files(table)  # type: ignore[arg-type]
    expect(sheet).to_contain_text("1 new, 0 known, 0 for somebody to look at.")
    # What cannot be used waits in that connection's inbox.
    desk.call("PATCH", "admin", "/session", {"language": "zh"})
    page.reload()
    scans.get_by_role("link", name="1 条要处理").click()
    expect(page.locator(".run-row")).to_have_count(1)
    expect(page.locator(".run-row")).to_contain_text("连接二号医院")
    nobody = desk.page("li", "/connections")
    expect(nobody.get_by_role("navigation").get_by_role("link", name="连接")).to_have_count(0)
    assert nobody.locator(".conn").count() == 0

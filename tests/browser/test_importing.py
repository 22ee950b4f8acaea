"""A file goes in by the page, and out again, in a real browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk

ROWS = "2026 年眼科展名单\n单位,姓名,联系电话,渠道\n导入甲医院,林明,13805719001,展会\n导入乙口腔,许佳宁,13816009002,官网\n导入丙影像,何文博,1381600,展会\n"


def test_a_file_is_mapped_checked_mended_taken_in_and_taken_back(desk: Desk) -> None:
    page = desk.page("admin", "/views/all_leads")
    page.get_by_role("button", name="导入").click()
    expect(page.get_by_role("heading", name="导入线索")).to_be_visible()
    sheet = {"name": "展会.csv", "mimeType": "text/csv", "buffer": ROWS.encode("gb18030")}
    page.locator("input[type=file]").set_input_files(sheet)

    # What was recognised: encoding, the row of the names, and what each column means.
    expect(page.get_by_text("GB18030，3 行")).to_be_visible()
    expect(page.get_by_label("列名在第几行")).to_have_value("2")
    expect(page.get_by_text("叫法不同，是一回事").first).to_be_visible()
    page.get_by_role("combobox", name="“姓名”放进哪个字段").click()
    page.get_by_title("不导入", exact=True).last.click()
    page.get_by_role("button", name="检查一遍").click()

    rows = page.get_by_role("region", name="要看一眼的行")
    expect(rows.get_by_text("第 5 行", exact=True)).to_be_visible()
    cell = rows.get_by_label("第 5 行的“联系电话”")
    cell.fill("13816009003")
    cell.press("Enter")
    expect(page.get_by_text("每一行都没有问题")).to_be_visible()
    page.get_by_role("button", name="导入这 3 条").click()

    records = page.get_by_role("region", name="导入的记录")
    expect(records.get_by_role("link", name="导入甲医院")).to_be_visible()
    page.get_by_role("button", name="撤销这次导入").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("3 条新建的放进回收站")).to_be_visible()
    dialog.get_by_role("button", name="撤销这次导入").click()
    expect(page.get_by_text("已撤销", exact=True)).to_be_visible()
    expect(records.get_by_text("已撤回").first).to_be_visible()

    phone = desk.page("admin", "/import/lead", phone=True, language="en")
    expect(phone.get_by_role("link", name="展会.csv")).to_be_visible()
    phone.get_by_role("link", name="展会.csv").click()
    expect(phone.get_by_text("Undone", exact=True)).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390

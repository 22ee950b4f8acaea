"""A file is looked at, arranged, tried, taken in, stopped and taken back through the page's own addresses."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.api import Look
from engine.facts import SYSTEM
from engine.site import attachments, carrying, imports
from engine.site.taking import Taker
from studio.app import create_app
from tests.company import Company

GBK = "单位,姓名,联系电话,渠道,预算\n锐视眼科,林明,13805710001,展会,200000\n和光口腔,许佳宁,13816000002,官网,\n东篱影像,何文博,1381600,展会,80000\n"


def workbook(rows: list[list[Any]], second: str = "") -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if second:
        book.create_sheet(second).append(["company", "phone"])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


class Page:
    """What the page does, with one person's rights."""

    def __init__(self, client: FlaskClient, headers: dict[str, str], company: Company) -> None:
        self.client, self.headers, self.company = client, headers, company

    def send(self, content: bytes | str, name: str = "展会.csv", status: int = 201) -> Any:
        body = content.encode("gb18030") if isinstance(content, str) else content
        data = {"file": (io.BytesIO(body), name)}
        answer = self.client.post("/api/v1/imports/lead", data=data, headers=self.headers)
        assert answer.status_code == status, answer.json
        return answer.json

    def ask(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        answer = self.client.open(f"/api/v1/imports{path}", method=method, json=body, headers=self.headers)
        assert status is None or answer.status_code == status, answer.json
        return answer.json

    def go(self, number: int, what: str) -> Any:
        self.ask("POST", f"/{number}/{what}", {}, 202)
        self.company.engine.runs.work()
        return self.ask("GET", f"/{number}")


@pytest.fixture
def page(company: Company, client: FlaskClient) -> Page:
    return Page(client, company.token("admin"), company)


def count(company: Company) -> int:
    return company.engine.list(SYSTEM, "lead", Look(limit=1), counted=True).count or 0


def test_fault_052_a_gbk_file_is_recognised_and_its_columns_find_their_fields(page: Page) -> None:
    made = page.send(GBK)
    assert (made["state"], made["total"], made["found"]["encoding"]) == ("draft", 3, "gb18030")
    assert made["plan"]["map"] == {
        "company": "单位",
        "contact": "姓名",
        "phone": "联系电话",
        "source": "渠道",
        "budget": "预算",
    }
    assert made["found"]["why"]["phone"] == "same"
    assert made["found"]["columns"][0] == {"name": "单位", "samples": ["锐视眼科", "和光口腔", "东篱影像"]}
    assert "source_tag" not in made["fields"] and "stage" not in made["fields"]


def test_a_workbook_with_a_title_over_its_heading_and_two_sheets(page: Page) -> None:
    rows = [["2026 年展会名单"], [], ["序号", "公司", "手机"], [1, "甲", 13800138000], [2, "乙", "13800138001"]]
    made = page.send(workbook(rows, "备用"), "名单.xlsx")
    assert (made["found"]["heading"], made["found"]["sheet"], made["found"]["sheets"]) == (
        3,
        "Sheet",
        ["Sheet", "备用"],
    )
    assert made["plan"]["map"] == {"company": "公司", "phone": "手机"}
    other = page.ask("PATCH", f"/{made['number']}", {"sheet": "备用"}, 200)
    assert [column["name"] for column in other["found"]["columns"]] == ["company", "phone"]
    page.ask("PATCH", f"/{made['number']}", {"sheet": "Sheet"}, 200)
    done = page.go(made["number"], "start")
    assert (done["state"], done["counts"]["created"]) == ("done", 2)
    assert page.ask("GET", f"/{made['number']}/records")["items"][0]["title"] == "甲"


def test_a_trial_counts_writes_nothing_and_says_row_column_and_reason(page: Page, company: Company) -> None:
    number = page.send(GBK)["number"]
    page.ask("POST", f"/{number}/check", {}, 202)
    assert page.ask("GET", f"/{number}")["state"] == "checking"
    company.engine.runs.work()
    tried = page.ask("GET", f"/{number}")
    assert (tried["state"], tried["done"], tried["counts"]) == (
        "checked",
        3,
        {"created": 2, "matched": 0, "bad": 1, "twins": 0},
    )
    assert count(company) == 0
    rows = page.ask("GET", f"/{number}/rows")
    assert [(each["row"], each["problems"][0]["code"], each["problems"][0]["column"]) for each in rows["items"]] == [
        (4, "R031", "联系电话")
    ]
    assert [(each["kind"], each["count"]) for each in rows["kinds"]] == [("R031:phone", 1)]
    english = page.client.get(f"/api/v1/imports/{number}/rows", headers={**page.headers, "Accept-Language": "en"}).json
    assert english["items"][0]["cells"]["单位"] == "东篱影像"


def test_a_bad_cell_is_corrected_in_place_before_and_after(page: Page, company: Company) -> None:
    made = page.send(GBK + "西山眼科,周,12,展会,\n")
    number = made["number"]
    page.go(number, "check")
    mended = page.ask("PATCH", f"/{number}/rows/4", {"cells": {"联系电话": "13816000009"}}, 200)
    assert mended["problems"] == []
    assert page.ask("GET", f"/{number}")["counts"] == {"created": 3, "matched": 0, "bad": 1, "twins": 0}
    assert count(company) == 0
    done = page.go(number, "start")
    assert (done["counts"]["created"], done["counts"]["bad"], count(company)) == (3, 1, 3)
    after = page.ask("PATCH", f"/{number}/rows/5", {"cells": {"联系电话": "13816000010"}}, 200)
    assert (after["action"], count(company)) == ("created", 4)
    assert page.ask("GET", f"/{number}")["counts"]["bad"] == 0
    refused = page.ask("PATCH", f"/{number}/rows/5", {"cells": {"联系电话": "1"}}, 409)
    assert (refused["code"], refused["title"]) == ("I067", "第 5 行没有问题,不用改")
    wrong = page.send("公司,手机\n甲,1\n")["number"]
    page.go(wrong, "check")
    assert page.ask("PATCH", f"/{wrong}/rows/2", {"cells": {"电话": "1"}}, 400)["code"] == "I006"


def test_what_is_there_is_updated_and_a_row_twice_in_the_file_is_no_second_record(
    page: Page, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "LOT", 1)  # every row in a lot of its own: a trial must remember the lots before
    company.lead(phone="13800138000")
    number = page.send("公司,手机,联系人\n锐视,13800138000,周\n甲,13800138001,\n甲,13800138001,吴\n")["number"]
    page.ask("PATCH", f"/{number}", {"match_on": ["phone"], "set": {"source": "expo"}}, 200)
    assert page.go(number, "check")["counts"] == {"created": 1, "matched": 2, "bad": 0, "twins": 0}
    assert page.go(number, "start")["counts"] == {"created": 1, "matched": 2, "bad": 0, "twins": 0}
    assert count(company) == 2
    assert {each["action"] for each in page.ask("GET", f"/{number}/records")["items"]} == {"created", "matched"}


def test_rows_that_look_like_a_record_are_told_before_anything_is_written(page: Page, company: Company) -> None:
    company.lead(company="锐视光学有限公司", phone="13800138000")
    number = page.send("公司,手机\n锐视光学,13800138000\n")["number"]
    assert page.go(number, "check")["counts"] == {"created": 1, "matched": 0, "bad": 0, "twins": 1}
    twin = page.ask("GET", f"/{number}/rows")["items"][0]
    assert (twin["action"], twin["problems"][0]["code"]) == ("twin", "I062")
    assert twin["problems"][0]["message"].startswith("和已有的「锐视光学有限公司」(#1)很像:")


def test_a_unique_value_twice_in_a_file_is_found_across_lots(
    page: Page, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "LOT", 1)
    data = {"file": (io.BytesIO("login,name\nqian,钱\nqian,钱二\n".encode()), "people.csv")}
    made = page.client.post("/api/v1/imports/user", data=data, headers=page.headers).json
    assert page.go(made["number"], "check")["counts"]["bad"] == 1
    problem = page.ask("GET", f"/{made['number']}/rows")["items"][0]["problems"][0]
    assert problem["code"] == "I061"
    assert problem["message"].endswith("「qian」和文件第 2 行的一样,不能重复")


def test_fault_074_a_worker_that_dies_is_followed_by_one_that_goes_on_behind_its_last_lot(
    page: Page, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"客户{n:03d},138{n:08d}\n" for n in range(250))
    number = page.send("公司,手机\n" + lines)["number"]
    take, lots = Taker.take, []

    def once(self: Any, rows: Any, keep: Any) -> Any:
        if lots:
            raise KeyboardInterrupt
        lots.append(1)
        return take(self, rows, keep)

    monkeypatch.setattr(Taker, "take", once)
    page.ask("POST", f"/{number}/start", {}, 202)
    with pytest.raises(KeyboardInterrupt):
        company.engine.runs.work()
    monkeypatch.undo()
    half = page.ask("GET", f"/{number}")
    assert (half["state"], half["done"], count(company)) == ("running", 100, 100)
    company.clock.advance(carrying.LEASE * 2)
    company.engine.runs.work()
    done = page.ask("GET", f"/{number}")
    assert (done["state"], done["counts"]["created"], count(company)) == ("done", 250, 250)


def test_one_that_was_stopped_goes_on_where_it_ended(
    page: Page, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"客户{n:03d},138{n:08d}\n" for n in range(150))
    number = page.send("公司,手机\n" + lines)["number"]
    take = Taker.take

    def stopped(self: Any, rows: Any, keep: Any) -> Any:
        done = take(self, rows, keep)
        page.ask("POST", f"/{number}/stop", {}, 200)
        return done

    monkeypatch.setattr(Taker, "take", stopped)
    half = page.go(number, "start")
    monkeypatch.undo()
    assert (half["state"], half["done"]) == ("stopped", 100)
    refused = page.ask("POST", f"/{number}/stop", {}, 409)
    assert refused["code"] == "I064"
    assert refused["title"] == f"第 {number} 次导入现在不能这样做:它正在进行,或已经做完了"
    done = page.go(number, "start")
    assert (done["state"], done["counts"]["created"], count(company)) == ("done", 150, 150)


def test_the_rows_that_were_not_taken_come_back_as_a_file_excel_runs_nothing_of(page: Page) -> None:
    number = page.send("公司,手机,备注\n甲,13800138000,\n=1+1,12,@cmd\n")["number"]
    page.go(number, "start")
    answer = page.client.get(f"/api/v1/imports/{number}/errors.csv", headers=page.headers)
    text = answer.get_data().decode("utf-8")
    assert text.startswith("\ufeff行,原因,公司,手机,备注\r\n3,")
    assert text.rstrip().endswith("'=1+1,12,'@cmd")
    assert "filename*=UTF-8''%E5%B1%95%E4%BC%9A-" in answer.headers["Content-Disposition"]


def test_undo_says_first_what_cannot_be_taken_back(page: Page, company: Company) -> None:
    number = page.send(GBK)["number"]
    page.ask("PATCH", f"/{number}", {"set": {"owner": "李强"}}, 200)
    page.go(number, "start")
    touched = page.ask("GET", f"/{number}/records")["items"][0]["id"]
    company.engine.update(SYSTEM, "lead", touched, {"contact": "周"})
    lost = page.ask("GET", f"/{number}/undo")
    assert (lost["created"], lost["changed"]["count"], lost["changed"]["items"][0]["id"]) == (1, 1, touched)
    assert lost["told"] >= 1
    done = page.go(number, "undo")
    assert (done["state"], count(company)) == ("undone", 1)
    by_action = {each["action"]: each for each in page.ask("GET", f"/{number}/records")["items"]}
    assert by_action["left"]["id"] == touched and by_action["left"]["why"]
    assert page.ask("POST", f"/{number}/undo", {}, 409)["code"] == "I011"


def test_a_file_that_was_taken_in_before_is_asked_about_and_arranged_as_the_last_time(page: Page) -> None:
    first = page.send(GBK)["number"]
    page.ask("PATCH", f"/{first}", {"map": {"company": "单位", "contact": "渠道"}}, 200)
    page.go(first, "start")
    second = page.send(GBK)
    assert second["before"]["number"] == first
    assert (second["plan"]["map"], second["found"]["why"]["contact"]) == (
        {"company": "单位", "contact": "渠道"},
        "before",
    )
    refused = page.ask("POST", f"/{second['number']}/start", {}, 409)
    assert refused["code"] == "I012"
    page.ask("POST", f"/{second['number']}/start", {"again": True}, 202)


def test_what_cannot_be_filled_or_is_not_there_is_named(page: Page) -> None:
    number = page.send(GBK)["number"]
    refused = page.ask("PATCH", f"/{number}", {"map": {"compny": "单位", "source_tag": "渠道"}}, 400)
    assert [(each["code"], each.get("suggestion")) for each in refused["problems"]] == [
        ("I014", "company"),
        ("I066", None),
    ]
    assert refused["problems"][1]["message"] == "「来源标签」不能从文件里导入"
    assert page.ask("PATCH", f"/{number}", {"map": {"company": "公司"}}, 400)["code"] == "I006"
    assert page.ask("PATCH", f"/{number}", {"map": {}}, 200)["plan"]["map"] == {}
    assert page.ask("POST", f"/{number}/start", {}, 400)["code"] == "I007"
    assert page.send(workbook([["公司", "手机"]]), "a.xlsx")["total"] == 0
    assert page.send(b"\xff\xfe\x00", "x.csv", 422)["code"] == "I001"


def test_a_sheet_that_is_not_there_and_a_file_that_is_gone(page: Page, company: Company) -> None:
    number = page.send(workbook([["公司", "手机"], ["甲", "13800138000"]]), "a.xlsx")["number"]
    refused = page.ask("PATCH", f"/{number}", {"sheet": "没有"}, 422)
    assert (refused["code"], refused["title"]) == ("I060", "这个工作簿里没有「没有」这张表")
    for path in Path(company.folder / "flowloom.files").rglob("*"):
        if path.is_file():
            path.unlink()
    half = page.go(number, "start")
    assert (half["state"], "a.xlsx" in half["error"]) == ("stopped", True)
    company.engine._site.database.write(lambda c: c.execute("UPDATE fl_imports SET upload = NULL"))
    assert page.go(number, "start")["error"] == f"第 {number} 次导入的文件已经清掉了(导入结束 30 天后清理)"
    assert page.ask("GET", "?entity=lead")["items"][0]["state"] == "stopped"  # I065


def test_only_who_may_import_sees_imports_and_only_their_own(page: Page, company: Company, client: FlaskClient) -> None:
    number = page.send(GBK)["number"]
    assert Page(client, company.token("li"), company).ask("GET", f"/{number}", status=403)["code"] == "A008"
    values = {"login": "ops", "name": "周", "roles": ["operations"]}
    company.engine.create(SYSTEM, "user", values)
    other = Page(client, company.token("ops"), company)
    assert other.ask("GET", f"/{number}", status=404)["code"] == "I010"
    assert other.ask("GET", "")["items"] == []
    page.ask("DELETE", f"/{number}", status=204)
    assert page.ask("GET", "")["items"] == []


def test_a_twin_one_may_not_see_is_only_said_to_be_there(company: Company, client: FlaskClient) -> None:
    company.lead(company="锐视光学有限公司", phone="13800138000", owner=company.ids["wang"])
    role = "kind: role\nname: desk\nlabel: {zh: 前台, en: Desk}\nmay: [import]\ncan: {lead: {read: owner == me, create: true}}\n"
    (company.folder / "custom" / "desk.yaml").write_text(role, "utf-8")
    company.engine.revisions.publish("前台")
    company.engine.create(SYSTEM, "user", {"login": "desk", "name": "前台", "roles": ["desk"]})
    page = Page(client, company.token("desk"), company)
    number = page.send("公司,手机\n锐视光学,13800138000\n")["number"]
    page.go(number, "check")
    problem = page.ask("GET", f"/{number}/rows")["items"][0]["problems"][0]
    assert problem["code"] == "I063"
    assert problem["message"].startswith("和已有的一条很像(您没有权限看它):") and "有限公司" not in problem["message"]


def test_the_whole_way_is_the_same_on_every_database(company_anywhere: Company) -> None:
    page = Page(create_app(company_anywhere.engine).test_client(), company_anywhere.token("admin"), company_anywhere)
    number = page.send(GBK)["number"]
    assert page.go(number, "check")["counts"] == {"created": 2, "matched": 0, "bad": 1, "twins": 0}
    assert page.ask("GET", f"/{number}/rows?kind=R031:phone")["items"][0]["row"] == 4
    page.ask("PATCH", f"/{number}/rows/4", {"cells": {"联系电话": "13816000009"}}, 200)
    assert page.go(number, "start")["counts"] == {"created": 3, "matched": 0, "bad": 0, "twins": 0}
    assert page.ask("GET", f"/{number}/undo")["created"] == 3
    done = page.go(number, "undo")
    assert (done["state"], count(company_anywhere)) == ("undone", 0)
    assert page.ask("GET", "?entity=lead")["items"][0]["number"] == number
    kept = page.client.post(
        "/api/v1/filters",
        json={"entity": "lead", "name": "展会", "search": "q=a", "shared": True},
        headers=page.headers,
    )
    assert kept.status_code == 201
    assert page.client.get("/api/v1/filters?entity=lead", headers=page.headers).json["items"][0]["shared"] is True


def test_files_nobody_went_on_with_and_cells_of_old_imports_are_cleared(page: Page, company: Company) -> None:
    done = page.send(GBK)["number"]
    page.go(done, "start")
    draft = page.send("公司,手机\n甲,1\n")["number"]
    company.clock.advance(dt.timedelta(days=2))
    attachments.sweep(company.engine._site)
    assert page.ask("GET", f"/{draft}", status=404)["code"] == "I010"
    assert page.ask("GET", f"/{done}/rows")["items"][0]["cells"]["联系电话"] == "1381600"
    files = "SELECT COUNT(*) FROM fl_files"
    assert company.engine._site.database.write(lambda c: c.scalar(files)) == 1
    company.clock.advance(dt.timedelta(days=30))
    page.headers = company.token("admin")
    attachments.sweep(company.engine._site)
    assert page.ask("GET", f"/{done}/rows")["items"][0]["cells"] == {}
    assert page.ask("GET", f"/{done}")["counts"]["created"] == 2
    assert company.engine._site.database.write(lambda c: c.scalar(files)) == 0


def test_a_file_that_is_too_large_is_refused_before_it_is_read(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST", 100)
    refused = page.send("公司,手机\n" + "甲,1\n" * 100, status=413)
    assert refused["code"] == "R180"


def test_an_import_by_the_command_is_listed_and_not_stopped_from_a_page(
    page: Page, company: Company, tmp_path: Path
) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("company,phone\n锐视,13805710001\n东篱,138\n", "utf-8")
    company.engine.import_file(company.actor("admin"), path, "lead")
    found = page.ask("GET", "?entity=lead")["items"][0]
    assert (found["by_command"], found["state"], found["counts"]["bad"]) == (True, "done", 1)
    assert page.ask("POST", f"/{found['number']}/stop", {}, 409)["code"] == "I064"
    text = page.client.get(f"/api/v1/imports/{found['number']}/errors.csv", headers=page.headers).get_data(as_text=True)
    assert text.splitlines()[1].endswith("东篱,138")

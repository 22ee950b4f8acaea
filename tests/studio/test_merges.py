"""Merging over HTTP: side by side, chosen, redirected, undone; on both databases, also two at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.facts import SYSTEM
from tests.company import Company


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """Everything here holds on both databases."""
    return company_anywhere


@pytest.fixture
def pair(company: Company) -> tuple[int, int]:
    """Two leads of one customer; the second has an interaction."""
    one = company.lead(company="锐视光学", owner=company.ids["li"])
    other = company.lead(company="锐视光学有限公司", phone="13911112222", contact="张伟", owner=company.ids["li"])
    company.engine.create(SYSTEM, "user", {"login": "yun", "name": "云英", "roles": ["operations"]})
    company.engine.create(SYSTEM, "interaction", {"lead": other.id, "channel": "call", "summary": "聊过一次"})
    return one.id, other.id


def test_side_by_side_then_one_then_two_again(company: Company, client: FlaskClient, pair: tuple[int, int]) -> None:
    one, other = pair
    headers = company.token("yun")
    look = client.get(f"/api/v1/records/lead/{one}/merge?other={other}", headers=headers)
    assert look.status_code == 200, look.json
    sides = {side["name"]: side for side in look.json["fields"]}
    assert (sides["contact"]["theirs"], sides["contact"]["choice"]) == ("张伟", "theirs")
    assert (sides["company"]["mine_shown"], sides["company"]["choice"]) == ("锐视光学", "mine")
    assert {(link["entity"], link["count"]) for link in look.json["links"]} >= {("interaction", 1)}
    versions = {"mine": look.json["record"]["version"], "theirs": look.json["other"]["version"]}
    body = {"other": other, "choose": {"company": "theirs"}, "versions": versions}
    done = client.post(f"/api/v1/records/lead/{one}/merge", json=body, headers=headers)
    assert done.status_code == 200, done.json
    assert done.json["record"]["values"]["company"] == "锐视光学有限公司"
    assert done.json["merge"]["moved"]["links"] >= 1
    listed = client.get(f"/api/v1/records/lead/{one}/merges", headers=headers).json["items"]
    assert [(each["other"], each["can_undo"]) for each in listed] == [(other, True)]
    gone = client.get(f"/api/v1/records/lead/{other}", headers=headers)
    assert (gone.status_code, gone.headers["Location"]) == (308, f"/api/v1/records/lead/{one}")
    assert gone.json["moved_to"] == {"entity": "lead", "id": one}
    written = client.patch(f"/api/v1/records/lead/{other}", json={"values": {"contact": "x"}}, headers=headers)
    assert (written.status_code, written.json["code"]) == (410, "R240")
    undone = client.post(f"/api/v1/merges/{listed[0]['number']}/undo", headers=headers)
    assert undone.status_code == 200, undone.json
    assert undone.json["record"]["values"]["company"] == "锐视光学"
    assert undone.json["other"]["values"]["contact"] == "张伟"
    assert undone.json["kept"] == []
    assert client.get(f"/api/v1/records/lead/{other}", headers=headers).status_code == 200


def test_what_is_wrong_with_a_request_is_said(company: Company, client: FlaskClient, pair: tuple[int, int]) -> None:
    one, other = pair
    headers = company.token("yun")
    url = f"/api/v1/records/lead/{one}/merge"
    cases: list[tuple[Any, int, str]] = [
        ({"other": one}, 422, "R241"),
        ({"other": other, "choose": {"company": "both"}}, 422, "R242"),
        ({"other": other, "versions": {"mine": 99, "theirs": 99}}, 412, "R063"),
        ({"other": "x"}, 400, "H012"),
        ({"other": other, "pick": 1}, 400, "H014"),
        ({"other": 999_999}, 404, "R052"),
    ]
    for body, status, code in cases:
        answer = client.post(url, json=body, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (status, code), body
    assert client.post("/api/v1/merges/77/undo", headers=headers).json["code"] == "R243"
    assert client.get(f"/api/v1/records/lead/{one}", headers=headers).status_code == 200


def test_who_may_not_see_or_delete_may_not_merge(company: Company, client: FlaskClient, pair: tuple[int, int]) -> None:
    one, other = pair
    answer = client.post(f"/api/v1/records/lead/{one}/merge", json={"other": other}, headers=company.token("wang"))
    assert answer.status_code in (403, 404)
    assert client.get(f"/api/v1/records/lead/{other}", headers=company.token("zhao")).status_code == 200


def test_of_two_who_merge_one_record_at_once_one_is_told_where_it_went(company: Company, pair: tuple[int, int]) -> None:
    one, other = pair
    third = company.lead(company="第三家", phone="13733334444").id
    results: list[Any] = []
    start = threading.Barrier(3)

    def run(record: int, gone: int) -> None:
        start.wait()
        try:
            results.append(company.engine.merging.merge(SYSTEM, "lead", record, gone)["merge"]["record"])
        except Exception as error:
            results.append(type(error).__name__)

    threads = [threading.Thread(target=run, args=each) for each in ((one, other), (third, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([each for each in results if isinstance(each, int)]) + results.count("Moved") == 3, results
    with company.engine._site.database.read() as connection:
        rows = connection.execute("SELECT other FROM fl_merges WHERE state = 'done'")
    assert len(rows) == len({row[0] for row in rows}) == len([each for each in results if isinstance(each, int)])

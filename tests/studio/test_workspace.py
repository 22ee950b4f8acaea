"""Boards, the model, imports, revisions and messages over HTTP."""

from __future__ import annotations

import datetime as dt

from flask.testing import FlaskClient

from tests.company import SITE, Company


def test_the_model_is_cut_to_the_reader(company: Company, client: FlaskClient) -> None:
    admin = client.get("/api/v1/model", headers=company.token("admin")).json
    sales = client.get("/api/v1/model", headers=company.token("li")).json
    assert admin["entities"]["lead"]["can"]["delete"] is True
    assert sales["entities"]["lead"]["can"]["delete"] is False
    assert sales["menu"] and sales["home"]
    assert [s["name"] for s in sales["machines"]["lead_stage"]["states"]][:2] == ["new", "called"]
    stage = next(f for f in sales["entities"]["lead"]["fields"] if f["name"] == "stage")
    assert stage["read_only"] is True


def test_a_board_has_a_column_a_state_and_a_card_moves_when_nothing_is_missing(
    company: Company, client: FlaskClient
) -> None:
    lead = company.lead(owner=company.ids["li"])
    headers = company.token("li")
    columns = {c["state"]: c for c in client.get("/api/v1/boards/lead_board", headers=headers).json["columns"]}
    assert columns["new"]["count"] == 1
    assert columns["new"]["items"][0]["id"] == lead.id
    values = {
        "call_summary": "客户想换掉旧的眼底相机，嫌维修贵",
        "pain_points": ["维修贵"],
        "next_date": "2026-01-06",
        "next_time": "10:00",
        "next_subject": "做需求诊断",
    }
    moved = client.post(
        f"/api/v1/records/lead/{lead.id}/transitions/complete_first_call",
        json={"values": values},
        headers={**headers, "If-Match": f'"{columns["new"]["items"][0]["version"]}"'},
    )
    assert moved.status_code == 200, moved.json
    columns = {c["state"]: c for c in client.get("/api/v1/boards/lead_board", headers=headers).json["columns"]}
    assert (columns["new"]["count"], columns["called"]["count"]) == (0, 1)


def test_fault_053_the_second_to_move_a_card_is_told_who_was_first(company: Company, client: FlaskClient) -> None:
    lead = company.lead(owner=company.ids["li"])
    url = f"/api/v1/records/lead/{lead.id}/transitions/give_up"
    seen = f'"{client.get(f"/api/v1/records/lead/{lead.id}", headers=company.token("li")).json["version"]}"'
    body = {"values": {"lost_reason": "price"}}
    reasons = client.get("/api/v1/model", headers=company.token("li")).json["entities"]["lead"]["fields"]
    choice = next(f for f in reasons if f["name"] == "lost_reason")["choices"][0]["name"]
    body["values"]["lost_reason"] = choice
    first = client.post(url, json=body, headers={**company.token("li"), "If-Match": seen})
    assert first.status_code == 200, first.json
    second = client.post(url, json=body, headers={**company.token("zhao"), "If-Match": seen})
    assert second.status_code == 409
    assert "李强" in second.json["title"]
    assert "未成交" in second.json["title"]


def test_the_timeline_and_the_reasons_name_rule_file_and_line(company: Company, client: FlaskClient) -> None:
    lead = company.lead()
    headers = company.token("zhao")
    why = client.get(f"/api/v1/records/lead/{lead.id}/why", headers=headers).json
    assert why["owner"]["chosen"] == lead["owner"]
    assert why["owner"]["where"].startswith("builtin_flows/crm/assignment/")
    assert len(why["owner"]["candidates"]) == 2
    assert why["runs"]
    told = client.get(f"/api/v1/records/lead/{lead.id}/timeline", headers=headers).json["items"]
    assert {entry["kind"] for entry in told} >= {"created", "assigned"}
    not_run = client.get(f"/api/v1/records/lead/{lead.id}/why-not/douyin_by_hospital", headers=headers).json
    assert not_run["conditions"] and not all(part["holds"] for part in not_run["conditions"])


def test_m43_likely_duplicates_are_shown_while_typing(company: Company, client: FlaskClient) -> None:
    company.lead(company="锐视光学有限公司")
    query = {"company": "锐视光学", "phone": "13800138000"}
    found = client.get("/api/v1/duplicates/lead", query_string=query, headers=company.token("zhao")).json["items"]
    assert found[0]["score"] >= 0.85
    assert found[0]["record"]["title"]
    assert found[0]["reasons"]


def test_only_who_may_publish_plans_publishes_and_goes_back(company: Company, client: FlaskClient) -> None:
    company.lead()
    (company.folder / "site.yaml").write_text(SITE + "parameters: {first_call_limit: 8h}\n", "utf-8")
    assert client.get("/api/v1/revisions/plan", headers=company.token("li")).status_code == 403
    headers = company.token("admin")
    plan = client.get("/api/v1/revisions/plan", headers=headers).json
    assert plan["clocks"][0]["title"] == "锐视光学"
    asked = client.post("/api/v1/revisions", json={"note": "旺季"}, headers=headers)
    assert (asked.status_code, asked.json["code"]) == (422, "M030")
    done = client.post("/api/v1/revisions", json={"note": "旺季", "choices": {"timers": "change"}}, headers=headers)
    assert done.status_code == 201, done.json
    back = client.post("/api/v1/revisions/1/current", json={"choices": {"timers": "keep"}}, headers=headers)
    assert back.json["number"] == 3


def test_people_are_told_of_a_missed_deadline_and_mark_it_read(company: Company, client: FlaskClient) -> None:
    lead = company.lead(owner=company.ids["li"])
    for _ in range(24):  # a day without an outage: what comes late after one is told in a digest
        company.clock.advance(dt.timedelta(hours=1))
        company.engine.tick()
    headers = company.token("zhao")
    told = client.get("/api/v1/notifications", headers=headers).json
    assert told["unread"] == len(told["items"]) >= 1
    assert {one["record"] for one in told["items"]} == {lead.id}
    client.post("/api/v1/notifications/read", json={}, headers=headers)
    assert client.get("/api/v1/changes", headers=headers).json["unread"] == 0

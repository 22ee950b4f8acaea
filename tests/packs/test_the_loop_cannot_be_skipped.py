"""M20: the five nodes, and every path by which somebody might go round them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from engine.errors import Refused
from engine.facts import SYSTEM
from studio.app import create_app
from tests.company import Company

STEPS = ("complete_first_call", "complete_diagnosis", "send_proposal", "book_demo", "sign")
STATES = ("called", "diagnosed", "proposed", "demo_booked", "won")

TRIGGER = """\
kind: trigger
name: shortcut
label: {zh: 抄近路, en: Shortcut}
when: {event: changed, entity: lead, fields: [contact]}
do:
  - transition: complete_first_call
"""


@pytest.fixture
def client(company: Company) -> FlaskClient:
    """The HTTP door."""
    return create_app(company.engine).test_client()


@pytest.mark.parametrize("step", STEPS)
def test_the_api_refuses_each_step_that_misses_something_and_says_what(
    company: Company, client: FlaskClient, step: str
) -> None:
    lead = company.lead(owner=company.ids["li"])
    url = f"/api/v1/records/lead/{lead.id}/transitions/{step}"
    answer = client.post(url, json={"values": {}}, headers=company.token("li"))
    assert answer.status_code == 422
    assert answer.json["problems"]
    assert all(problem["message"] for problem in answer.json["problems"])
    assert client.get(f"/api/v1/records/lead/{lead.id}", headers=company.token("li")).json["values"]["stage"] == "new"


def test_the_first_call_names_every_missing_thing_at_once(company: Company, client: FlaskClient) -> None:
    lead = company.lead(owner=company.ids["li"])
    url = f"/api/v1/records/lead/{lead.id}/transitions/complete_first_call"
    answer = client.post(url, json={"values": {}}, headers=company.token("li")).json
    said = [problem["message"] for problem in answer["problems"]]
    assert "未填写通话摘要，不能标记已完成首通电话" in said
    assert "请至少提炼 1 个客户痛点关键词" in said
    assert {problem["field"] for problem in answer["problems"] if problem.get("field")} >= {"call_summary", "next_date"}


@pytest.mark.parametrize("state", STATES)
def test_the_stage_cannot_be_typed_in_by_api(company: Company, client: FlaskClient, state: str) -> None:
    lead = company.lead(owner=company.ids["li"])
    headers = company.token("li")
    answer = client.patch(f"/api/v1/records/lead/{lead.id}", json={"values": {"stage": state}}, headers=headers)
    assert answer.status_code in (403, 422)
    created = client.post("/api/v1/records/lead", json={"values": {"company": "x", "stage": state}}, headers=headers)
    assert created.status_code in (403, 422)


@pytest.mark.parametrize("state", STATES)
def test_an_import_cannot_set_the_stage(company: Company, tmp_path: Path, state: str) -> None:
    sheet = tmp_path / "leads.csv"
    sheet.write_text(f"客户名称,手机号,阶段\n锐视光学,13800138000,{state}\n", "utf-8")
    report = company.engine.import_file(SYSTEM, sheet, "lead", mapping={"stage": "阶段"})
    assert report.created == 0
    assert [problem.field for problem in report.bad[0].problems] == ["stage"]


def test_a_trigger_cannot_skip_what_a_person_cannot(company: Company) -> None:
    (company.folder / "custom/trigger").mkdir()
    (company.folder / "custom/trigger/shortcut.yaml").write_text(TRIGGER, "utf-8")
    from engine.api import Choices

    company.engine.revisions.publish("shortcut", Choices(timers="keep"))
    lead = company.lead(owner=company.ids["li"])
    done = company.engine.update(company.actor("li"), "lead", lead.id, {"contact": "周"})
    assert done.record["contact"] == "周"
    assert done.record["stage"] == "new"
    assert any("通话摘要" in warning.what() for warning in done.warnings)  # type: ignore[union-attr]
    runs = company.engine.why(company.actor("li"), "lead", lead.id)["runs"]
    assert [run["state"] for run in runs if run["trigger"] == "shortcut"] == ["failed"]


def test_even_the_engine_itself_is_refused(company: Company) -> None:
    lead = company.lead(owner=company.ids["li"])
    with pytest.raises(Refused):
        company.engine.transition(SYSTEM, "lead", lead.id, "complete_diagnosis", {})


def test_what_is_offered_says_what_is_missing_before_anybody_tries(company: Company) -> None:
    lead = company.lead(owner=company.ids["li"])
    offers = {offer["name"]: offer for offer in company.engine.offered(company.actor("li"), "lead", lead.id)}
    assert set(offers) == {"complete_first_call", "give_up"}
    assert "call_summary" in offers["complete_first_call"]["fields"]
    assert len(offers["complete_first_call"]["missing"]) >= 4

"""Runs over HTTP: who sees which, retry, and what a wrong question is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.company import Company
from tests.engine.site.test_runs import RULE, Sink, publish


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.shutdown()
    made.server_close()


def test_a_dead_run_is_found_read_and_retried_once(company: Company, client: FlaskClient, sink: Sink) -> None:
    publish(company, RULE.format(url=sink.url))
    sink.answers = [(400, {}, {"errcode": 1})]
    lead = company.lead(owner=company.ids["li"])
    company.engine.runs.work()
    admin, li = company.token("admin"), company.token("li")
    (dead,) = client.get("/api/v1/runs?state=dead", headers=admin).json["items"]
    assert dead["trigger"] == "tell_erp" and dead["state"] == "failed"
    assert client.get("/api/v1/runs", headers=li).status_code == 403
    own = client.get(f"/api/v1/runs?record=lead/{lead.id}&trigger=tell_erp", headers=li).json["items"]
    assert [run["id"] for run in own] == [dead["id"]] and own[0]["error"] is None
    assert client.post(f"/api/v1/runs/{dead['id']}/retry", headers=li).status_code == 403
    read = client.get(f"/api/v1/runs/{dead['id']}", headers=admin).json
    assert read["input"]["path"] == "/leads" and read["steps"][-1]["result"] == "failed"
    again = client.post(f"/api/v1/runs/{dead['id']}/retry", headers=admin, json={"input": {"path": "/mended"}})
    assert again.status_code == 200 and again.json["state"] == "waiting"
    twice = client.post(f"/api/v1/runs/{dead['id']}/retry", headers=admin)
    assert (twice.status_code, twice.json["code"]) == (409, "R109")
    company.engine.runs.work()
    assert sink.got[-1][0] == "/api/mended"
    assert client.get(f"/api/v1/runs/{dead['id']}", headers=admin).json["state"] == "done"


def test_why_a_run_stopped_is_said_in_the_readers_language(company: Company, client: FlaskClient, sink: Sink) -> None:
    publish(company, RULE.format(url=sink.url))
    sink.answers = [(400, {}, {"errcode": 1})]
    lead = company.lead(owner=company.ids["li"])
    company.engine.runs.work()
    admin, said = company.token("admin"), {}
    for language in ("zh", "en"):
        assert client.patch("/api/v1/session", headers=admin, json={"language": language}).status_code < 300
        (dead,) = client.get("/api/v1/runs?state=dead", headers=admin).json["items"]
        read = client.get(f"/api/v1/runs/{dead['id']}", headers=admin).json
        why = client.get(f"/api/v1/records/lead/{lead.id}/why", headers=admin).json["runs"]
        said[language] = [
            dead["reason"],
            dead["error"],
            read["steps"][-1]["failed"],
            next(one["reason"] for one in why if one["id"] == dead["id"]),
        ]
    assert all(each.startswith("对方回了 400") for each in said["zh"]) and all("400" in each for each in said["en"])
    assert not any("一" <= letter <= "鿿" for each in said["en"] for letter in each)


def test_wrong_questions_are_told_so(company: Company, client: FlaskClient) -> None:
    admin = company.token("admin")
    assert client.get("/api/v1/runs?record=lead", headers=admin).json["code"] == "H012"
    assert client.get("/api/v1/runs?what=1", headers=admin).json["code"] == "H014"
    assert client.get("/api/v1/runs/999", headers=admin).json["code"] == "R100"
    assert client.post("/api/v1/runs/999/retry", headers=admin, json={"inptu": {}}).json["code"] == "H014"
    assert client.delete("/api/v1/runs/999", headers=admin).json["code"] == "R100"
    assert client.get("/api/v1/runs").status_code == 401


def test_a_waiting_run_can_be_ended(company: Company, client: FlaskClient, sink: Sink) -> None:
    publish(company, RULE.format(url=sink.url).replace("do:\n", "do:\n  - wait: 1h\n"))
    company.lead()
    company.engine.runs.work()
    admin = company.token("admin")
    (run,) = client.get("/api/v1/runs?state=live", headers=admin).json["items"]
    assert run["due"] is not None and run["step"]["action"] == "wait"
    assert client.delete(f"/api/v1/runs/{run['id']}", headers=admin).status_code == 204
    company.engine.runs.work()
    assert client.get(f"/api/v1/runs/{run['id']}", headers=admin).json["state"] == "cancelled" and sink.got == []


def test_pages_follow_each_other(company: Company, client: FlaskClient, sink: Sink) -> None:
    publish(company, RULE.format(url=sink.url))
    for number in range(5):
        company.lead(phone=f"138001380{number:02d}", company=f"第{number}家")
    admin, seen, cursor = company.token("admin"), [], ""
    while True:
        page = client.get(f"/api/v1/runs?trigger=tell_erp&limit=2{cursor}", headers=admin).json
        seen += [run["id"] for run in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 5 and seen == sorted(seen, reverse=True)

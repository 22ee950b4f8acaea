"""The short way in: it answers as the view would, and what it does not take goes to the view."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.errors import Problem, Unavailable
from tests.company import Company

#: A cookie that says nothing, with which a request goes the long way.
LONG = {"Cookie": "theme=dark"}


def lead(number: int) -> dict[str, Any]:
    return {"values": {"company": f"客户{number}", "phone": f"1380013{number:04}", "source": "website"}}


def fixed(answer: TestResponse) -> dict[str, str]:
    """The headers that do not tell of the one record or moment."""
    return {name: value for name, value in answer.headers if name not in ("Location", "ETag", "Content-Length")}


def test_the_short_way_says_all_that_the_long_one_says(company: Company, client: FlaskClient) -> None:
    quick = client.post("/api/v1/records/lead", json=lead(1), headers=company.token("zhao"))
    long = client.post("/api/v1/records/lead", json=lead(2), headers={**company.token("zhao"), **LONG})
    assert quick.status_code == long.status_code == 201
    assert fixed(quick) == fixed(long)
    assert quick.json.keys() == long.json.keys() and quick.json["record"].keys() == long.json["record"].keys()
    for answer in (quick, long):
        record = answer.json["record"]
        assert answer.headers["Location"] == f"/api/v1/records/lead/{record['id']}"
        assert answer.headers["ETag"] == f'"{record["version"]}"'


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("lead", b'{"values": {"phone": "1"}}', 422),
        ("lead", b'{"values": []}', 400),
        ("lead", b'{"other": {}}', 400),
        ("lead", b"[]", 400),
        ("lead", b'{"values": ', 400),
        ("lead", b"", 422),
        ("nothing", b'{"values": {}}', 404),
        ("no-name", b'{"values": {}}', 404),
    ],
)
def test_a_refusal_is_the_same_on_both_ways(
    company: Company, client: FlaskClient, path: str, sent: bytes, status: int
) -> None:
    told = []
    for more in ({}, LONG):
        headers = {**company.token("zhao"), **more, "Content-Type": "application/json"}
        answer = client.post(f"/api/v1/records/{path}", data=sent, headers=headers)
        assert answer.status_code == status, answer.json
        assert answer.mimetype == "application/problem+json"
        told.append({**answer.json, "trace_id": ""})
    assert told[0] == told[1]


def test_nobody_comes_in_by_the_short_way_without_a_token_and_one_is_looked_up_once(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, recognise = [], company.engine.people.recognise

    def counted(session: str, address: str = "") -> Any:
        asked.append(session)
        return recognise(session, address)

    monkeypatch.setattr(company.engine.people, "recognise", counted)
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer nobody"}):
        assert client.post("/api/v1/records/lead", json=lead(1), headers=headers).status_code == 401
    assert asked == ["nobody"]


def test_the_same_key_on_both_ways_is_the_same_request(company: Company, client: FlaskClient) -> None:
    headers = {**company.token("zhao"), "Idempotency-Key": "once"}
    first = client.post("/api/v1/records/lead", json=lead(1), headers=headers)
    again = client.post("/api/v1/records/lead", json=lead(1), headers={**headers, **LONG})
    other = client.post("/api/v1/records/lead", json=lead(2), headers=headers)
    assert first.json["record"]["id"] == again.json["record"]["id"]
    assert "Idempotency-Replayed" not in first.headers and again.headers["Idempotency-Replayed"] == "true"
    assert other.json["code"] == "H020"


def test_what_nobody_foresaw_is_said_once_and_not_tried_again(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = []

    def create(*_: Any, **__: Any) -> None:
        tried.append(1)
        raise ZeroDivisionError("nobody foresaw it")

    monkeypatch.setattr(company.engine, "create", create)
    answer = client.post("/api/v1/records/lead", json=lead(1), headers=company.token("zhao"))
    assert answer.status_code == 500 and answer.json["code"] == "H000" and len(tried) == 1
    assert "nobody foresaw it" in capsys.readouterr().err


def test_a_database_that_fails_while_the_token_is_looked_up_is_told(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recognise(*_: Any) -> None:
        raise Unavailable(Problem("B003", parameters={"reason": "disk I/O error"}))

    headers = company.token("zhao")
    monkeypatch.setattr(company.engine.people, "recognise", recognise)
    answer = client.post("/api/v1/records/lead", json=lead(1), headers=headers)
    assert answer.status_code == 503 and answer.json["code"] == "B003"
    assert answer.headers["Retry-After"]

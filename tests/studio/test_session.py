"""Who may come in, and by which door."""

from __future__ import annotations

import datetime as dt

from flask.testing import FlaskClient

from studio.app import create_app
from tests.company import Company

PUBLIC = {
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/",
    "/<path:path>",
    "/assets/<path:name>",
    "/in/<link>",
    "/api/v1/session",
    "/f/<path>",
    "/f/<path>/embed.js",
    "/hooks/<connection>",
    "/act/<token>",
    "/t/<token>",
    "/t/<token>/<int:number>",
    "/t/<token>/file/<int:number>",
    "/t/<token>/seen",
    "/t/<token>/quiet",
}


def test_a_one_time_link_signs_in_once(company: Company, client: FlaskClient) -> None:
    link = company.engine.people.invite("li")
    first = client.get(f"/in/{link}")
    assert first.status_code == 302
    assert first.headers["Location"] == "/"
    assert "HttpOnly" in first.headers["Set-Cookie"]
    assert client.get("/api/v1/session").json["user"]["login"] == "li"
    again = create_app(company.engine).test_client().get(f"/in/{link}")
    assert again.headers["Location"] == "/sign-in?link=used"
    assert "Set-Cookie" not in again.headers


def test_a_link_is_too_old_after_a_day(company: Company, client: FlaskClient) -> None:
    link = company.engine.people.invite("li")
    company.clock.advance(dt.timedelta(hours=25))
    refused = client.post("/api/v1/session", json={"token": link})
    assert refused.status_code == 401
    assert refused.json["code"] == "H023"


def test_signing_out_ends_the_session_at_once(company: Company, client: FlaskClient) -> None:
    client.get(f"/in/{company.engine.people.invite('li')}")
    assert client.delete("/api/v1/session").status_code == 204
    assert client.get("/api/v1/session").status_code == 401


def test_fault_058_a_user_who_is_switched_off_is_out_within_a_second(company: Company, client: FlaskClient) -> None:
    from engine.facts import SYSTEM

    client.get(f"/in/{company.engine.people.invite('li')}")
    assert client.get("/api/v1/session").status_code == 200
    company.engine.update(SYSTEM, "user", company.ids["li"], {"active": False})
    company.clock.advance(dt.timedelta(seconds=1))
    assert client.get("/api/v1/session").status_code == 401
    assert company.engine.people.invite("li") is None


def test_fault_115_a_write_from_another_site_is_refused(company: Company, client: FlaskClient) -> None:
    client.get(f"/in/{company.engine.people.invite('zhao')}")
    values = {"values": {"company": "锐视光学", "source": "website"}}
    foreign = client.post("/api/v1/records/lead", json=values, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert foreign.json["code"] == "H011"
    own = client.post("/api/v1/records/lead", json=values, headers={"Origin": "http://localhost"})
    assert own.status_code == 201, own.json


def test_fault_118_every_route_without_a_session_is_refused_but_the_listed_ones(
    company: Company, client: FlaskClient
) -> None:
    tried = 0
    for rule in client.application.url_map.iter_rules():
        if rule.rule in PUBLIC:
            continue
        path = rule.rule
        for name in rule.arguments:
            kind = "int" if f"<int:{name}>" in path else ""
            path = path.replace(f"<int:{name}>" if kind else f"<{name}>", "1" if kind else "lead")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = client.open(path, method=method, json={})
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
            tried += 1
    assert tried > 25


def test_fault_116_pages_cannot_be_framed_and_types_are_not_guessed(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_reader_chooses_a_language_and_everything_follows(company: Company, client: FlaskClient) -> None:
    headers = company.token("li")
    assert client.get("/api/v1/model", headers=headers).json["entities"]["lead"]["label"] == "线索"
    client.patch("/api/v1/session", json={"language": "en"}, headers=headers)
    assert client.get("/api/v1/model", headers=headers).json["entities"]["lead"]["label"] == "Lead"
    refused = client.post("/api/v1/records/lead", json={"values": {}}, headers=headers)
    assert all(problem["message"].isascii() for problem in refused.json["problems"]), refused.json


def test_health_needs_no_database_and_readiness_names_the_revision(company: Company, client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"ready": True, "revision": 1, "problem": None}

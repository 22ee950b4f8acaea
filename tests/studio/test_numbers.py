"""Every number opens to exactly the records behind it."""

from __future__ import annotations

import datetime as dt

import pytest
from flask.testing import FlaskClient

from tests.company import Company


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """Everything here holds on both databases."""
    return company_anywhere


@pytest.fixture
def busy(company: Company) -> Company:
    """Twelve leads of three sources over three days, some of them called."""
    for number in range(12):
        source = ("website", "douyin", "expo")[number % 3]
        company.lead(company=f"客户{number}", phone=f"138001380{number:02d}", source=source, owner=company.ids["li"])
        company.clock.advance(dt.timedelta(hours=6))
    return company


def test_a_metric_and_each_of_its_groups_and_points_open_to_as_many_records(busy: Company, client: FlaskClient) -> None:
    headers = busy.token("zhao")
    found = client.get("/api/v1/metrics/new_leads?each=day&by=source", headers=headers)
    assert found.status_code == 200, found.json
    metric = found.json
    assert metric["value"] == 12
    assert metric["definition"]["text"] and metric["definition"]["where"].startswith(
        "builtin_flows/crm/metric/new_leads"
    )
    whole = client.get("/api/v1/metrics/new_leads/records?limit=100", headers=headers).json
    assert whole["count"] == len(whole["items"]) == 12
    for part in (*metric["groups"], *metric["series"]):
        url = "/api/v1/metrics/new_leads/records"
        opened = client.get(
            url, query_string={"each": "day", "by": "source", "point": part["point"]}, headers=headers
        ).json
        assert opened["count"] == part["count"], part
    assert sum(part["value"] for part in metric["groups"]) == 12


def test_every_tile_of_the_dashboard_shows_a_number_or_a_chart_and_opens(busy: Company, client: FlaskClient) -> None:
    headers = busy.token("zhao")
    board = client.get("/api/v1/dashboards/lead_health", headers=headers).json
    assert [layer["label"] for layer in board["layers"]] == ["第一层 健康度", "第二层 能力图谱", "第三层 断点"]
    for name, tile in board["tiles"].items():
        assert "error" not in tile, (name, tile)
        opened = client.get(f"/api/v1/dashboards/lead_health/tiles/{name}/records?limit=100", headers=headers)
        assert opened.status_code == 200, (name, opened.json)
        if tile["count"] is not None:
            assert opened.json["count"] == tile["count"], name


def test_a_write_is_on_the_dashboard_at_once(busy: Company, client: FlaskClient) -> None:
    headers = busy.token("zhao")

    def stuck() -> int:
        return client.get("/api/v1/dashboards/lead_health", headers=headers).json["tiles"]["arrivals"]["data"][
            "points"
        ][-1]["value"]

    before = stuck()
    before_n = client.get("/api/v1/changes", headers=headers).json["n"]
    busy.lead(company="新来的", phone="13912345678")
    assert client.get("/api/v1/changes", headers=headers).json["n"] > before_n
    after = stuck()
    assert after in (before + 1, 1)


def test_a_period_and_filters_narrow_the_number_and_its_records_alike(busy: Company, client: FlaskClient) -> None:
    headers = busy.token("zhao")
    query = "from=2026-01-05&to=2026-01-05&filter[source]=douyin"
    metric = client.get(f"/api/v1/metrics/new_leads?{query}", headers=headers).json
    opened = client.get(f"/api/v1/metrics/new_leads/records?{query}&limit=50", headers=headers).json
    assert metric["value"] == opened["count"] == 1
    assert {item["values"]["source"] for item in opened["items"]} == {"douyin"}


def test_an_empty_period_says_so_and_is_never_nan(busy: Company, client: FlaskClient) -> None:
    metric = client.get(
        "/api/v1/metrics/first_call_hours?from=2020-01-01&to=2020-01-31", headers=busy.token("zhao")
    ).json
    assert metric["value"] is None
    assert metric["shown"] == "无数据"


def test_a_wrong_period_is_told(client: FlaskClient, company: Company) -> None:
    answer = client.get("/api/v1/metrics/new_leads?from=yesterday", headers=company.token("zhao"))
    assert answer.status_code == 400
    assert answer.json["code"] == "H012"


def test_a_salesperson_counts_only_what_they_may_see(busy: Company, client: FlaskClient) -> None:
    from engine.facts import SYSTEM

    other = busy.engine.create(SYSTEM, "team", {"name": "华北组"}).record.id
    values = {"login": "far", "name": "远", "roles": ["sales"], "team": other}
    busy.engine.create(SYSTEM, "user", values)
    assert client.get("/api/v1/metrics/new_leads", headers=busy.token("far")).json["value"] == 0
    assert client.get("/api/v1/metrics/new_leads", headers=busy.token("li")).json["value"] == 12

"""Filters people keep for their lists: on every device, for themselves or their team."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.company import Company

PATH = "/api/v1/filters"


def keep(client: FlaskClient, headers: Any, name: str, search: str = "f.source=in%3Aexpo", **more: Any) -> Any:
    return client.post(PATH, json={"entity": "lead", "name": name, "search": search, **more}, headers=headers)


def names(client: FlaskClient, headers: Any) -> list[tuple[str, bool]]:
    items = client.get(f"{PATH}?entity=lead", headers=headers).json["items"]
    return [(each["name"], each["mine"]) for each in items]


def test_a_filter_is_kept_replaced_by_its_name_and_dropped(company: Company, client: FlaskClient) -> None:
    li = company.token("li")
    first = keep(client, li, " 展会 ")
    assert (first.status_code, first.json["name"], first.json["shared"]) == (201, "展会", False)
    again = keep(client, li, "展会", "q=%E9%94%90")
    assert (again.json["id"], again.json["search"]) == (first.json["id"], "q=%E9%94%90")
    assert names(client, li) == [("展会", True)]
    assert names(client, company.token("wang")) == []
    assert client.delete(f"{PATH}/{first.json['id']}", headers=company.token("wang")).status_code == 404
    assert client.delete(f"{PATH}/{first.json['id']}", headers=li).status_code == 204
    assert names(client, li) == []


def test_one_shared_with_the_team_is_seen_there_and_nowhere_else(company: Company, client: FlaskClient) -> None:
    from engine.facts import SYSTEM

    keep(client, company.token("li"), "展会", shared=True)
    keep(client, company.token("wang"), "自己的")
    assert names(client, company.token("wang")) == [("自己的", True), ("展会", False)]
    company.engine.update(SYSTEM, "user", company.ids["wang"], {"team": None})
    assert names(client, company.token("wang")) == [("自己的", True)]


def test_what_is_no_filter_or_too_much_is_refused(company: Company, client: FlaskClient) -> None:
    li = company.token("li")
    for name, search, code in (("", "q=a", "H050"), ("x", "", "H051"), ("x", "view=all", "H051")):
        refused = keep(client, li, name, search)
        assert (refused.status_code, refused.json["code"]) == (422, code)
    assert keep(client, li, "").json["title"] == "起个名字,最多 40 个字"
    assert keep(client, li, "x", "").json["title"] == "没有可以保留的筛选"
    for number in range(50):
        assert keep(client, li, f"第 {number} 组").status_code == 201
    full = keep(client, li, "再一组")
    assert (full.json["code"], full.json["title"]) == ("H052", "一张列表最多保留 50 组筛选")
    assert len(names(client, li)) == 50
    assert client.get(f"{PATH}?entity=nothing", headers=li).status_code == 404
    assert client.get(PATH, headers=li).json["code"] == "H012"

"""Approvals through the doors: lists, decisions over HTTP, creates that wait, and a second person for every publish."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Forbidden, InvalidDocument, Refused
from engine.facts import SYSTEM
from tests.company import Company, found

SITE = """\
name: testing
label: {zh: 测试公司, en: Test company}
timezone: Asia/Shanghai
packs: [crm, new_customer_approval]
calendar: work_hours
approve: {by: admin, within: 24h}
"""


@pytest.fixture
def company(tmp_path: Path, clock: Any, registry: Any) -> Iterator[Company]:
    made = found(tmp_path / "site", clock, registry, site=SITE)
    for login in ("root", "ops"):
        values = {"login": login, "name": login, "roles": ["admin"]}
        made.ids[login] = made.engine.create(SYSTEM, "user", values).record.id
    yield made
    made.engine.close()


def change(company: Company) -> None:
    path = company.folder / "site.yaml"
    path.write_text(path.read_text("utf-8") + "parameters: {stuck_after_hours: 48}\n", "utf-8")


def publish(company: Company, login: str | None = "root") -> Any:
    actor = company.actor(login) if login else SYSTEM
    from engine.api import Choices

    return company.engine.revisions.publish("旺季", Choices(timers="keep"), actor)


def test_a_publish_waits_for_a_second_person(company: Company) -> None:
    change(company)
    assert publish(company).asked == 1
    assert company.engine.revision == 1
    mine = company.engine.approvals.mine(company.actor("admin"))["to_decide"]
    assert [(one["kind"], one["title"]) for one in mine] == [("publish", "旺季 · 发布配置")]
    assert mine[0]["changes"]
    with pytest.raises(Forbidden):
        company.engine.approvals.decide(company.actor("root"), 1, "approve")
    assert company.engine.revision == 1
    done = company.engine.approvals.decide(company.actor("admin"), 1, "approve", "可以")
    assert (done["state"], company.engine.revision) == ("approved", 2)
    assert company.engine.revisions.listed()[0]["by"] == "root"
    assert company.engine.manifest.site.parameters
    assert company.engine.people.notifications(company.actor("root"))[0]["title"] == "管理员 同意了:旺季 · 发布配置"


def test_what_was_changed_after_it_was_submitted_is_not_published(company: Company) -> None:
    change(company)
    publish(company)
    site = company.folder / "site.yaml"
    site.write_text(site.read_text("utf-8").replace("48", "36"), "utf-8")
    with pytest.raises(Refused) as refused:
        company.engine.approvals.decide(company.actor("admin"), 1, "approve")
    assert [problem.code for problem in refused.value.problems] == ["R155"]
    assert company.engine.revision == 1
    # submitted again, the earlier submission is overtaken
    assert publish(company).asked == 2
    assert company.engine.approvals.mine(company.actor("root"))["asked"][1]["state"] == "void"
    company.engine.approvals.decide(company.actor("ops"), 2, "approve")
    assert company.engine.revision == 2


def test_the_rule_that_runs_decides_not_the_one_being_published(company: Company) -> None:
    path = company.folder / "site.yaml"
    path.write_text(path.read_text("utf-8").replace("approve: {by: admin, within: 24h}\n", ""), "utf-8")
    assert publish(company).asked == 1
    company.engine.approvals.decide(company.actor("admin"), 1, "approve")
    change(company)
    assert publish(company).number == 3


def test_a_publish_from_the_command_line_waits_too_and_going_back_does_not(company: Company) -> None:
    change(company)
    assert publish(company, None).asked == 1
    company.engine.approvals.decide(company.actor("root"), 1, "approve")
    from engine.api import Choices

    assert company.engine.revisions.rollback(1, "", Choices(timers="keep"), company.actor("root")).number == 3


def test_a_role_nobody_can_have_is_refused_before_it_locks_everybody_out(company: Company) -> None:
    path = company.folder / "site.yaml"
    path.write_text(path.read_text("utf-8").replace("by: admin", "by: amdin"), "utf-8")
    with pytest.raises(InvalidDocument) as refused:
        publish(company)
    assert [problem.code for problem in refused.value.problems] == ["D021"]


def test_a_rejected_publish_changes_nothing(company: Company) -> None:
    change(company)
    publish(company)
    company.engine.approvals.decide(company.actor("admin"), 1, "reject", "等下周")
    assert company.engine.revision == 1


def test_it_is_all_there_over_http(company: Company) -> None:
    from studio.app import create_app

    client = create_app(company.engine).test_client()
    li, zhao, wang = company.token("li"), company.token("zhao"), company.token("wang")
    made = client.post("/api/v1/records/customer", json={"values": {"company": "明湖眼科"}}, headers=li)
    assert made.status_code == 202
    assert made.json["warnings"][0]["code"] == "R140"
    assert client.get("/api/v1/records/customer", headers=li).json["items"] == []
    assert client.get("/api/v1/approvals", headers=wang).json == {"to_decide": [], "asked": []}
    asked = client.get("/api/v1/approvals", headers=li).json["asked"]
    assert [(one["state"], one["can"]) for one in asked] == [
        ("open", {"approve": False, "reject": False, "withdraw": True, "delegate": False})
    ]
    one = client.get("/api/v1/approvals", headers=zhao).json["to_decide"][0]
    assert one["changes"][0] == {"field": "company", "label": "客户名称", "value": "明湖眼科"}
    path = f"/api/v1/approvals/{one['id']}"
    assert client.post(path, json={"decision": "approve"}, headers=wang).status_code == 404
    assert client.post(path, json={"decision": "approve"}, headers=li).status_code == 403
    assert client.post(path, json={"decision": "perhaps"}, headers=zhao).status_code == 422
    assert client.post(path, json={"word": "approve"}, headers=zhao).status_code == 400
    done = client.post(path, json={"decision": "approve", "note": "好"}, headers=zhao)
    assert (done.status_code, done.json["state"], done.json["moved"]["title"]) == (200, "approved", "明湖眼科")
    assert client.post(path, json={"decision": "approve"}, headers=zhao).status_code == 200
    assert client.post(path, json={"decision": "reject"}, headers=zhao).status_code == 409
    number = done.json["moved"]["id"]
    told = client.get(f"/api/v1/records/customer/{number}/approvals", headers=zhao).json["items"]
    assert [one["state"] for one in told] == ["approved"]
    ahead = client.post(f"/api/v1/records/customer/{number}/ahead", json={"for": "7d"}, headers=zhao)
    assert (ahead.status_code, ahead.json["happenings"]) == (200, [])


def test_the_same_request_twice_asks_once(company: Company) -> None:
    from engine.api import Once

    li, once = company.actor("li"), Once("k1", "r1")
    company.engine.create(li, "customer", {"company": "明湖眼科"}, once=once)
    again = company.engine.create(li, "customer", {"company": "明湖眼科"}, once=once)
    assert again.replayed and again.record.id == 0
    assert len(company.engine.approvals.mine(li)["asked"]) == 1

"""Fault 60 to its end: rules that go in a circle are paused, their owner is told, and one command lets them go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api import Engine, Look
from engine.cli.main import run
from engine.clock import SystemClock
from engine.errors import Forbidden, NotFound
from engine.facts import SYSTEM
from tests.company import Company, found
from tests.engine.site.test_runs import publish

CIRCLE = """\
kind: trigger
name: ping
label: {zh: 改成乒, en: Ping}
when: {event: changed, entity: lead, fields: [contact]}
if: "contact == 'ping'"
do: [{set: {contact: pong}}]
---
kind: trigger
name: pong
label: {zh: 改成乓, en: Pong}
when: {event: changed, entity: lead, fields: [contact]}
if: "contact == 'pong'"
do: [{set: {contact: ping}}]
---
kind: trigger
name: innocent
label: {zh: 无辜的, en: Innocent}
when: {event: changed, entity: lead, fields: [contact]}
if: "contact == 'start'"
do: [{set: {contact: ping}}]
"""


@pytest.fixture
def site(tmp_path: Path, registry: Any) -> Iterator[Company]:
    made = found(tmp_path / "site", SystemClock(), registry)  # type: ignore[arg-type]
    publish(made, CIRCLE)
    yield made
    made.engine.close()


def told(company: Company, login: str) -> list[str]:
    found = company.engine.list(SYSTEM, "notification", Look(limit=100)).items
    return [each["title"] for each in found if each["user"] == company.ids[login]]


def spin(company: Company) -> Any:
    lead = company.lead()
    return company.engine.update(SYSTEM, "lead", lead.id, {"contact": "start"})


def states(company: Company, trigger: str) -> set[str]:
    return {each["state"] for each in company.engine.runs.listed(SYSTEM, trigger=trigger, limit=100)}


def test_fault_060_both_rules_are_paused_their_owner_is_told_once_and_the_innocent_goes_on(site: Company) -> None:
    done = spin(site)
    assert [each.code for each in done.warnings if getattr(each, "code", "") == "R081"] == ["R081"]
    paused = site.engine.runs.paused(SYSTEM)
    assert [each["trigger"] for each in paused] == ["ping", "pong"]
    assert paused[0]["label"] == "改成乒" and paused[0]["chain"].startswith("innocent → ping → pong → ping")
    # R124, as its title
    assert told(site, "admin") == ["规则互相触发、停不下来,已暂停:改成乒、改成乓"]
    again = spin(site)
    assert again.record["contact"] == "ping", "the innocent ran, the paused did not"
    assert not again.warnings and "skipped" in states(site, "ping")
    assert len(told(site, "admin")) == 1


def test_fault_060_who_published_the_rules_is_their_owner(site: Company) -> None:
    second = site.engine.create(SYSTEM, "user", {"login": "chen", "name": "陈晨", "roles": ["admin"]}).record
    site.ids["chen"] = second.id
    (site.folder / "custom" / "more.yaml").write_text(
        "kind: entity\nextend: crm.lead\nfields:\n  more: {type: text, label: {zh: 多}}\n", "utf-8"
    )
    site.engine.revisions.publish(actor=site.actor("admin"))
    spin(site)
    assert len(told(site, "admin")) == 1 and not told(site, "chen")


def test_fault_060_one_command_lets_them_go_on_in_every_process(
    site: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    spin(site)
    with Engine.open(site.folder) as other:
        assert {each["trigger"] for each in other.runs.paused(SYSTEM)} == {"ping", "pong"}
        lead = other.create(SYSTEM, "lead", {"company": "别处", "phone": "13900139000", "source": "website"}).record
        assert other.update(SYSTEM, "lead", lead.id, {"contact": "ping"}).record["contact"] == "ping"
        assert run(["-C", str(site.folder), "runs"]) == 0
        shown = capsys.readouterr().out.splitlines()
        assert shown[0].startswith("已暂停 ping(从 ") and shown[0].endswith("-> flowloom resume ping")
        run(["-C", str(site.folder), "doctor"])
        assert "! 兜圈子而暂停的规则:ping, pong" in capsys.readouterr().out
        assert run(["-C", str(site.folder), "resume", "ping", "pong"]) == 0
        assert capsys.readouterr().out.strip() == "已恢复:ping、pong"
        assert run(["-C", str(site.folder), "resume"]) == 0
        assert "没有暂停的规则" in "".join(capsys.readouterr())
        other.tick()
        done = other.update(SYSTEM, "lead", lead.id, {"contact": "pong"})
        assert any(getattr(each, "code", "") == "R081" for each in done.warnings), (
            "it runs again, and in a circle again"
        )
    site.engine.tick()
    assert {each["trigger"] for each in site.engine.runs.paused(SYSTEM)} == {"ping", "pong"}


def test_fault_060_who_may_not_configure_does_not_resume_and_a_wrong_name_is_told(site: Company) -> None:
    spin(site)
    with pytest.raises(Forbidden):
        site.engine.runs.resume(site.actor("li"), ["ping"])
    with pytest.raises(Forbidden):
        site.engine.runs.paused(site.actor("li"))
    with pytest.raises(NotFound) as caught:
        site.engine.runs.resume(SYSTEM, ["pingg"])
    (problem,) = caught.value.problems
    assert problem.text("zh").splitlines() == [
        "R125 规则 pingg 没有被暂停 -> 是否想写 ping? flowloom resume 列出暂停的规则"
    ]
    site.engine.runs.resume(site.actor("admin"), ["ping"])
    assert [each["trigger"] for each in site.engine.runs.paused(SYSTEM)] == ["pong"]


def test_fault_060_over_http_too(site: Company) -> None:
    from studio.app import create_app

    spin(site)
    client = create_app(site.engine).test_client()
    admin = site.token("admin")
    assert [each["trigger"] for each in client.get("/api/v1/runs/paused", headers=admin).json["items"]] == [
        "ping",
        "pong",
    ]
    assert client.delete("/api/v1/runs/paused/ping", headers=site.token("li")).status_code == 403
    assert client.delete("/api/v1/runs/paused/ping", headers=admin).status_code == 204
    assert client.delete("/api/v1/runs/paused/ping", headers=admin).status_code == 404
    with client.application.app_context():
        assert len(client.get("/api/v1/runs/paused", headers=admin).json["items"]) == 1


def test_a_long_way_that_leads_nowhere_twice_is_stopped_and_pauses_nobody(site: Company) -> None:
    rules = "---\n".join(
        f"kind: trigger\nname: step_{number}\nlabel: {{zh: 第{number}步}}\n"
        f"when: {{event: changed, entity: lead, fields: [contact]}}\nif: \"contact == 's{number}'\"\n"
        f"do: [{{set: {{contact: s{number + 1}}}}}]\n"
        for number in reversed(range(25))
    )
    publish(site, rules)
    lead = site.lead()
    done = site.engine.update(SYSTEM, "lead", lead.id, {"contact": "s0"})
    assert any(getattr(each, "code", "") == "R081" for each in done.warnings)
    assert site.engine.runs.paused(SYSTEM) == []

"""``run_as: system`` needs a second person: nobody alone brings in a rule that may do what they may not."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import Forbidden, NotFound, Refused
from engine.facts import SYSTEM
from tests.company import Company

RULE = """\
kind: trigger
name: reads_all
label: {zh: 什么都能看, en: Reads all}
when: {event: created, entity: lead}
run_as: %s
do: [{set: {contact: "=company"}}]
"""


@pytest.fixture
def two(company: Company) -> Company:
    values = {"login": "root", "name": "鲁特", "roles": ["admin"]}
    company.ids["root"] = company.engine.create(SYSTEM, "user", values).record.id
    return company


def publish(company: Company, text: str, login: str = "admin") -> Any:
    (company.folder / "custom" / "all.yaml").write_text(text, "utf-8")
    return company.engine.revisions.publish(actor=company.actor(login))


def test_fault_112_a_rule_with_all_rights_waits_for_a_second_person(two: Company) -> None:
    asked = publish(two, RULE % "system").asked
    assert asked and two.engine.revision == 1
    # M039, in the words of whoever decides
    (mine,) = two.engine.approvals.mine(two.actor("root"))["to_decide"]
    assert mine["changes"][-1] == ("规则「什么都能看」以系统身份运行,不受发布人权限的限制,要第二个有发布权的人同意")
    with pytest.raises(Forbidden):
        two.engine.approvals.decide(two.actor("admin"), asked, "approve")
    with pytest.raises(NotFound):
        two.engine.approvals.decide(two.actor("li"), asked, "approve")
    assert two.engine.revision == 1 and "reads_all" not in two.engine.manifest.triggers
    two.engine.approvals.decide(two.actor("root"), asked, "approve")
    assert two.engine.revision == 2 and two.engine.manifest.triggers["reads_all"].run_as == "system"


def test_what_was_agreed_to_is_not_asked_again_until_it_changes(two: Company) -> None:
    asked = publish(two, RULE % "system").asked
    two.engine.approvals.decide(two.actor("root"), asked, "approve")
    other = "---\nkind: entity\nextend: crm.lead\nfields:\n  more: {type: text, label: {zh: 多}}\n"
    assert publish(two, RULE % "system" + other).number == 3
    changed = (RULE % "system").replace("=company", "=phone")
    assert publish(two, changed + other).asked
    assert two.engine.revision == 3


def test_a_rule_with_its_publishers_rights_asks_nobody_and_one_who_is_alone_cannot_bring_in_another(
    company: Company,
) -> None:
    assert publish(company, RULE % "owner").number == 2
    with pytest.raises(Refused) as caught:
        publish(company, RULE % "system")
    assert [problem.code for problem in caught.value.problems] == ["R141"]
    assert company.engine.revision == 2


def test_fault_112_who_may_not_publish_cannot_choose_it(two: Company) -> None:
    from studio.app import create_app

    (two.folder / "custom" / "all.yaml").write_text(RULE % "system", "utf-8")
    client = create_app(two.engine).test_client()
    assert client.post("/api/v1/revisions", json={"note": "x"}, headers=two.token("li")).status_code == 403
    assert two.engine.revision == 1 and two.engine.approvals.mine(two.actor("admin"))["to_decide"] == []

"""Buttons in messages: they ask once more, act once, for a while, under the rights of whom they were sent to."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.facts import SYSTEM
from tests.company import Company
from tests.connectors.peer import Asked, listening
from tests.engine.site.test_runs import until

SITE = "address: https://crm.example.com\n"
RULE = """\
kind: connection
name: sales_group
connector: group_robot
settings: {{product: dingtalk, address: "{url}/robot", networks: ["127.0.0.0/8"]}}
---
kind: connection
name: work
connector: dingtalk
settings: {{app_key: ding1, app_secret: "=secret.DING", agent_id: "1", url: "{url}", networks: ["127.0.0.0/8"], person: login}}
---
kind: trigger
name: new_lead_buttons
label: {{zh: 新线索, en: New lead}}
when: {{event: created, entity: lead}}
do:
  - notify:
      to: "=owner"
      via: [work, sales_group]
      title: "{{{{ company }}}}"
      buttons:
        - {{label: {{zh: 标为未成交, en: Lost}}, transition: give_up}}
        - {{label: 记下科室, set: {{department: "=contact"}}}}
"""


def oapi(asked: Asked) -> Any:
    if asked.path == "/gettoken":
        return {"errcode": 0, "access_token": "t1", "expires_in": 7200}
    return {"errcode": 0, "task_id": 1}


@pytest.fixture
def sent(company: Company, monkeypatch: pytest.MonkeyPatch) -> Any:
    """(the lead, its two buttons as they were sent, everything that was sent)."""
    monkeypatch.setenv("DING", "s3cret")
    with listening(oapi) as peer:
        site = company.folder / "site.yaml"
        site.write_text(site.read_text("utf-8") + SITE, "utf-8")
        (company.folder / "custom/buttons.yaml").write_text(RULE.format(url=peer.url), "utf-8")
        problems = [problem.text() for problem in company.engine.revisions.folder_problems()]
        assert not problems, problems
        company.engine.revisions.publish("buttons")
        company.engine.runs.start()
        lead = company.lead(owner=company.ids["li"], contact="眼科")
        until(lambda: {"/robot", "/topapi/message/corpconversation/asyncsend_v2"} <= set(peer.paths()))
        company.engine.runs.stop()
        notice = next(one.json for one in peer.asked if one.path.startswith("/topapi"))
        buttons = [
            one["action_url"].removeprefix("https://crm.example.com")
            for one in notice["msg"]["action_card"]["btn_json_list"]
        ]
        yield lead.id, buttons, peer.asked


def values(company: Company, lead: int) -> dict[str, Any]:
    return dict(company.engine.get(SYSTEM, "lead", lead).values)


def test_a_button_asks_once_more_acts_once_and_the_act_is_the_receivers(
    company: Company, client: FlaskClient, sent: Any
) -> None:
    lead, (_, note), _ = sent
    for _ in range(3):
        page = client.get(note)
        assert (
            page.status_code == 200
            and "锐视光学" in page.text
            and "以 李强 的身份" in page.text
            and 'method="post"' in page.text
        )
        assert page.headers["Cache-Control"] == "no-store" and page.headers["Referrer-Policy"] == "no-referrer"
    assert values(company, lead)["department"] is None  # whoever only fetches does nothing
    assert client.head(note).status_code == 200 and values(company, lead)["department"] is None
    assert "办好了" in client.post(note).text
    assert values(company, lead)["department"] == "眼科" and values(company, lead)["updated_by"] == company.ids["li"]
    company.engine.update(SYSTEM, "lead", lead, {"department": "后来改的"})
    again = client.post(note)
    assert again.status_code == 409 and "这个按钮已经用过了" in again.text
    assert values(company, lead)["department"] == "后来改的"


def test_what_a_rule_refuses_is_said_and_the_button_still_works_afterwards(
    company: Company, client: FlaskClient, sent: Any
) -> None:
    lead, (give_up, _), _ = sent
    refused = client.post(give_up)
    assert refused.status_code == 422 and "请选择未成交原因" in refused.text and values(company, lead)["stage"] == "new"
    company.engine.update(SYSTEM, "lead", lead, {"lost_reason": "price"})
    assert "办好了" in client.post(give_up).text and values(company, lead)["stage"] == "lost"


def test_a_button_expires_ends_with_its_person_and_cannot_be_made_up(
    company: Company, client: FlaskClient, sent: Any
) -> None:
    lead, (give_up, note), _ = sent
    body, _, mark = note.removeprefix("/act/").partition(".")
    made_up = [
        f"/act/{body}.{'A' * len(mark)}",
        f"/act/{body[:-2]}AA.{mark}",
        f"/act/{give_up[5:].partition('.')[0]}.{mark}",
        "/act/x",
        "/act/.",
        f"/act/{'A' * 5000}",
    ]
    for address in made_up:
        answer = client.post(address)
        assert answer.status_code == 404 and "这个按钮不能用" in answer.text, address
    company.engine.update(SYSTEM, "user", company.ids["li"], {"active": False})
    assert client.post(note).status_code == 404
    company.engine.update(SYSTEM, "user", company.ids["li"], {"active": True})
    company.clock.advance(dt.timedelta(days=3, minutes=1))
    late = client.post(note)
    assert late.status_code == 410 and re.search(r"这个按钮已经过期了\(2026-01-08 01:0\d UTC\)", late.text)
    assert client.get(note).status_code == 410 and values(company, lead)["department"] is None


def test_rights_taken_away_meanwhile_hold_and_a_group_gets_no_buttons(
    company: Company, client: FlaskClient, sent: Any
) -> None:
    lead, (_, note), asked = sent
    assert all("crm.example.com/act" not in one.body.decode() for one in asked if one.path == "/robot")
    company.engine.update(SYSTEM, "user", company.ids["li"], {"roles": [], "team": None})
    assert client.post(note).status_code in (403, 404)
    assert values(company, lead)["department"] is None


def test_who_tries_tokens_is_soon_not_listened_to(client: FlaskClient, company: Company) -> None:
    answers = [client.get(f"/act/{number}").status_code for number in range(40)]
    assert answers[0] == 404 and answers[-1] == 429

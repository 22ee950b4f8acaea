"""Templates in the studio: read, looked at while they are typed, saved into the folder; and only by who may."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.facts import SYSTEM
from tests.company import Company

CUSTOM = """\
# 发出去的邮件
kind: template
name: hello
label: {zh: 问候, en: Hello}
for: lead
channel: email
subject: "{{ company }}您好"   # 主题
html: |
  <h1>{{ contact | default('老师') }}您好</h1>
  <p>请看<a href="https://example.com/a">资料</a></p>
track: true
---
kind: template
name: paper
label: {zh: 方案}
for: lead
channel: document
blocks:
  - {heading: 一、情况}
  # 说明
  - text: |
      {{ company }}
      第二行
  - facts: {客户: "{{ company }}"}
"""


@pytest.fixture
def site(company: Company) -> Company:
    (company.folder / "custom/all.yaml").write_text(CUSTOM, "utf-8")
    company.engine.revisions.publish("first")
    return company


def look(client: FlaskClient, headers: dict[str, str], name: str, record: int | None, **edits: str) -> dict[str, Any]:
    given = [{"at": "/" + at.replace("__", "/"), "value": value} for at, value in edits.items()]
    answer = client.post(f"/api/v1/templates/{name}/look", json={"edits": given, "record": record}, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_a_mail_is_read_looked_at_mended_and_saved_with_its_comments(site: Company, client: FlaskClient) -> None:
    admin, lead = site.token("admin"), site.lead(contact="周<敏>")
    listed = client.get("/api/v1/templates", headers=admin).json["items"]
    assert {"hello", "paper", "new_lead"} <= {each["name"] for each in listed}
    found = client.get("/api/v1/templates/hello", headers=admin).json
    assert [(each["at"], each["label"]) for each in found["texts"]] == [("/subject", "标题"), ("/html", "网页格式正文")]
    shown = look(client, admin, "hello", lead.id)["shown"]
    assert shown["title"] == "锐视光学您好" and "周&lt;敏&gt;您好</h1>" in shown["html"]
    assert shown["text"] == "周<敏>您好\n\n请看资料 https://example.com/a\n"
    wrong = look(client, admin, "hello", lead.id, html="<p>{{ contact }}</p>\n<p>{{ contcat }} <scrip></scrip></p>\n")
    assert wrong["shown"] is None
    told = [(each["code"], each["at"], each["line"], each["column"]) for each in wrong["problems"]]
    assert told == [("T010", "/html", 2, 7), ("T030", "/html", 2, 19)]
    assert wrong["problems"][0]["suggestion"] == "contact" and "^" in wrong["problems"][0]["text"]
    edits = [{"at": "/html", "value": "<p>{{ contact }}，新的</p>\n"}]
    done = client.patch("/api/v1/templates/hello", json={"edits": edits, "mark": found["mark"]}, headers=admin)
    assert done.status_code == 200 and done.json["files"] == ["custom/all.yaml"]
    text = (site.folder / "custom/all.yaml").read_text("utf-8")
    assert (
        "# 发出去的邮件" in text and "# 主题" in text and "  <p>{{ contact }}，新的</p>\n" in text and "# 说明" in text
    )
    again = client.patch("/api/v1/templates/hello", json={"edits": edits, "mark": found["mark"]}, headers=admin)
    assert again.status_code == 409 and again.json["code"] == "Y054"
    bad = [{"at": "/subject", "value": "{{ nope }}"}]
    refused = client.patch("/api/v1/templates/hello", json={"edits": bad, "mark": done.json["mark"]}, headers=admin)
    assert refused.status_code == 422 and refused.json["code"] == "T010"
    assert client.get("/api/v1/revisions/plan", headers=admin).json["changes_anything"]


def test_a_document_is_drawn_page_by_page_and_a_mistake_stands_in_its_block(site: Company, client: FlaskClient) -> None:
    pytest.importorskip("typst")
    admin, lead = site.token("admin"), site.lead()
    shown = look(client, admin, "paper", lead.id, blocks__1__text="{{ company }}\n\n第二页")["shown"]
    assert shown["count"] == 1 and shown["pages"][0].startswith("data:image/png;base64,")
    found = client.get("/api/v1/templates/paper", headers=admin).json
    assert [each["at"] for each in found["texts"]] == ["/blocks/0/heading", "/blocks/1/text", "/blocks/2/facts/客户"]
    wrong = look(client, admin, "paper", lead.id, blocks__1__text="{{ company }}\n{{ copany }}")["problems"]
    assert [(each["code"], each["at"], each["line"], each["column"]) for each in wrong] == [
        ("T010", "/blocks/1/text", 2, 4)
    ]
    wrong = look(client, admin, "paper", lead.id, blocks__2__facts__客户="{{ company")["problems"]
    assert [(each["code"], each["at"]) for each in wrong] == [("T001", "/blocks/2/facts/客户")]


def test_a_template_of_a_pack_is_changed_by_an_overlay(site: Company, client: FlaskClient) -> None:
    admin = site.token("admin")
    found = client.get("/api/v1/templates/new_lead", headers=admin).json
    edits = [{"at": "/body", "value": "新线索:{{ company }}"}]
    done = client.patch("/api/v1/templates/new_lead", json={"edits": edits, "mark": found["mark"]}, headers=admin)
    assert done.json["files"] == ["custom/template/new_lead.yaml"]
    again = client.get("/api/v1/templates/new_lead", headers=admin).json
    assert {each["at"]: each["value"] for each in again["texts"]}["/body"] == "新线索:{{ company }}"


def test_only_who_may_configure_sees_them_and_a_record_only_who_may_see_it(site: Company, client: FlaskClient) -> None:
    lead = site.lead(owner=site.ids["li"])
    for method, path, sent in (
        ("GET", "/templates", None),
        ("GET", "/templates/hello", None),
        ("POST", "/templates/hello/look", {"edits": [], "record": lead.id}),
        ("PATCH", "/templates/hello", {"edits": [], "mark": "x"}),
    ):
        assert client.open(f"/api/v1{path}", method=method, json=sent).status_code == 401
        assert client.open(f"/api/v1{path}", method=method, json=sent, headers=site.token("li")).status_code == 403
    admin = site.token("admin")
    assert client.get("/api/v1/templates/nothing", headers=admin).json["code"] == "R084"
    gone = look(client, admin, "hello", 999)
    assert gone["shown"] is None and gone["problems"][0]["code"] == "R052"
    for sent in ({"edits": {}}, {"edits": [{"at": 1}]}, {"record": "x"}, {"edits": [{"at": "/kind", "value": "x"}]}):
        answer = client.post("/api/v1/templates/hello/look", json={"mark": "", **sent}, headers=admin)
        assert answer.status_code in (200, 400, 404, 422) and (answer.status_code != 200 or sent == {"edits": {}})


def test_m55_each_version_has_its_own_figures(site: Company, client: FlaskClient) -> None:
    def sent(revision: int, opened: bool) -> None:
        now = site.clock.now()
        values = {"title": "x", "template": "hello", "revision": revision, "sent_at": now, "owner": site.ids["li"]}
        more = {"opened_at": now, "seconds": 30.0} if opened else {}
        site.engine.create(SYSTEM, "sending", {**values, **more})

    path, admin = site.folder / "custom/all.yaml", site.token("admin")
    path.write_text(path.read_text("utf-8").replace("第二行", "第三行"), "utf-8")
    site.engine.revisions.publish("another template")
    path.write_text(path.read_text("utf-8").replace("资料", "新资料"), "utf-8")
    site.engine.revisions.publish("new words")
    for revision, opened in ((2, True), (3, True), (3, False), (4, False), (4, False)):
        sent(revision, opened)
    found = client.get("/api/v1/templates/hello", headers=admin).json["versions"]
    assert [(each["number"], each["until"], each["note"], each["current"]) for each in found] == [
        (4, 4, "new words", True), (2, 3, "first", False),
    ]  # fmt: skip
    assert [each["figures"] for each in found] == [
        {"sent": 2, "opened": 0, "clicked": 0, "seconds": 0}, {"sent": 3, "opened": 2, "clicked": 0, "seconds": 30.0},
    ]  # fmt: skip
    assert "新资料" in found[0]["text"] and "新资料" not in found[1]["text"]


def notices(site: Company, login: str) -> list[tuple[str, str]]:
    with site.engine._site.database.read() as connection:
        text = 'SELECT title, body FROM notification WHERE "user" = ? AND held_until IS NULL ORDER BY id'
        return [tuple(row) for row in connection.execute(text, (site.ids[login],))]


def test_m55_a_drop_leads_to_the_version_it_is_rewritten_and_who_sends_it_is_told(
    site: Company, client: FlaskClient
) -> None:
    admin, now = site.token("admin"), site.clock.now()
    for opened in (False, False, True):
        values = {"title": "x", "template": "hello", "revision": 2, "sent_at": now, "owner": site.ids["li"]}
        site.engine.create(SYSTEM, "sending", {**values, **({"opened_at": now} if opened else {})})
    found = client.get("/api/v1/templates/hello", headers=admin).json
    assert found["versions"][0]["figures"]["opened"] == 1 and found["versions"][0]["number"] == 2
    edits = [{"at": "/subject", "value": "{{ company }}，三分钟看懂方案"}]
    saved = client.patch("/api/v1/templates/hello", json={"edits": edits, "mark": found["mark"]}, headers=admin)
    assert saved.status_code == 200 and notices(site, "li") == []
    [offer] = client.get("/api/v1/revisions/plan", headers=admin).json["templates"]
    assert (offer["name"], offer["label"], offer["senders"], offer["everybody"]) == ("hello", "问候", ["李强"], 4)
    for wrong in ({"hello": {"to": "nobody"}}, {"paper": {"to": "senders"}}, {"hello": 3}, "x"):
        sent = {"note": "", "choices": {"tell": wrong}}
        refused = client.post("/api/v1/revisions", json=sent, headers=admin)
        assert (refused.status_code, refused.json["code"]) == (400, "H012")
    tell = {"hello": {"to": "senders", "note": "标题短了，别再自己改标题。"}}
    done = client.post("/api/v1/revisions", json={"note": "标题", "choices": {"tell": tell}}, headers=admin)
    assert done.status_code == 201 and done.json["carried"]["told"] == 1
    assert notices(site, "li") == [
        ("「问候」换了新版", "标题短了，别再自己改标题。\n从第 3 版起，发出去的都是新内容。")
    ]
    assert notices(site, "wang") == notices(site, "zhao") == []


def test_everybody_is_told_each_in_their_language_and_within_their_limits(site: Company, client: FlaskClient) -> None:
    admin = site.token("admin")
    site.engine.update(SYSTEM, "user", site.ids["wang"], {"language": "en"})
    site.engine.update(SYSTEM, "user", site.ids["zhao"], {"quiet_hours": "00:00-23:59"})
    found = client.get("/api/v1/templates/hello", headers=admin).json
    edits = [{"at": "/subject", "value": "{{ company }}"}]
    client.patch("/api/v1/templates/hello", json={"edits": edits, "mark": found["mark"]}, headers=admin)
    tell = {"hello": {"to": "everybody"}}
    done = client.post("/api/v1/revisions", json={"choices": {"tell": tell}}, headers=admin)
    assert done.json["carried"]["told"] == 4
    assert notices(site, "wang") == [
        ("“Hello” has a new version", "What is sent from revision 3 on has the new words.")
    ]
    assert notices(site, "zhao") == [], "quiet hours hold it back"
    assert len(notices(site, "li")) == 1

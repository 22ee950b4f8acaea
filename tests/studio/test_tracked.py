"""What customers open: counted when a person looks, never when a machine fetches; and not at all for who does not want it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.clock import VirtualClock
from engine.facts import SYSTEM
from engine.plugins.registry import Registry
from studio.app import create_app
from tests.company import SITE, Company, found
from tests.connectors.test_smtp import Post

CUSTOM = """
kind: connection
name: mail
connector: smtp
settings: {{host: 127.0.0.1, port: {port}, from: "crm@example.com", security: none, networks: [127.0.0.1/32]}}
---
kind: template
name: paper
label: {{zh: 方案}}
for: lead
channel: document
subject: "{{{{ company }}}}方案"
blocks: [{{text: "{{{{ contact }}}}您好"}}]
---
kind: template
name: after_proposal
for: lead
channel: email
subject: "{{{{ company }}}}的方案"
body: "视频在 https://video.example.com/v?a=1&b=2,案例在 https://example.com/case。"
attach: [paper]
track: true
---
kind: trigger
name: send_it
when: {{event: changed, entity: lead, fields: [department]}}
do: [{{send: {{to: "=email", via: mail, template: after_proposal}}}}]
---
kind: trigger
name: note_opened
when: {{event: opened, entity: lead, template: after_proposal}}
do: [{{set: {{proposal_opened_at: "=event.at", next_subject: "opened {{{{ event.revision }}}}"}}}}]
---
kind: trigger
name: note_clicked
when: {{event: clicked, entity: lead, link: "https://example.com/case"}}
do: [{{set: {{budget: "=(budget or 0) + 1"}}}}]
"""
PERSON = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 MicroMessenger/8.0"}


def opened(tmp_path: Path, written: str, more: str) -> Company:
    """A company whose documents are ``written``; ``more`` stands in its site."""
    clock = VirtualClock(dt.datetime(2026, 1, 5, 1, tzinfo=dt.UTC))
    folder = tmp_path / "site"
    (folder / "custom").mkdir(parents=True)
    (folder / "custom/all.yaml").write_text(written, "utf-8")
    return found(folder, clock, Registry.discover(entry_points=False), site=SITE + more)


@pytest.fixture
def company(tmp_path: Path, post: Post) -> Iterator[Company]:
    pytest.importorskip("typst")
    made = opened(tmp_path, CUSTOM.format(port=post.server_address[1]), "address: https://crm.example.com/\n")
    with made.engine:
        yield made


def client_of(company: Company) -> FlaskClient:
    return create_app(company.engine).test_client()


def send(company: Company, to: str = "zhou@example.com") -> Any:
    lead = company.lead(contact="周敏", email=to, owner=company.ids["li"])
    company.engine.update(SYSTEM, "lead", lead.id, {"department": "眼科"})
    assert company.engine.runs.work() > 0
    return lead


def sending(company: Company) -> dict[str, Any]:
    page = company.engine._site.database
    with page.read() as connection:
        names = ("opened_at", "opens", "seconds", "clicked_at", "clicks", "quiet", "revision", "recipient", "template")
        row = connection.one(f"SELECT {', '.join(names)} FROM sending ORDER BY id DESC LIMIT 1")
        assert row is not None
        return dict(zip(names, row, strict=True))


def body(post: Post) -> str:
    return str(post.mails[-1].get_body(("plain",)).get_content())


def token(post: Post) -> str:
    shown = re.search(r"查看文件:https://crm\.example\.com/t/([\w-]{38})\s", body(post))
    assert shown is not None, body(post)
    return shown.group(1)


def lead_of(company: Company, lead: Any) -> Any:
    return company.engine.get(SYSTEM, "lead", lead.id).record


def test_m24_links_and_documents_of_a_tracked_mail_lead_through_the_site(company: Company, post: Post) -> None:
    send(company)
    assert "video.example.com" not in body(post) and list(post.mails[-1].iter_attachments()) == []
    links = re.findall(r"https://crm\.example\.com/t/[\w-]{38}/(\d)", body(post))
    assert links == ["0", "1"]
    client, key = client_of(company), token(post)
    page = client.get(f"/t/{key}", headers=PERSON)
    assert page.status_code == 200 and "锐视光学方案.pdf" in page.text and "锐视光学的方案" in page.text
    file = client.get(f"/t/{key}/file/0")
    assert file.data.startswith(b"%PDF") and file.headers["Content-Disposition"].startswith("inline;")
    on = client.get(f"/t/{key}/0", headers=PERSON)
    assert 'href="https://video.example.com/v?a=1&amp;b=2"' in on.text
    assert "noindex" in page.headers["X-Robots-Tag"] and page.headers["Referrer-Policy"] == "no-referrer"
    assert "script-src 'nonce-" in page.headers["Content-Security-Policy"]
    assert sending(company)["opens"] == 0, "fetching is not opening"


def test_m55_a_person_who_looks_is_counted_once_with_the_time_and_raises_opened(company: Company, post: Post) -> None:
    lead, client = send(company), client_of(company)
    key = token(post)
    for seconds in (0, 15, 15):
        assert client.post(f"/t/{key}/seen", json={"seconds": seconds}, headers=PERSON).status_code == 204
        company.clock.advance(dt.timedelta(seconds=15))
    now = sending(company)
    assert (now["opens"], now["seconds"], now["template"], now["revision"]) == (1, 30.0, "after_proposal", 1)
    assert lead_of(company, lead)["next_subject"] == "opened 1" and lead_of(company, lead)["proposal_opened_at"]
    company.clock.advance(dt.timedelta(hours=1))
    client.post(f"/t/{key}/seen", json={"seconds": 9}, headers=PERSON)
    assert (sending(company)["opens"], sending(company)["seconds"]) == (2, 30.0)


def test_a_click_is_told_once_for_each_link_and_is_an_opening_too(company: Company, post: Post) -> None:
    lead, client = send(company), client_of(company)
    key = token(post)
    for number in (1, 1, 0, 9, -1):
        client.post(f"/t/{key}/seen", json={"link": number}, headers=PERSON)
    now = sending(company)
    assert (now["clicks"], now["opens"]) == (3, 1) and now["clicked_at"] and now["opened_at"]
    assert lead_of(company, lead)["budget"] == 1 and lead_of(company, lead)["next_subject"] == "opened 1"


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": ""},
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"User-Agent": "Mozilla/5.0 (Windows NT 6.1) Barracuda Sentinel"},
        {"User-Agent": "Mozilla/5.0 AppleWebKit (KHTML) HeadlessChrome/120"},
        {"User-Agent": "python-requests/2.31"},
        {**PERSON, "Sec-Purpose": "prefetch;prerender"},
        {**PERSON, "DNT": "1"},
        {**PERSON, "Sec-GPC": "1"},
    ],
)
def test_scanners_previews_and_who_asks_not_to_be_tracked_are_no_readers(
    company: Company, post: Post, headers: dict[str, str]
) -> None:
    send(company)
    client, key = client_of(company), token(post)
    for method in ("HEAD", "GET"):
        for path in (f"/t/{key}", f"/t/{key}/0", f"/t/{key}/file/0"):
            assert client.open(path, method=method, headers=headers).status_code == 200
    client.post(f"/t/{key}/seen", json={"seconds": 5}, headers=headers)
    client.post(f"/t/{key}/seen", json={"link": 0}, headers=headers)
    now = sending(company)
    assert (now["opens"], now["clicks"], now["opened_at"]) == (0, 0, None)


def test_our_own_people_who_look_at_it_are_not_counted(company: Company, post: Post) -> None:
    send(company)
    client = client_of(company)
    client.post(f"/t/{token(post)}/seen", json={"seconds": 1}, headers={**PERSON, **company.token("li")})
    assert sending(company)["opens"] == 0


def test_who_does_not_want_to_be_recorded_is_forgotten_now_and_next_time(company: Company, post: Post) -> None:
    send(company)
    client, key = client_of(company), token(post)
    client.post(f"/t/{key}/seen", json={"seconds": 1}, headers=PERSON)
    assert "不要记录我的访问" in client.get(f"/t/{key}", headers=PERSON).text
    assert "不再记录" in client.post(f"/t/{key}/quiet", headers=PERSON).text
    client.post(f"/t/{key}/seen", json={"seconds": 1}, headers=PERSON)
    now = sending(company)
    assert (now["quiet"], now["opens"], now["opened_at"]) == (1, 0, None)
    page = client.get(f"/t/{key}", headers=PERSON).text
    assert "方案.pdf" in page and "/seen" not in page
    send(company)
    assert sending(company)["quiet"] == 1 and token(post) != key


def test_the_privacy_switch_sends_plain_links_and_attachments(tmp_path: Path, post: Post) -> None:
    pytest.importorskip("typst")
    company = opened(
        tmp_path, CUSTOM.format(port=post.server_address[1]), "address: https://crm.example.com\ntracking: false\n"
    )
    with company.engine:
        send(company)
        assert "https://video.example.com/v?a=1&b=2" in body(post) and "/t/" not in body(post)
        assert [part.get_filename() for part in post.mails[-1].iter_attachments()] == ["锐视光学方案.pdf"]
        with company.engine._site.database.read() as connection:
            assert connection.scalar("SELECT COUNT(*) FROM sending") == 0


def test_fault_080_what_is_too_big_for_a_mail_is_shown_by_its_link_instead(
    company: Company, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.plugins.steps.send.HEAVY", 10)
    send(company)
    assert list(post.mails[-1].iter_attachments()) == []
    assert client_of(company).get(f"/t/{token(post)}/file/0").data.startswith(b"%PDF")


def test_fault_120_a_guessed_changed_or_old_link_leads_nowhere(company: Company, post: Post) -> None:
    send(company)
    client, key = client_of(company), token(post)
    for guess in ("x", key[:-1], key[:-1] + ("A" if key[-1] != "A" else "B"), "A" * 38, "..", "%00"):
        for path in (f"/t/{guess}", f"/t/{guess}/0", f"/t/{guess}/file/0"):
            assert client.get(path).status_code in (404, 308), path
        assert client.post(f"/t/{guess}/seen", json={"seconds": 1}, headers=PERSON).status_code in (204, 404)
    for path in (f"/t/{key}/7", f"/t/{key}/file/7"):
        assert client.get(path).status_code == 404
    company.clock.advance(dt.timedelta(days=181))
    old = client_of(company).get(f"/t/{key}", headers=PERSON)
    assert old.status_code == 410 and "这个链接已经过期" in old.text


def test_whoever_tries_many_links_has_to_wait(company: Company) -> None:
    client = client_of(company)
    answers = [client.get(f"/t/{'A' * 38}").status_code for _ in range(40)]
    assert answers[0] == 404 and answers[-1] == 429


@pytest.mark.parametrize(
    "told", ["", "[]", '{"seconds": "x"}', '{"link": true}', '{"seconds": 1e999}', '{"seconds": -5}', "{" * 900]
)
def test_nonsense_from_the_page_is_no_error_and_adds_no_time(company: Company, post: Post, told: str) -> None:
    send(company)
    client, key = client_of(company), token(post)
    headers = {**PERSON, "Content-Type": "application/json"}
    assert client.post(f"/t/{key}/seen", data=told, headers=headers).status_code == 204
    assert sending(company)["seconds"] == 0 and sending(company)["clicks"] in (0, 1)


def test_who_may_see_the_lead_sees_its_sendings_but_nobody_their_keys(company: Company, post: Post) -> None:
    send(company)
    from engine.api import Look

    page = company.engine.list(company.actor("li"), "sending", Look())
    [seen] = page.items
    assert seen.record["recipient"] == "zhou@example.com" and "key" not in seen.record.values

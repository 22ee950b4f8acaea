"""A mail in HTML on its way to a real mail server: the same words as plain text, links tracked, nothing hostile gets in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import said
from engine.facts import SYSTEM
from tests.company import Company
from tests.connectors.test_smtp import Post
from tests.studio.test_tracked import PERSON, client_of, lead_of, opened, send, sending

CUSTOM = """
kind: connection
name: mail
connector: smtp
settings: {{host: 127.0.0.1, port: {port}, from: "crm@example.com", security: none, networks: [127.0.0.1/32]}}
---
kind: entity
extend: crm.lead
fields:
  mark: {{type: image, label: {{zh: 标志}}}}
  page: {{type: text, label: {{zh: 网页}}}}
---
kind: template
name: after_proposal
for: lead
channel: email
subject: "{{{{ company }}}}的方案"
logo: "=mark"
style: {{color: "#0a7d5a"}}
html: |
  <img src="cid:logo" alt="{{{{ company }}}}">
  <h1>{{{{ contact }}}}您好</h1>
  <p>这是<a href="https://video.example.com/v?a=1&amp;b=2">{{{{ company }}}}的方案</a>{{% if page %}},<a class="button" href="{{{{ page }}}}">打开</a>{{% endif %}}</p>
  <p>https://example.com/case</p>
track: {track}
---
kind: trigger
name: send_it
when: {{event: changed, entity: lead, fields: [department]}}
do: [{{send: {{to: "=email", via: mail, template: after_proposal}}}}]
---
kind: trigger
name: note_opened
when: {{event: opened, entity: lead, template: after_proposal}}
do: [{{set: {{next_subject: "opened {{{{ event.revision }}}}"}}}}]
"""


def site(tmp_path: Path, post: Post, track: str) -> Company:
    written = CUSTOM.format(port=post.server_address[1], track=track)
    return opened(tmp_path, written, "address: https://crm.example.com/\n")


@pytest.fixture
def company(tmp_path: Path, post: Post) -> Iterator[Company]:
    made = site(tmp_path, post, "true")
    with made.engine:
        yield made


def parts(post: Post) -> tuple[str, str]:
    """(plain, html) of the last mail."""
    mail = post.mails[-1]
    return mail.get_body(("plain",)).get_content(), mail.get_body(("html", "related")).get_content()


def write(site: Company, **values: Any) -> Any:
    lead = site.lead(contact="周敏", email="zhou@example.com", owner=site.ids["li"], **values)
    site.engine.update(SYSTEM, "lead", lead.id, {"department": "眼科"})
    assert site.engine.runs.work() > 0
    return lead


def state(company: Company) -> list[Any]:
    with company.engine._site.database.read() as connection:
        return [tuple(row) for row in connection.execute("SELECT state, error FROM fl_jobs ORDER BY id")]


def test_it_arrives_as_multipart_alternative_with_tracked_links_in_both(company: Company, post: Post) -> None:
    lead = send(company)
    assert post.mails[-1].get_content_type() == "multipart/alternative"
    plain, html = parts(post)
    assert "周敏您好" in plain and "周敏您好</h1>" in html and "color:#0a7d5a" in html
    assert "video.example.com" not in plain + html and "cid:" not in html
    key = re.findall(r"https://crm\.example\.com/t/([\w-]{38})/0", html)
    assert key and f"https://crm.example.com/t/{key[0]}/0" in plain, "the same address is the same link"
    assert f"https://crm.example.com/t/{key[0]}/1" in plain, "an address in the words"
    client = client_of(company)
    assert 'href="https://video.example.com/v?a=1&amp;b=2"' in client.get(f"/t/{key[0]}/0", headers=PERSON).text
    assert sending(company)["opens"] == 0
    client.post(f"/t/{key[0]}/seen", json={"link": 0}, headers=PERSON)
    assert (sending(company)["opens"], sending(company)["clicks"]) == (1, 1)
    assert lead_of(company, lead)["next_subject"] == "opened 1"


def test_the_logo_goes_along_and_is_shown_from_the_mail_itself(company: Company, post: Post) -> None:
    from PIL import Image

    picture = company.folder / "logo.png"
    Image.new("RGB", (80, 20), "#0a7d5a").save(picture, "PNG")
    wanted = company.engine.files.wanted(SYSTEM, "lead", "mark")
    with picture.open("rb") as stream:
        kept = company.engine.files.keep(SYSTEM, wanted, "logo.png", stream)
    write(company, mark=kept.id)
    [related] = [part for part in post.mails[-1].walk() if part.get_content_type() == "multipart/related"]
    html, logo = related.iter_parts()
    assert '<img alt="锐视光学" src="cid:logo@flowloom"' in html.get_content()
    assert (logo["Content-ID"], logo.get_content_type(), logo.get_content_disposition()) == (
        "<logo@flowloom>", "image/png", "inline",
    )  # fmt: skip
    assert logo.get_payload(decode=True) == picture.read_bytes()


NAMES = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "</title><b>", "{{ 7*7 }}{% if 1 %}x",
    "<img src='//evil.cn/pixel.png'>", "&lt;script&gt;", "a' onmouseover='x",
)  # fmt: skip
PAGES = ("javascript:alert(1)", "JAVASCRIPT:alert(1)", " javascript:x", "data:text/html,<script>", "//evil.cn", "x")


def test_fault_039_what_stands_in_a_record_is_words_and_a_hostile_address_leads_nowhere(
    company: Company, post: Post
) -> None:
    for number, name in enumerate(NAMES):
        page = PAGES[number % len(PAGES)]
        write(company, company=name, page=page, phone=f"1380013800{number}")
        plain, html = parts(post)
        assert name in plain and html_escape(name) in html
        shown = html.partition("<body")[2]
        assert not re.search(r"<(script|svg|title|b|img)\b", shown) and "49" not in re.sub(r"<[^<>]*>", "", shown)
        assert re.search(r"<a (?![^>]*href)[^>]*>打开</a>", html), page
    assert len(post.mails) == len(NAMES)


def html_escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_fault_040_a_subject_of_two_lines_is_not_sent(company: Company, post: Post) -> None:
    write(company, company="锐视\r\nBcc: all@example.com")
    assert post.mails == []
    [(last, error)] = state(company)[-1:]
    assert last == "dead" and said.sentence(error, "zh") == "subject 里有换行,不能用"


def test_untracked_it_names_the_addresses_themselves(tmp_path: Path, post: Post) -> None:
    made = site(tmp_path, post, "false")
    with made.engine:
        send(made)
        plain, html = parts(post)
    assert "https://video.example.com/v?a=1&b=2" in plain and "https://video.example.com/v?a=1&amp;b=2" in html

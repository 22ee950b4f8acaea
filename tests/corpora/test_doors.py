"""Paths, searches and headers over HTTP and in messages."""

from __future__ import annotations

import io
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from connectors.http import Http
from connectors.smtp import Smtp, checked
from engine.api import Look
from engine.errors import FlowloomError, Where
from engine.expression.template import compile_template
from engine.facts import SYSTEM
from engine.model.terms import Template
from studio.app import create_app
from tests.company import Company
from tests.corpora.tally import note, payloads

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
SECRET = ("root:x:", "daemon:", "[boot loader]", "kind: pack", "-----BEGIN")
#: Places of the site where a name comes from outside.
PLACES = {
    "files": "/api/v1/files/{}", "records": "/api/v1/records/{}", "record": "/api/v1/records/lead/{}", "hooks": "/hooks/{}",
    "forms": "/f/{}", "assets": "/assets/{}", "pages": "/{}", "tracked": "/t/{}",
}  # fmt: skip


@pytest.fixture
def client(company: Company) -> FlaskClient:
    return create_app(company.engine).test_client()


def test_no_path_of_the_corpus_opens_a_file_at_any_address(company: Company, client: FlaskClient) -> None:
    names, who = payloads("path-traversal")[::4] + payloads("file-name"), company.token("li")
    for place, pattern in PLACES.items():
        through: list[object] = []
        for name in names:
            asked = quote(name.replace("\0", "%00"), safe="/%.\\:") or "x"
            try:
                answer = client.get(pattern.format(asked), headers=who)
            except (ValueError, UnicodeError):
                continue
            if any(word in answer.text for word in SECRET) or answer.status_code >= 500:
                through.append((name, answer.status_code))
        note("path", f"GET {pattern.format('…')}", len(names), through)
        del place


def test_nobody_learns_from_the_pages_whether_a_file_is_there(client: FlaskClient) -> None:
    for there, nowhere in (
        ("/..%2f..%2f..%2f..%2fetc/passwd", "/..%2f..%2f..%2f..%2fetc/nothing"),
        ("/%2fetc/passwd", "/%2fetc/none"),
    ):
        answers = [client.get(path) for path in (there, nowhere)]
        assert answers[0].status_code == answers[1].status_code and answers[0].data == answers[1].data


def test_no_name_of_an_upload_leads_out_of_its_folder(company: Company, client: FlaskClient) -> None:
    names, who = payloads("path-traversal")[::12] + payloads("file-name"), company.token("li")
    folder = company.engine._site.files.folder
    assert folder is not None
    before = {path for path in company.folder.parent.rglob("*") if folder not in path.parents}
    through: list[object] = []
    for number, name in enumerate(names):
        sent = {"file": (io.BytesIO(PDF + str(number).encode()), (name.replace("\0", "") or "x") + ".pdf")}
        answer = client.post("/api/v1/files?entity=lead&field=contract", data=sent, headers=who)
        if answer.status_code == 201 and any(sign in answer.json["name"] for sign in "/\\\0"):
            through.append(answer.json["name"])
        assert answer.status_code in (201, 422, 429, 400), (name, answer.status_code, answer.json)
    grown = {path for path in company.folder.parent.rglob("*") if folder not in path.parents} - before
    assert all(len(path.name) == 64 for path in folder.rglob("*") if path.is_file() and path.parent != folder.parent)
    note(
        "path",
        "upload: name",
        len(names),
        [*through, *[path for path in grown if ".db" not in path.name and path != folder]],
    )


@pytest.mark.parametrize("corpus", ["sqli", "nosql-ldap-json-massassign", "xss"])
def test_no_search_or_sorting_of_the_corpus_reaches_the_database_as_anything_but_text(
    corpus: str, company: Company, client: FlaskClient
) -> None:
    company.lead()
    who, found = company.token("admin"), payloads(corpus)[::6]
    for door in ("search", "sort", "filter"):
        through: list[object] = []
        for text in found:
            answer = client.get("/api/v1/records/lead", query_string={door: text}, headers=who)
            if answer.status_code >= 500 or (
                answer.status_code == 200 and door == "search" and len(answer.json["items"]) > 1
            ):
                through.append((text, answer.status_code))
        note(corpus, f"GET /records: {door}", len(found), through)
    assert company.engine.list(SYSTEM, "lead", Look(limit=5), counted=True).count == 1


def test_no_line_of_the_corpus_begins_a_header() -> None:
    found = payloads("crlf-header") + [f"a{end}Bcc: b@c.cn" for end in ("\r\n", "\n", "\r", "\0")]
    through: list[object] = []
    for text in found:
        try:
            line = checked("subject", text)
        except FlowloomError:
            continue
        through += [text] if any(each in line for each in "\r\n\0") else []
    note("crlf-header", "smtp: to, subject, names", len(found), through)
    through = []
    for text in found:
        try:
            Http().call(
                {"url": "https://93.184.216.34", "headers": {"X-A": text}, "timeout": 0.01}, {"method": "GET"}, "k"
            )
        except FlowloomError as error:
            through += [text] if any(each in text for each in "\r\n\0") and error.problems[0].code != "R116" else []
    note("crlf-header", "http: headers", len(found), through)


def test_no_address_of_the_corpus_is_two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(Smtp, "_hand_over", lambda self, settings, mail, to: sent.append(mail.as_bytes()))
    found = payloads("email") + [
        "a@b.cn,c@d.cn",
        "a@b.cn;c@d.cn",
        "a@b.cn c@d.cn",
        "a@b.cn\r\nBcc: c@d.cn",
        "<a@b.cn>,<c@d.cn>",
    ]
    for text in found:
        try:
            Smtp().send({"host": "x", "from": "crm@example.com"}, {"to": text, "subject": "s", "text": "t"}, "k")
        except (FlowloomError, ValueError):
            continue
    read = [message_from_bytes(raw, policy=policy.default) for raw in sent]
    note(
        "email", "smtp: to", len(found), [mail["To"] for mail in read if len(mail["To"].addresses) != 1 or mail["Bcc"]]
    )


@pytest.mark.parametrize("corpus", ["ssti", "jinja-sandbox-tests", "python-expression"])
def test_no_text_of_the_corpus_runs_as_a_value_or_as_somebody_s_template(corpus: str) -> None:
    found, through = payloads(corpus), []
    value = compile_template(Template("{{ name }}", Where("t.yaml", 1, 1)))
    for text in found:
        through += [text] if value.render({"name": text}) != text else []
    note(corpus, "message: value", len(found), through)
    through = []
    for text in found:
        try:
            shown = compile_template(Template(text, Where("t.yaml", 1, 1))).render({"name": "x"})
        except FlowloomError:
            continue
        through += (
            [(text, shown)]
            if any(word in shown for word in ("uid=", "root:", "<class", "<function", "<module"))
            else []
        )
    note(corpus, "message: template", len(found), through)

"""Public forms over HTTP: without a session, without JavaScript, every rule checked again on the server."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.api import Look
from engine.clock import VirtualClock
from engine.errors import Problem, Unavailable
from engine.facts import SYSTEM
from engine.plugins.registry import Registry
from tests.company import Company
from tests.corpora.tally import note
from tests.studio.channel_site import furnished

ATTACKS = Path(__file__).parents[2].parent / "shared" / "data" / "attacks"
GOOD = {"company": "锐视光学", "contact": "李雷", "phone": "13800138000", "buyer_type": "price"}


@pytest.fixture
def company(
    tmp_path: Path, clock: VirtualClock, registry: Registry, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Company]:
    """Everything here holds on both databases."""
    made = furnished(tmp_path / "site", clock, registry, monkeypatch, database_url)
    yield made
    made.engine.close()


def count(company: Company) -> int:
    found = company.engine.list(SYSTEM, "lead", Look(limit=1), counted=True).count
    assert found is not None
    return found


def token(client: FlaskClient) -> str:
    return re.search(r'name="form_token" value="([^"]+)"', client.get("/f/contact-us").text).group(1)  # type: ignore[union-attr]


def test_the_page_needs_no_session_and_asks_only_what_a_stranger_can_answer(
    company: Company, client: FlaskClient
) -> None:
    page = client.get("/f/contact-us")
    assert page.status_code == 200 and "<script" not in page.text
    names = set(re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', page.text))
    assert names == {"company", "contact", "phone", "budget", "buyer_type", "form_token", "website_url"}
    assert 'value="service"' in page.text and 'value="technology"' not in page.text
    for name in names - {"form_token"}:
        assert f'for="f-{name}"' in page.text, name
    assert "王芳" not in page.text and "X-Frame-Options" not in page.headers
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert client.get("/f/nothing").status_code == 404
    assert client.get("/").headers["X-Frame-Options"] == "DENY"


def test_the_page_speaks_english_when_asked(company: Company, client: FlaskClient) -> None:
    assert "联系我们" in client.get("/f/contact-us").text
    for page in (
        client.get("/f/contact-us?lang=en"),
        client.get("/f/contact-us", headers={"Accept-Language": "en-GB"}),
    ):
        assert "Contact us" in page.text and '<html lang="en">' in page.text and ">Send<" in page.text


def test_what_is_sent_becomes_a_lead_with_its_source_and_an_owner(company: Company, client: FlaskClient) -> None:
    answer = client.post("/f/contact-us", data={**GOOD, "form_token": token(client)})
    assert answer.status_code == 200 and "我们收到了" in answer.text
    found = company.engine.get(SYSTEM, "lead", 1)
    assert found.values["source_tag"] == "官网-官网表单" and found.values["owner"] and found.values["stage"] == "new"
    assert "李强" not in answer.text and "王芳" not in answer.text


def test_fault_044_what_the_page_would_not_let_through_is_refused_by_the_server_field_by_field(
    company: Company, client: FlaskClient
) -> None:
    answer = client.post(
        "/f/contact-us", data={"phone": "123", "buyer_type": "technology", "form_token": token(client)}
    )
    assert answer.status_code == 422
    for name in ("company", "phone", "buyer_type"):
        assert f'id="e-{name}"' in answer.text and f'aria-describedby="e-{name}"' in answer.text, name
    assert 'aria-invalid="true"' in answer.text and 'role="alert"' in answer.text and 'value="123"' in answer.text
    for name, value in (
        ("owner", "1"),
        ("priority", "A"),
        ("stage", "won"),
        ("id", "7"),
        ("is_admin", "1"),
        ("source", "jd"),
    ):
        answer = client.post("/f/contact-us", data={**GOOD, name: value, "form_token": token(client)})
        assert answer.status_code == 422 and count(company) == 0, name


def test_fault_048_sent_twice_is_sent_once_and_the_second_sees_the_same(company: Company, client: FlaskClient) -> None:
    sent = {**GOOD, "form_token": token(client)}
    first, second = (client.post("/f/contact-us", data=sent) for _ in range(2))
    assert (first.status_code, first.text) == (second.status_code, second.text)
    assert count(company) == 1
    changed = client.post("/f/contact-us", data={**sent, "company": "另一家", "phone": "13900139000"})
    assert changed.status_code == 422 and count(company) == 1 and "另一家" in changed.text
    fresh = re.search(r'name="form_token" value="([^"]+)"', changed.text).group(1)  # type: ignore[union-attr]
    assert fresh != sent["form_token"]
    again = client.post(
        "/f/contact-us", data={**sent, "company": "另一家", "phone": "13900139000", "form_token": fresh}
    )
    assert again.status_code == 200 and count(company) == 2


def test_a_robot_is_thanked_and_brings_nothing(company: Company, client: FlaskClient) -> None:
    answer = client.post("/f/contact-us", data={**GOOD, "website_url": "http://x", "form_token": token(client)})
    assert answer.status_code == 200 and "我们收到了" in answer.text and count(company) == 0


def test_one_address_may_send_twelve_in_a_minute_and_loses_nothing_it_typed(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The minute is that of the form, not that of a busy machine.
    monkeypatch.setattr("studio.forms.time", SimpleNamespace(monotonic=lambda: 1000.0))
    for number in range(12):
        sent = {**GOOD, "phone": f"138001380{number:02d}", "form_token": f"token-number-{number:04d}"}
        assert client.post("/f/contact-us", data=sent).status_code == 200
    answer = client.post("/f/contact-us", data={**GOOD, "company": "第十三家", "form_token": token(client)})
    assert answer.status_code == 429 and "第十三家" in answer.text and int(answer.headers["Retry-After"]) > 0
    assert count(company) == 12


def test_a_stranger_never_learns_of_a_record_that_is_there_already(company: Company, client: FlaskClient) -> None:
    extend = "kind: entity\nextend: crm.lead\nremove: [duplicates.same_person.match.company]\nduplicates: {same_person: {match: {phone: exact}, then: block}}\n"
    (company.folder / "custom" / "blocked.yaml").write_text(extend, "utf-8")
    company.engine.revisions.publish("block")
    company.lead(company="机密客户", phone="13800138000")
    answer = client.post("/f/contact-us", data={**GOOD, "form_token": token(client)})
    assert answer.status_code == 200 and "我们收到了" in answer.text and "机密" not in answer.text
    waiting = company.engine.channels.deliveries(SYSTEM)
    assert len(waiting) == 1 and waiting[0]["connection"] == "form:contact_us" and "机密客户" in waiting[0]["reason"]


def test_fault_072_a_form_sent_while_the_database_is_away_is_kept(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = token(client)
    database = company.engine._site.database
    real = database.write
    monkeypatch.setattr(database, "write", lambda work: (_ for _ in ()).throw(Unavailable(Problem("B001"))))
    assert client.post("/f/contact-us", data={**GOOD, "form_token": key}).status_code == 200
    monkeypatch.setattr(database, "write", real)
    company.engine.channels.work()
    assert count(company) == 1


def test_the_embedding_script_puts_the_form_into_another_page(company: Company, client: FlaskClient) -> None:
    script = client.get("/f/contact-us/embed.js", base_url="https://crm.example.com")
    assert script.mimetype == "text/javascript"
    assert '"https://crm.example.com/f/contact-us"' in script.text and "iframe" in script.text


def test_fault_039_the_attack_corpora_by_form_come_back_as_text(
    company: Company, client: FlaskClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not ATTACKS.is_dir():
        pytest.skip("the attack corpora are not here: ../shared/data/attacks")
    from studio.limits import Limit

    client.application.config["FORMS_SENT"] = Limit(1e9, 10**9)
    payloads = [
        each["payload"]
        for name in ("xss", "ssti", "csv-formula", "crlf-header", "regex-dos", "jinja-sandbox-tests")
        for each in json.loads((ATTACKS / f"{name}.json").read_text("utf-8"))
    ][::3]
    told = 0
    for number, text in enumerate(payloads):
        # The phone is wrong, so that the page comes back with what was typed.
        answer = client.post(
            "/f/contact-us", data={**GOOD, "company": text, "phone": "1", "form_token": f"attack-number-{number}"}
        )
        assert answer.status_code == 422
        body = answer.text
        bare = re.sub(r'name="company" value="[^"]*"', "", body)
        assert "<script" not in bare and "onerror" not in bare and "onload" not in bare, text
        shown = re.search(r'name="company" value="([^"]*)"', body)
        assert shown is not None and html.unescape(shown.group(1)).split() == text.strip().split(), text
        told += 1
    assert count(company) == 0
    note("xss, ssti, csv-formula, crlf", "public form", told)
    with capsys.disabled():
        print(f"\nforms: {told} payloads came back as text, 0 effects")


PDF = b"%PDF-1.7\n%%EOF\n"
WITH_FILE = """\
kind: form
name: send_contract
label: {zh: 提交合同, en: Send a contract}
entity: lead
fields: [company, phone, contract]
required: [company, phone]
public: {path: send-contract, set: {source: website}}
"""


@pytest.fixture
def filing(company: Company) -> Company:
    """The same with a public form that takes a file."""
    (company.folder / "custom/form/send_contract.yaml").write_text(WITH_FILE, "utf-8")
    company.engine.revisions.publish("files")
    return company


def attach(client: FlaskClient, content: bytes, name: str = "合同.pdf", key: str = "k" * 24) -> Any:
    sent = {"company": "锐视光学", "phone": "13800138000", "form_token": key, "contract": (io.BytesIO(content), name)}
    return client.post("/f/send-contract", data=sent)


def test_a_stranger_attaches_a_file_to_a_public_form_and_sending_twice_keeps_it_once(
    filing: Company, client: FlaskClient
) -> None:
    page = client.get("/f/send-contract").text
    assert (
        'enctype="multipart/form-data"' in page and 'type="file"' in page and 'accept="application/pdf,image/*"' in page
    )
    before = count(filing)
    assert attach(client, PDF).status_code == 200
    assert attach(client, PDF).status_code == 200
    assert count(filing) == before + 1
    lead = filing.engine.list(SYSTEM, "lead", Look(where="company == '锐视光学'")).items[0]
    file, stream = filing.engine.files.read(SYSTEM, filing.engine.get(SYSTEM, "lead", lead.id).values["contract"])
    with stream:
        assert (file.name, file.type, stream.read()) == ("合同.pdf", "application/pdf", PDF)
    with filing.engine._site.database.read() as connection:
        assert connection.scalar("SELECT COUNT(*) FROM fl_files") == 1


def test_fault_119_a_strangers_file_is_refused_by_its_content_and_its_size_beside_its_field(
    filing: Company, client: FlaskClient
) -> None:
    before = count(filing)
    page = attach(client, b"<html><script>1</script></html>")
    assert page.status_code == 422 and "打开时会执行" in html.unescape(page.text) and 'id="e-contract"' in page.text
    page = attach(client, PDF + b"0" * 10_000_001)
    assert page.status_code == 422 and "最多 10 MB" in html.unescape(page.text)
    assert attach(client, PDF + b"0" * 26_000_000).status_code == 413
    assert count(filing) == before


def test_fault_070_a_stranger_cannot_name_a_file_that_is_there(filing: Company, client: FlaskClient) -> None:
    sent = {"company": "锐视光学", "phone": "13800138000", "contract": "0" * 32}
    page = client.post("/f/send-contract", data=sent)
    assert page.status_code == 422 and "contract" in page.text

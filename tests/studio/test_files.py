"""Files through the door: kept by content, given only to who may see the record, never run by a browser."""

from __future__ import annotations

import datetime as dt
import errno
import io
import struct
import zipfile
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.facts import SYSTEM
from engine.site import attachments
from tests.company import Company


@pytest.fixture
def company(company_anywhere: Company) -> Company:
    """Everything here holds on both databases."""
    return company_anywhere


PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\x00" * 60
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def png(wide: int = 4, high: int = 4) -> bytes:
    return PNG + struct.pack(">II", wide, high) + b"\x08\x02\x00\x00\x00" + b"\x00" * 40


def zipped(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def upload(
    client: FlaskClient, who: dict[str, str], content: bytes, name: str = "合同.pdf", field: str = "contract"
) -> Any:
    sent = {"file": (io.BytesIO(content), name)}
    return client.post(f"/api/v1/files?entity=lead&field={field}", data=sent, headers=who)


def code(answer: Any) -> str:
    return str(answer.json["code"])


def kept(company: Company) -> list[str]:
    folder = company.engine._site.files.folder
    assert folder is not None
    return sorted(p.name for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else []


def test_an_uploaded_file_is_read_by_its_uploader_then_by_who_may_see_the_record(
    company: Company, client: FlaskClient
) -> None:
    li, wang = company.token("li"), company.token("wang")
    lead = company.lead(owner=company.ids["li"])
    sent = upload(client, li, PDF)
    assert sent.status_code == 201
    assert sent.json == {"id": sent.json["id"], "name": "合同.pdf", "size": len(PDF), "type": "application/pdf"}
    address = f"/api/v1/files/{sent.json['id']}"
    assert client.get(address, headers=li).data == PDF
    assert client.get(address, headers=wang).status_code == 404
    assert client.get(address).status_code == 401
    put = client.patch(
        f"/api/v1/records/lead/{lead.id}", json={"values": {"contract": sent.json["id"]}}, headers=company.token("zhao")
    )
    assert put.status_code == 422 and code(put) == "R043", "an id somebody else uploaded is no file of mine"
    put = client.patch(f"/api/v1/records/lead/{lead.id}", json={"values": {"contract": sent.json["id"]}}, headers=li)
    assert put.status_code == 200
    assert client.get(address, headers=li).data == PDF
    assert client.get(address, headers=company.token("zhao")).data == PDF
    seen = client.get(f"/api/v1/records/lead/{lead.id}", headers=wang).status_code
    assert client.get(address, headers=wang).status_code == seen
    assert client.get(f"{address}/about", headers=li).json == sent.json


def test_a_file_is_served_to_be_saved_and_never_opened_in_place(company: Company, client: FlaskClient) -> None:
    li = company.token("li")
    sent = upload(client, li, PDF, "方案 v2.pdf")
    answer = client.get(sent.headers["Location"], headers=li)
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"__ v2.pdf\"; filename*=UTF-8''%E6%96%B9%E6%A1%88%20v2.pdf"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.mimetype == "application/pdf" and answer.content_length == len(PDF)
    again = client.get(sent.headers["Location"], headers={**li, "If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_fault_120_a_guessed_id_and_somebody_elses_are_told_alike(company: Company, client: FlaskClient) -> None:
    sent = upload(client, company.token("li"), PDF)
    wang = company.token("wang")
    there = client.get(f"/api/v1/files/{sent.json['id']}", headers=wang)
    nowhere = client.get(f"/api/v1/files/{'0' * 32}", headers=wang)
    assert there.status_code == nowhere.status_code == 404
    assert there.json["detail"].replace(sent.json["id"], "") == nowhere.json["detail"].replace("0" * 32, "")


@pytest.mark.parametrize(
    "ranges",
    [
        "bytes=0-",
        "bytes=-1",
        "bytes=5-2",
        "bytes=999999-",
        "bytes=" + ",".join(["0-"] * 1000),
        "lines=1-2",
        "bytes=a-b",
    ],
)
def test_fault_120_ranges_are_answered_with_a_part_with_the_whole_or_not_at_all(
    company: Company, client: FlaskClient, ranges: str
) -> None:
    li = company.token("li")
    answer = client.get(upload(client, li, PDF).headers["Location"], headers={**li, "Range": ranges})
    assert answer.status_code in (200, 206, 416)
    assert len(answer.data) <= len(PDF) or answer.status_code == 416


@pytest.mark.parametrize(
    ("name", "content", "field", "expected"),
    [
        ("page.html", b"<!doctype html><html></html>", "recording", "R181"),
        ("note.txt", b"hello <script>alert(1)</script>", "recording", "R181"),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "contract", "R181"),
        ("setup.pdf", b"MZ\x90\x00" + b"\x00" * 80, "contract", "R181"),
        ("\u202efdp.exe", PDF, "contract", "R181"),
        ("a.php.jpg", b"<?php system($_GET[0]); ?>", "contract", "R181"),
        ("合同.pdf", png(), "contract", "R183"),
        ("huge.png", png(10_000, 10_000), "contract", "R184"),
        ("mixed.png", png() + b"<script>1</script>", "contract", "R188"),
        ("mixed.pdf", PDF + zipped(a=b"1"), "contract", "R188"),
        ("bomb.docx", zipped(bomb=b"\x00" * 20_000_000), "contract", "R185"),
        ("out.docx", zipped(**{"../../x": b"1"}), "contract", "R185"),
        ("what.pdf", b"\x00\x01\x02\x03" * 20, "contract", "R186"),
        ("nothing.pdf", b"", "contract", "R187"),
        ("call.wav", WAV, "contract", "R182"),
    ],
)
def test_fault_119_what_is_dangerous_or_not_asked_for_is_refused_by_its_content(
    company: Company, client: FlaskClient, name: str, content: bytes, field: str, expected: str
) -> None:
    answer = upload(client, company.token("li"), content, name, field)
    assert (answer.status_code, code(answer)) == (422, expected), answer.json
    assert answer.json["problems"][0]["field"] == field
    assert kept(company) == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../x.pdf", "x.pdf"),
        ("C:\\\\temp\\\\y.pdf", "y.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
        ("😀.pdf", "😀.pdf"),
        ("gpj\u202e.pdf", "gpj_.pdf"),
        ("a.php.pdf", "a.php.pdf"),
    ],
)
def test_fault_119_names_are_shown_safely_and_name_no_place(
    company: Company, client: FlaskClient, name: str, shown: str
) -> None:
    assert upload(client, company.token("li"), PDF, name).json["name"] == shown
    assert all(len(one) == 64 for one in kept(company)), "on disk it has our name, not the sender's"


def test_fault_119_a_body_behind_the_fields_limit_is_refused_before_it_is_read(
    company: Company, client: FlaskClient
) -> None:
    class Never(io.RawIOBase):
        def readinto(self, buffer: Any) -> int:
            raise AssertionError("the body was read")

    answer = client.open(
        "/api/v1/files?entity=lead&field=contract",
        method="POST",
        headers=company.token("li"),
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"wsgi.input": Never(), "CONTENT_LENGTH": str(5 * 10**9)},
    )
    assert (answer.status_code, code(answer)) == (413, "R180")
    assert "50 MB" in answer.json["title"]


def test_fault_068_an_upload_that_does_not_say_how_long_it_is_is_not_waited_for(
    company: Company, client: FlaskClient
) -> None:
    answer = client.open(
        "/api/v1/files?entity=lead&field=contract",
        method="POST",
        headers={**company.token("li"), "Transfer-Encoding": "chunked"},
        content_type="multipart/form-data; boundary=x",
        input_stream=io.BytesIO(b"--x--"),
    )
    assert (answer.status_code, code(answer)) == (411, "H039")


def test_a_field_that_takes_no_file_or_may_not_be_written_takes_no_upload(
    company: Company, client: FlaskClient
) -> None:
    li = company.token("li")
    assert code(upload(client, li, PDF, field="company")) == "R189"
    assert code(upload(client, li, PDF, field="nothing")) == "R189"
    no_name = client.post("/api/v1/files", data={"file": (io.BytesIO(PDF), "a.pdf")}, headers=li)
    assert (no_name.status_code, code(no_name)) == (400, "H012")
    no_file = client.post("/api/v1/files?entity=lead&field=contract", json={"file": "x"}, headers=li)
    assert (no_file.status_code, code(no_file)) == (400, "H012")


def test_a_file_of_a_type_the_other_field_does_not_take_cannot_be_put_there(
    company: Company, client: FlaskClient
) -> None:
    li = company.token("li")
    lead = company.lead(owner=company.ids["li"])
    sound = upload(client, li, WAV, "call.wav", "recording").json["id"]
    values = {"values": {"contract": sound}}
    answer = client.patch(f"/api/v1/records/lead/{lead.id}", json=values, headers=li)
    assert (answer.status_code, code(answer)) == (422, "R182")
    nothing = client.patch(f"/api/v1/records/lead/{lead.id}", json={"values": {"contract": "0" * 32}}, headers=li)
    assert code(nothing) == "R043"


def test_fault_070_an_id_told_by_an_outside_system_is_no_file(company: Company, client: FlaskClient) -> None:
    from engine.runtime import attachment
    from engine.runtime.acts import Acting

    li = company.token("li")
    lead = company.lead(owner=company.ids["li"])
    sent = upload(client, li, PDF).json["id"]
    client.patch(f"/api/v1/records/lead/{lead.id}", json={"values": {"contract": sent}}, headers=li)
    site = company.engine._site
    with site.database.read() as connection:
        context = Acting(site.parts, connection, SYSTEM, via="connection:shop")
        problems: list[Any] = []
        attachment.put(context, context.plan("lead").fields["contract"].field, sent, problems)
    assert [problem.code for problem in problems] == ["R043"]


def test_uploads_no_record_took_go_after_a_day_and_held_ones_stay(company: Company, client: FlaskClient) -> None:
    li = company.token("li")
    lead = company.lead(owner=company.ids["li"])
    held, loose = upload(client, li, PDF).json["id"], upload(client, li, PDF + b"2").json["id"]
    client.patch(f"/api/v1/records/lead/{lead.id}", json={"values": {"contract": held}}, headers=li)
    site = company.engine._site
    assert attachments.sweep(site) == 0
    company.clock.advance(dt.timedelta(days=2))
    assert attachments.sweep(site) == 1
    assert client.get(f"/api/v1/files/{loose}", headers=li).status_code == 404
    assert client.get(f"/api/v1/files/{held}", headers=li).data == PDF
    company.engine.delete(SYSTEM, "lead", lead.id)
    assert attachments.sweep(site) == 0, "a record in the trash keeps its files"


def test_a_file_that_was_replaced_goes_after_thirty_days(company: Company, client: FlaskClient) -> None:
    li = company.token("li")
    lead = company.lead(owner=company.ids["li"])
    for content in (PDF, PDF + b"2"):
        sent = upload(client, li, content).json["id"]
        client.patch(f"/api/v1/records/lead/{lead.id}", json={"values": {"contract": sent}}, headers=li)
    site = company.engine._site
    company.clock.advance(dt.timedelta(days=2))
    assert attachments.sweep(site) == 0
    company.clock.advance(dt.timedelta(days=31))
    assert attachments.sweep(site) == 1
    assert client.get(f"/api/v1/files/{sent}", headers=company.token("li")).data == PDF + b"2"


def test_who_holds_a_file_is_found_by_an_index_that_records_without_one_do_not_pay_for(company: Company) -> None:
    database = company.engine._site.database
    if database.dialect == "postgresql":
        pytest.skip("a plan of PostgreSQL depends on how many rows there are")
    with database.read() as connection:
        text = 'EXPLAIN QUERY PLAN SELECT id FROM "lead" WHERE "contract" = ? AND deleted_at IS NULL LIMIT 20'
        plan = " ".join(str(row) for row in connection.execute(text, ("0" * 32,)))
    assert "fx_lead_contract" in plan


def test_fault_086_an_upload_the_disk_does_not_take_is_told_as_a_full_disk(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("werkzeug.wrappers.request.default_stream_factory", full)
    answer = upload(client, company.token("li"), PDF)
    assert (answer.status_code, code(answer)) == (503, "B002")
    assert int(answer.headers["Retry-After"]) > 0


def test_fault_119_uploads_that_no_record_takes_have_an_end(
    company: Company, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "LOOSE", 2 * len(PDF))
    li = company.token("li")
    sent = [upload(client, li, PDF + bytes([48 + number])) for number in range(3)]
    assert [one.status_code for one in sent] == [201, 201, 429]
    assert sent[2].json["detail"].startswith("R190 您上传了 ")
    assert upload(client, company.token("wang"), PDF).status_code == 201
    lead = company.lead(owner=company.ids["li"])
    client.patch(f"/api/v1/records/lead/{lead.id}", json={"values": {"contract": sent[0].json["id"]}}, headers=li)
    assert upload(client, li, PDF).status_code == 201, "what a record has taken does not count"

"""Formulas, XML that fetches and archives that burst: what comes in and goes out as tables and documents."""

from __future__ import annotations

import contextlib
import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from connectors.folder import plain
from engine.api import Look, write_bad_rows
from engine.errors import FlowloomError
from engine.facts import SYSTEM
from engine.paper.office import Refusal, written
from engine.source.sheet import open_sheet
from tests.company import Company
from tests.corpora.tally import archives, note, payloads

#: OWASP ASVS 5.0, 1.2.10, and the full-width signs that Excel takes for the plain ones.
RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
MADE = [f"{sign}{text}" for sign in RUN for text in ("cmd|' /C calc'!A0", "SUM(1+1)*cmd", 'HYPERLINK("http://x")')]
BOOK = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://'
    'schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
}  # fmt: skip


def test_fault_122_nothing_that_leaves_as_a_table_is_a_formula(company: Company, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    given = payloads("csv-formula") + MADE
    source = tmp_path / "in.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["客户名称", "手机号"])
        rows.writerows([text, f"139{number:08}"] for number, text in enumerate(given))
        rows.writerows([text, "12"] for text in given)
    report = company.engine.import_file(SYSTEM, source, "lead")
    write_bad_rows(report, tmp_path / "bad.csv")
    text = b"".join(company.engine.export(SYSTEM, "lead", "csv", Look())).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    note("csv-formula", "export: csv", len(given), [cell for cell in cells if cell.startswith(RUN)])
    book = load_workbook(io.BytesIO(b"".join(company.engine.export(SYSTEM, "lead", "xlsx", Look()))))
    found = [cell for row in book.active.iter_rows() for cell in row if cell.value is not None]
    ran = [cell.value for cell in found if cell.data_type == "f" or str(cell.value).startswith(RUN)]
    note("csv-formula", "export: xlsx", len(given), ran)
    with (tmp_path / "bad.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    note("csv-formula", "import: rows to mend", len(report.bad), [cell for cell in cells if cell.startswith(RUN)])
    assert report.created + len(report.bad) == 2 * len(given)


def workbook(part: str, text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in {**BOOK, part: text}.items():
            archive.writestr(name, content.encode("utf-8", "surrogateescape"))
    return made.getvalue()


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/sharedStrings.xml", "[Content_Types].xml", "_rels/.rels"])
def test_no_xml_of_a_workbook_fetches_or_grows(part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: Any, **more: Any) -> Any:
        raise AssertionError("something was fetched")

    monkeypatch.setattr("socket.socket.connect", nowhere)
    monkeypatch.setattr("urllib.request.urlopen", nowhere)
    found, through = payloads("xml-xxe"), []
    for text in found:
        path = tmp_path / "a.xlsx"
        path.write_bytes(workbook(part, text))
        try:
            rows = [row.cells for row in open_sheet(path).rows()]
        except FlowloomError:
            continue
        through += [row for row in rows if "root:" in str(row)]
    note("xml-xxe", f"workbook: {part}", len(found), through)


def test_no_xml_of_a_document_fetches_or_grows() -> None:
    found, through = payloads("xml-xxe"), []
    for text in found:
        try:
            words = written(text.encode("utf-8", "surrogateescape"))
        except Refusal:
            continue
        through += [words] if "root:" in words or len(words) > 100_000 else []
    note("xml-xxe", "docx, pptx: parts", len(found), through)


def test_no_xml_of_a_feed_or_of_wecom_fetches_or_grows() -> None:
    from connectors.rss import items
    from connectors.wecom import _xml
    from engine.plugins.slots import Unauthentic, Unreadable

    found, through = payloads("xml-xxe"), []
    for text in found:
        body = text.encode("utf-8", "surrogateescape")
        with contextlib.suppress(Unreadable):
            through += [each for each in items(body, "text/xml") if "root:" in str(each)]
    note("xml-xxe", "rss", len(found), through)
    for text in found:
        with contextlib.suppress(Unauthentic, Unreadable):
            through += [each for each in (_xml(text.encode("utf-8", "surrogateescape")),) if "root:" in str(each)]
    note("xml-xxe", "wecom", len(found), through)


def bombs() -> dict[str, bytes]:
    """Archives that become large: one entry, many, and one inside another."""
    made: dict[str, bytes] = {path.name: path.read_bytes() for path in archives()}
    for name, entries in (("zeros", {"xl/workbook.xml": 600}), ("many", {f"word/{n}.xml": 20 for n in range(30)})):
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for entry, size in entries.items():
                with archive.open(entry, "w") as part:
                    for _ in range(size):
                        part.write(b"\0" * 1_000_000)
        made[name] = kept.getvalue()
    return made


def test_no_archive_is_unpacked_at_any_door(company: Company, tmp_path: Path) -> None:
    from engine.paper import reader
    from engine.store import sniff

    made, room = bombs(), tmp_path / "in"
    room.mkdir()
    through: dict[str, list[object]] = {"import: xlsx": [], "upload": [], "read: docx": []}
    for name, content in made.items():
        path = room / f"{name}.xlsx"
        path.write_bytes(content)
        before = {each for each in tmp_path.rglob("*") if "site" not in each.parts}
        with contextlib.suppress(FlowloomError):
            list(open_sheet(path).rows())
            through["import: xlsx"].append(name)
        with contextlib.suppress(FlowloomError):
            sniff.media_type(f"{name}.docx", io.BytesIO(content), len(content))
            through["upload"].append(name)
        with contextlib.suppress(FlowloomError):
            if reader.read(content).text:
                through["read: docx"].append(name)
        assert {each for each in tmp_path.rglob("*") if "site" not in each.parts} == before, "something was unpacked"
    for door, found in through.items():
        note("zip", door, len(made), found)


def test_no_name_of_a_server_s_file_or_of_an_attachment_leads_anywhere() -> None:
    from email.message import EmailMessage

    from connectors import letter

    names = payloads("path-traversal") + payloads("file-name")
    bad = [name for name in names if plain(name) and any(each in name for each in "/\\\0\r\n")]
    note("path", "ftp, sftp: names", len(names), [*bad])
    through: list[object] = []
    for name in names:
        mail = EmailMessage()
        mail.set_content("x")
        try:
            mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename=name)
            raw = mail.as_bytes()
        except (ValueError, TypeError, UnicodeError):
            raw = b'Content-Type: application/pdf; name="' + name.encode("utf-8", "replace") + b'"\r\n\r\n%PDF'
        import email.policy

        _, enclosed = letter._parts(email.message_from_bytes(raw))
        through += [
            each["name"]
            for each in enclosed
            if any(sign in each["name"] for sign in "/\\\0\r\n") or each["name"] in ("", ".", "..")
        ]
    note("path", "imap: attachments", len(names), through)

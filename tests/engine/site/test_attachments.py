"""Files by the command line and with an import."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.main import run
from engine.facts import SYSTEM
from engine.store.files import File
from tests.company import Company

PDF = b"%PDF-1.7\n%%EOF\n"


def contract(company: Company, lead: int) -> tuple[File, bytes]:
    id = company.engine.get(SYSTEM, "lead", lead).values["contract"]
    file, stream = company.engine.files.read(SYSTEM, id)
    with stream:
        return file, stream.read()


def test_a_file_named_in_a_row_is_taken_from_the_folder_and_nothing_outside_it(
    company: Company, tmp_path: Path
) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(PDF)
    (folder / "b.pdf").write_bytes(b"<html></html>")
    (tmp_path / "secret.pdf").write_bytes(PDF)
    sheet = tmp_path / "leads.csv"
    sheet.write_text(
        "company,phone,contract\n甲,13800138001,a.pdf\n乙,13800138002,b.pdf\n丙,13800138003,../secret.pdf\n丁,13800138004,none.pdf\n",
        "utf-8",
    )
    report = company.engine.import_file(SYSTEM, sheet, "lead", files=folder, constants={"source": "expo"})
    assert report.created == 1
    assert [(bad.row, [problem.code for problem in bad.problems]) for bad in report.bad] == [
        (3, ["R181"]),
        (4, ["R043"]),
        (5, ["R043"]),
    ]
    file, content = contract(company, company.engine.list(SYSTEM, "lead", look()).items[0].id)
    assert (file.name, content, file.held) == ("a.pdf", PDF, True)


def look() -> object:
    from engine.api import Look

    return Look(where="company == '甲'")


def test_flowloom_attach_puts_a_file_into_a_record(
    company: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lead = company.lead()
    (tmp_path / "合同.pdf").write_bytes(PDF)
    site, file = str(company.folder), str(tmp_path / "合同.pdf")
    assert run(["-C", site, "attach", f"lead/{lead.id}", "contract", file, "--as", "zhao"]) == 0
    assert f"lead/{lead.id} 的 contract 现在是 合同.pdf" in capsys.readouterr().err
    assert contract(company, lead.id)[1] == PDF
    assert run(["-C", site, "attach", "lead", "contract", file]) == 2
    assert run(["-C", site, "attach", f"lead/{lead.id}", "company", file]) == 2
    assert "R189" in capsys.readouterr().err

"""Metrics in documents: the numbers of whoever the document is made for, as text in the PDF."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest

from engine.errors import InvalidDocument
from engine.facts import SYSTEM
from tests.company import Company

TEMPLATE = """kind: metric
name: leads_made
label: {zh: 新线索, en: New leads}
entity: lead
count: "True"
time: created_at
by: [source, owner]
---
kind: template
name: weekly
label: {zh: 周报}
for: lead
channel: document
blocks:
  - metric: {of: leads_made, within: 30d}
  - metric: {of: leads_made, show: line, each: day, within: 30d}
  - metric: {of: leads_made, show: bar, by: source}
  - metric: {of: leads_made, show: table, by: source}
"""


def text(company: Company, login: str, record: int) -> str:
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("typst")
    actor = company.actor(login) if login else SYSTEM
    _, paper = company.engine.files.draft(actor, "weekly", "lead", record)
    pages = pypdf.PdfReader(io.BytesIO(paper.content)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


def test_a_report_shows_a_number_a_line_bars_and_a_table(company: Company) -> None:
    for number, source in enumerate(("website", "website", "referral")):
        company.lead(source=source, phone=f"1380013800{number}", owner=company.ids["li"])
        company.clock.advance(dt.timedelta(days=1))
    lead = company.lead(source="website", phone="13800138009", owner=company.ids["li"])
    (company.folder / "custom/weekly.yaml").write_text(TEMPLATE, "utf-8")
    company.engine.revisions.publish("weekly")
    found = text(company, "", lead.id)
    assert "新线索4" in found and found.count("新线索") >= 3
    assert "合计4" in found and "官网" in found


def test_the_numbers_are_those_its_reader_may_see(company: Company) -> None:
    company.engine.update(SYSTEM, "user", company.ids["wang"], {"team": None})
    company.lead(phone="13800138001", owner=company.ids["wang"])
    own = company.lead(phone="13800138002", owner=company.ids["li"])
    (company.folder / "custom/weekly.yaml").write_text(TEMPLATE, "utf-8")
    company.engine.revisions.publish("weekly")
    assert "新线索2" in text(company, "", own.id) and "新线索1" in text(company, "li", own.id)


def test_a_metric_that_is_not_there_is_found_when_the_files_are_checked(company: Company) -> None:
    lead = company.lead()
    wrong = TEMPLATE.replace("of: leads_made, show: bar", "of: leads_mad, show: bar")
    (company.folder / "custom/weekly.yaml").write_text(wrong, "utf-8")
    with pytest.raises(InvalidDocument) as error:
        company.engine.files.draft(SYSTEM, "weekly", "lead", lead.id)
    assert error.value.problems[0].suggestion == "leads_made"

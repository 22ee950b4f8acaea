"""A document looked at before its template is published."""

from __future__ import annotations

import pytest

from engine.errors import InvalidDocument, NotFound
from engine.facts import SYSTEM
from tests.company import Company

TEMPLATE = """kind: template
name: hello
label: {zh: 问候}
for: lead
channel: document
blocks: [{text: "{{ company }}您好"}]
"""


def test_the_folder_s_own_template_is_laid_out_and_nothing_is_kept(company: Company) -> None:
    pytest.importorskip("typst")
    lead, path = company.lead(), company.folder / "custom/hello.yaml"
    path.write_text(TEMPLATE, "utf-8")
    name, paper = company.engine.files.draft(SYSTEM, "hello", "lead", lead.id)
    assert (name, paper.pages) == ("问候.pdf", 1) and paper.content.startswith(b"%PDF")
    with company.engine._site.database.read() as connection:
        assert connection.scalar("SELECT COUNT(*) FROM fl_files") == 0
    with pytest.raises(NotFound) as error:
        company.engine.files.draft(SYSTEM, "helo", "lead", lead.id)
    assert error.value.problems[0].suggestion == "hello"
    path.write_text(TEMPLATE.replace("company", "compny"), "utf-8")
    with pytest.raises(InvalidDocument):
        company.engine.files.draft(SYSTEM, "hello", "lead", lead.id)


def test_who_may_not_see_the_record_gets_no_document_of_it(company: Company) -> None:
    (company.folder / "custom/hello.yaml").write_text(TEMPLATE, "utf-8")
    lead = company.lead(owner=company.ids["zhao"])
    company.engine.update(SYSTEM, "user", company.ids["wang"], {"team": None})
    with pytest.raises(NotFound):
        company.engine.files.draft(company.actor("wang"), "hello", "lead", lead.id)

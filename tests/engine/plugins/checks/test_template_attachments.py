from __future__ import annotations

from tests.engine.load.conftest import TICKET, Loader, codes

MAIL = """---
kind: template
name: reply
for: ticket
body: 您好
attach: [{names}]
"""
PAPER = """---
kind: template
name: letter
for: ticket
channel: document
blocks: [{text: 您好}]
"""


def test_what_is_neither_a_file_nor_a_document_is_told(loaded: Loader) -> None:
    found = loaded(TICKET + MAIL.replace("{names}", "letter, subject") + PAPER)
    assert codes(found) == ["L030"] and found.problems[0].parameters["name"] == "subject"


def test_a_document_about_the_same_thing_may_go_along(loaded: Loader) -> None:
    assert codes(loaded(TICKET + MAIL.replace("{names}", "letter") + PAPER)) == []

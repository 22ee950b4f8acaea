"""Pages lead somewhere, stay short, and come in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, written_pages

LINK = re.compile(r"\]\(([^)\s]+)\)")
#: Pictures that are made from the running product, not written.
PICTURES = "docs/images/"
#: Words of machines that people who run a company's flows should not have to know.
MACHINE_WORDS = ("JSON Schema", "dataclass", "savepoint", "manifest", "SQLAlchemy", "snake_case", "OOP", "middleware")
#: Pages read by whoever installs, connects or programs, not by operations staff.
FOR_ENGINEERS = ("write-a-plugin", "use-the-api", "use-postgresql", "run-on-many-machines", "run-behind-a-proxy")


def test_every_link_leads_to_a_file_that_is_there() -> None:
    lost = []
    for page in written_pages():
        for target in LINK.findall(re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.S)):
            if "://" in target or target.startswith(("#", "mailto:")) or PICTURES in target:
                continue
            if not (page.parent / target.split("#")[0]).exists():
                lost.append(f"{page.relative_to(ROOT)}: {target}")
    assert lost == []


@pytest.mark.parametrize("folder", ["tutorial", "how-to", "explanation"])
def test_every_page_comes_in_both_languages_and_is_in_the_index(folder: str) -> None:
    for language, other in (("zh", "en"), ("en", "zh")):
        pages = {page.name for page in (DOCS / folder).glob(f"*.{language}.md")}
        assert pages, folder
        assert {name.replace(f".{language}.", f".{other}.") for name in pages} == {
            page.name for page in (DOCS / folder).glob(f"*.{other}.md")
        }
        index = (DOCS / folder / f"README.{language}.md").read_text("utf-8")
        assert [name for name in sorted(pages) if not name.startswith("README") and f"({name})" not in index] == []


def test_pages_are_short() -> None:
    folders = ("tutorial", "how-to", "explanation")
    pages = [page for folder in folders for page in (DOCS / folder).glob("*.md")]
    assert [page.name for page in pages if len(page.read_text("utf-8").splitlines()) >= 120] == []


def test_pages_for_operations_staff_use_no_words_of_machines() -> None:
    for page in (*(DOCS / "tutorial").glob("*.md"), *(DOCS / "how-to").glob("*.md")):
        if page.name.startswith(FOR_ENGINEERS):
            continue
        text = page.read_text("utf-8")
        assert [word for word in MACHINE_WORDS if word.lower() in text.lower()] == [], page.name


def test_chinese_pages_are_chinese_and_english_pages_are_english() -> None:
    for page in written_pages():
        text = re.sub(r"```.*?```|`[^`]*`|\[[^\]]*\]\([^)]*\)|「[^」]*」", "", page.read_text("utf-8"), flags=re.S)
        share = len(re.findall(r"[\u4e00-\u9fff]", text)) / max(len(text), 1)
        if _language(page) == "zh":
            assert share > 0.25, page.name
        elif page.name.endswith(".en.md"):
            assert share < 0.02, page.name


def _language(page: Path) -> str:
    return "zh" if page.name.endswith(".zh.md") else ""

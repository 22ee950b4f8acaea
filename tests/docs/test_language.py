"""What the page on the language shows can be loaded as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.load.check import Checker
from engine.model.manifest import KINDS
from engine.plugins.registry import Registry
from engine.source.reader import read

PAGE = Path(__file__).resolve().parents[2] / "docs" / "language.md"
BLOCKS = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.S) if "kind:" in block]
#: Steps and connectors of later pieces, which the page shows because the language has them.
LATER = {"ftp_csv"}


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(Registry.discover())


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_example_of_the_page_satisfies_its_schema(number: int, checker: Checker) -> None:
    text = re.sub(r"\[\.\.\.\]", "[company]", BLOCKS[number])
    for document in read(text, "language.md").documents:
        kind = document.get("kind")
        assert kind is not None and kind.value in KINDS
        problems = checker.check(document, kind.value).problems
        assert [problem.text("en") for problem in problems if problem.parameters.get("name") not in LATER] == []


def test_every_kind_has_an_example_on_the_page() -> None:
    shown = {kind for block in BLOCKS for kind in re.findall(r"^kind: (\w+)", block, re.M)}
    assert shown == set(KINDS)

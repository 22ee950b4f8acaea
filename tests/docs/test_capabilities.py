"""The table of capabilities names every scenario that bears a number, and nothing that is not there."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT

ROW = re.compile(r"^\| M(\d+) \| [^|]+ \| (.+) \|$", re.MULTILINE)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_numbered_scenario_stands_in_its_row_and_every_file_named_is_there(language: str) -> None:
    text = (ROOT / f"docs/explanation/capabilities.{language}.md").read_text("utf-8")
    named = {int(number): set(re.findall(r"\]\(\.\./\.\./([^)]+)\)", cell)) for number, cell in ROW.findall(text)}
    assert all((ROOT / path).is_file() for paths in named.values() for path in paths)
    for path in (ROOT / "builtin_flows").glob("*/scenario/m*.yaml"):
        number = re.match(r"m(\d+)_", path.name)
        if number and int(number[1]) <= 61:
            assert path.relative_to(ROOT).as_posix() in named[int(number[1])]
    unproven = {int(number) for number in re.findall(r"M(\d+)", text[text.rindex("|") :]) if int(number) not in named}
    assert set(named) | unproven == set(range(1, 62))


@pytest.mark.parametrize("number", [2, 4, 5, 6, 43, 55])
def test_a_row_that_names_a_test_names_one_of_its_number(number: int) -> None:
    text = (ROOT / "docs/explanation/capabilities.en.md").read_text("utf-8")
    path = dict(ROW.findall(text))[str(number)].rpartition("../../")[2].rstrip(")")
    assert f"def test_m{number:02}_" in (ROOT / path).read_text("utf-8")

"""The catalogue of problems: every code is tried by a test, spoken in both languages, and raised somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import catalogue
from engine.load.pipeline import load
from engine.plugins.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"\b[A-Z]\d{3}\b")

SLIPS = """\
kind: entity
name: visit
lable: {zh: 拜访, en: Visit}
fields:
  who: {type: txet}
  when: {type: date, requierd: true}
  size: {type: choice, choises: [a]}
  other: {type: link, to: nowhere}
  sum: {type: number, value: "=hwo + 1"}
  far: {type: number, value: "=size >"}
  late: {type: text, max_length: many}
  note: {type: text, required_if: "whom == 1"}
unique: who
colour: red
"""


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (p for p in (ROOT / folder).rglob("*.py") if "node_modules" not in p.parts)


def raised() -> set[str]:
    """Codes that stand in the product's own code."""
    found: set[str] = set()
    for path in sources("engine", "studio", "connectors"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found.add(node.value)
    return found


def tried() -> set[str]:
    """Codes that stand in a test, or have a bad file and its exact words."""
    found = {path.stem for path in (ROOT / "tests/problems").glob("*.txt")}
    for path in sources("tests"):
        if path == Path(__file__).resolve():
            continue
        found |= set(CODE.findall(path.read_text("utf-8").upper()))
    return found


def test_every_code_is_tried_by_a_test() -> None:
    assert sorted(set(catalogue()) - tried()) == []


def test_every_code_is_raised_and_every_raised_code_is_explained() -> None:
    codes = {code for code in raised() if code[0] in "ABCDHILMPQRSTXY"}
    assert sorted(set(catalogue()) - codes) == []
    assert sorted(codes - set(catalogue())) == []


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_both_languages_say_the_same(code: str) -> None:
    one = catalogue()[code]
    assert one.what["zh"] and one.what["en"]
    assert bool(one.fix["zh"]) == bool(one.fix["en"])
    # ``{wanted_en}`` is the English of ``{wanted}``.
    places = {lang: {w.removesuffix("_en") for w in re.findall(r"\{(\w+)\}", one.what[lang])} for lang in ("zh", "en")}
    # English needs the kind of a thing where Chinese says 「名称」 alone.
    assert places["zh"] ^ places["en"] <= {"kind"}
    assert one.what["en"].isascii() or not re.search(r"[\u4e00-\u9fff]", one.what["en"])


def test_more_than_ten_slips_in_one_file_are_all_reported_at_their_places() -> None:
    files = {"site.yaml": "name: small\npacks: {}\n", "custom/entity/visit.yaml": SLIPS}
    problems = [p for p in load(files, Registry.discover()).problems if p.severity == "error"]
    lines = {problem.where.line for problem in problems}
    assert lines >= {3, 5, 6, 7, 8, 9, 10, 11, 12, 14}, [problem.line() for problem in problems]
    assert len(problems) >= 10
    assert all(problem.where.file == "custom/entity/visit.yaml" and problem.where.column for problem in problems)

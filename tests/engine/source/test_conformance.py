"""The YAML test suite and collected attacks: refused with a place or read, never a crash, never an object."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.errors import InvalidDocument
from engine.source.reader import read, read_tolerant

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
SUITE = sorted((SHARED / "conf-yaml").glob("*.yaml"))
ATTACKS = sorted(path for path in (SHARED / "attacks" / "yaml").glob("*") if path.is_file())

needs_suite = pytest.mark.skipif(not SUITE, reason="the YAML test suite (../shared/data/conf-yaml) is not here")
needs_attacks = pytest.mark.skipif(not ATTACKS, reason="the YAML attacks (../shared/data/attacks/yaml) are not here")

#: What is valid YAML and refused on purpose, or beyond libyaml: all with a place and words of their own.
PLAIN_VALUES = (str, int, float, bool, type(None), dict, list)


def visible(text: str) -> str:
    """The suite marks what cannot be seen."""
    for mark, sign in (("␣", " "), ("↵", ""), ("∎\n", ""), ("∎", ""), ("←", "\r"), ("⇔", "\ufeff")):
        text = text.replace(mark, sign)
    return re.sub("—*»", "\t", text)


def cases() -> list[tuple[str, str, bool]]:
    found = []
    for path in SUITE:
        inherited: dict[str, Any] = {}
        for number, case in enumerate(yaml.safe_load(path.read_text("utf-8"))):
            inherited = {**({} if "yaml" in case else inherited), **case}
            found.append((f"{path.stem}-{number}", visible(inherited["yaml"]), bool(inherited.get("fail"))))
    return found


@needs_suite
@pytest.mark.parametrize(("text", "fails"), [case[1:] for case in cases()], ids=[case[0] for case in cases()])
def test_the_suite_is_read_or_refused_with_a_place(text: str, fails: bool) -> None:
    source, problems = read_tolerant(text, "case.yaml")
    for problem in problems:
        assert problem.where.line >= 1
        assert problem.where.column >= 1
        assert problem.what("zh")
    if fails:
        with pytest.raises(InvalidDocument):
            read(text, "case.yaml")
    for document in source.documents:
        for _, node in document.walk():
            assert type(node.value) in PLAIN_VALUES


@needs_suite
def test_what_the_suite_calls_valid_maps_with_json_reads_as_its_json() -> None:
    import json

    compared = 0
    for path in SUITE:
        for case in yaml.safe_load(path.read_text("utf-8")):
            if "yaml" not in case or "json" not in case or case.get("fail") or not case["json"]:
                continue
            source, problems = read_tolerant(visible(case["yaml"]), path.name)
            if problems or len(source.documents) != 1:
                continue
            try:
                wanted = json.loads(case["json"])
            except json.JSONDecodeError:
                continue
            assert source.documents[0].plain() == wanted, path.name
            compared += 1
    assert compared >= 40


@needs_attacks
@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.name)
def test_no_attack_crashes_stalls_or_builds_an_object(path: Path) -> None:
    start = time.process_time()
    source, problems = read_tolerant(path.read_bytes(), path.name)
    assert time.process_time() - start < 1
    assert all(problem.where.line for problem in problems)
    for document in source.documents:
        for _, node in document.walk():
            assert type(node.value) in PLAIN_VALUES
            assert "!!python" not in str(node.raw)

"""Every code about documents, checks and packs: a bad file and the exact text it gives.

``<CODE>.yaml`` is the bad file; lines ``# file: path`` cut it into several. ``<CODE>.txt`` is what a person reads.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.errors import catalogue
from engine.load.pipeline import Loaded, load
from engine.load.read import Memory
from engine.plugins.registry import Registry

HERE = Path(__file__).parent
CODES = sorted(code for code in catalogue() if code[0] in "DLP")
#: What no file can show by itself; each has a test of its own.
ELSEWHERE = {"D037": "tests/engine/load/test_gather.py", "L013": "tests/engine/plugins/checks/test_holiday_years.py"}


@pytest.fixture(scope="module")
def memory() -> Memory:
    return Memory(Registry.discover())


def cut(text: str, code: str) -> dict[str, str]:
    """The files of a problem: line numbers count from the line after ``# file:``."""
    parts = re.split(r"^# file: (\S+)\n", text, flags=re.M)
    files = {"site.yaml": "name: test\n"}
    if parts[0].strip():
        files[f"custom/{code}.yaml"] = parts[0]
    files.update(zip(parts[1::2], parts[2::2], strict=True))
    return files


def load_problem(code: str, memory: Memory) -> Loaded:
    return load(cut((HERE / f"{code}.yaml").read_text("utf-8"), code), memory.registry, memory=Memory(memory.registry))


@pytest.mark.parametrize("code", [code for code in CODES if code not in ELSEWHERE])
def test_a_bad_file_gives_exactly_this_text(code: str, memory: Memory) -> None:
    loaded = load_problem(code, memory)
    said = "\n".join(problem.text("zh") for problem in loaded.problems) + "\n"
    assert said == (HERE / f"{code}.txt").read_text("utf-8")
    assert code in [problem.code for problem in loaded.problems]


@pytest.mark.parametrize("code", [code for code in CODES if code not in ELSEWHERE])
def test_the_english_text_has_no_chinese_and_no_hole_in_it(code: str, memory: Memory) -> None:
    for problem in load_problem(code, memory).problems:
        if problem.code != code:
            continue
        said = f"{problem.what('en')} {problem.fix('en')}"
        assert not re.search(r"\{\w+\}", said), said
        assert not re.search(r"\{\w+\}", f"{problem.what('zh')} {problem.fix('zh')}")
        shown = [str(value) for value in problem.parameters.values() if not isinstance(value, dict)]
        for value in shown:
            said = said.replace(value, "")
        assert not re.search(r"[一-鿿]", said), said


@pytest.mark.parametrize("code", CODES)
def test_every_code_explains_itself_in_both_languages(code: str) -> None:
    sentence = catalogue()[code]
    for language in ("zh", "en"):
        assert sentence.what[language] and sentence.fix[language] and sentence.explanation[language]

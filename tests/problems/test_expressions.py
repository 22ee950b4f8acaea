"""Every code about expressions and templates: a bad file and the exact text it gives.

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
from tests.problems.test_documents import cut

HERE = Path(__file__).parent
CODES = sorted(code for code in catalogue() if code[0] in "XT")
#: What shows only when a question is asked, a record is computed or a message is made.
ELSEWHERE = {
    "X009": "tests/engine/expression/test_parse.py",
    **dict.fromkeys(("X050", "X051"), "tests/engine/expression/test_evaluate.py"),
    **dict.fromkeys(
        ("T008", "T009", "T012", "T020", "T021", "T022", "T023"), "tests/engine/expression/test_template.py"
    ),
}
SHOWN = [code for code in CODES if code not in ELSEWHERE]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


def loaded(code: str, registry: Registry) -> Loaded:
    return load(cut((HERE / f"{code}.yaml").read_text("utf-8"), code), registry, memory=Memory(registry))


@pytest.mark.parametrize("code", SHOWN)
def test_a_bad_file_gives_exactly_this_text(code: str, registry: Registry) -> None:
    problems = loaded(code, registry).problems
    said = "\n".join(problem.text("zh") for problem in problems) + "\n"
    assert said == (HERE / f"{code}.txt").read_text("utf-8")
    assert code in [problem.code for problem in problems]


@pytest.mark.parametrize("code", SHOWN)
def test_the_english_text_has_no_chinese_and_no_hole_in_it(code: str, registry: Registry) -> None:
    for problem in loaded(code, registry).problems:
        said = f"{problem.what('en')} {problem.fix('en')}"
        for value in problem.parameters.values():
            said = said.replace(str(value.get("en") if isinstance(value, dict) else value), "")
        assert not re.search(r"\{[a-z_]+\}", said), said
        assert not re.search(r"[一-鿿]", said), said


@pytest.mark.parametrize("code", CODES)
def test_every_code_explains_itself_in_both_languages(code: str) -> None:
    sentence = catalogue()[code]
    for language in ("zh", "en"):
        assert sentence.what[language] and sentence.fix[language] and sentence.explanation[language]
    assert code in SHOWN or code in Path(HERE.parents[1] / ELSEWHERE[code]).read_text("utf-8")

"""Every Y code has a bad file, and says exactly what stands beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import catalogue
from engine.source.reader import read_tolerant

FOLDER = Path(__file__).resolve().parents[2] / "problems"
FILES = sorted(FOLDER.glob("Y*.yaml"))
#: Shown by a test of their own: a file too large, edits, files on disk.
ELSEWHERE = {"Y001", "Y047", "Y050", "Y051", "Y052", "Y053", "Y054", "Y055", "Y056"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_bad_file_gets_exactly_the_text_beside_it(path: Path) -> None:
    problems = read_tolerant(path.read_bytes(), path.name)[1]
    assert path.stem in {problem.code for problem in problems}
    text = "\n".join(problem.text("zh") for problem in problems) + "\n"
    assert text == path.with_suffix(".txt").read_text("utf-8")


def test_every_code_about_text_has_a_bad_file() -> None:
    codes = {code for code in catalogue() if code.startswith("Y")}
    assert codes == {path.stem for path in FILES} | ELSEWHERE


@pytest.mark.parametrize("code", sorted(code for code in catalogue() if code.startswith("Y")))
def test_every_code_speaks_both_languages_and_says_why(code: str) -> None:
    sentence = catalogue()[code]
    for language in ("zh", "en"):
        assert sentence.what[language]
        assert sentence.explanation[language]
        assert bool(sentence.fix["zh"]) == bool(sentence.fix["en"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_placeholder_is_left_in_a_message(path: Path) -> None:
    for problem in read_tolerant(path.read_bytes(), path.name)[1]:
        for language in ("zh", "en"):
            for name in ("line", "sign", "fixed", "limit", "value", "key", "word", "detail", "found", "tag", "name"):
                assert "{" + name + "}" not in problem.line(language)

from __future__ import annotations

from tests.engine.load.conftest import Loader, codes


def test_a_label_in_one_language_is_told_at_its_part(loaded: Loader) -> None:
    found = loaded(
        "kind: entity\nname: a\nlabel: {zh: 甲, en: A}\nfields:\n  x: {type: text, label: {zh: 乙}}\n"
        "  y: {type: choice, choices: {p: {en: P}}}\n  z: {type: text, label: one for both}\n"
    )
    assert codes(found) == ["L014", "L014"]
    assert [str(problem.where) for problem in found.problems] == ["custom/x.yaml:5:3", "custom/x.yaml:6:3"]
    assert {problem.severity for problem in found.problems} == {"hint"}


def test_what_nobody_sees_needs_no_second_language(loaded: Loader) -> None:
    assert codes(loaded("kind: scenario\nname: s\nlabel: {zh: 甲}\nsteps: [{advance: 1h}]\n")) == []

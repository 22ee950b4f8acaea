"""Problems that are kept and worded when somebody looks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from engine import said
from engine.errors import Problem, Refused, Where, catalogue


def test_a_kept_reason_is_said_in_the_language_of_whoever_reads_it() -> None:
    text = said.keep([Problem("R031", Where("lead.yaml", 11, 3), parameters={"value": "1380", "digits": 4})])
    assert (said.lines(text, "zh") or "").startswith("lead.yaml:11:3 R031 电话号码「1380」")
    assert "1380" in str(said.sentence(text, "en")) and not any(
        "一" <= each <= "鿿" for each in str(said.lines(text, "en"))
    )


def test_place_field_suggestion_own_words_and_values_come_back() -> None:
    first = Problem("I006", Where("a.csv", 2, 1), "phone", {"label": {"zh": "电话", "en": "Phone"}}, suggestion="手机")
    second = Problem("R010", message={"zh": "还没有签章", "en": "not signed"})
    found = said.read(said.keep([first, second]))
    assert found == (first, second)
    odd = Problem("R010", parameters={"at": dt.date(2026, 1, 5), "sum": Decimal("1.5"), "long": "长" * 2000})
    (back,) = said.read(said.keep([odd])) or ()
    assert (
        back.parameters["at"] == "2026-01-05"
        and back.parameters["sum"] == "1.5"
        and len(back.parameters["long"]) == 500
    )


def test_what_was_kept_as_words_stays_as_it_is() -> None:
    for text in ("the database was away", '[{"code":broken', None, ""):
        assert said.lines(text, "en") == text and said.sentence(text, "zh") == text
    old = {
        "code": "R031",
        "severity": "error",
        "message": "电话号码不对",
        "where": {"file": "a", "line": 1, "column": 2},
    }
    assert said.revived(old).line("en").startswith("a:1:2 R031 电话号码不对")
    assert said.revived({"code": "R105", "message": "KeyError: 'x'"}).what("zh") == "KeyError: 'x'"
    assert said.revived({}).what("zh") and said.revived({"code": "Z999"}).what("en") == "Z999"


def test_a_mistake_of_the_program_is_a_problem_too() -> None:
    (one,) = said.problems_of(ZeroDivisionError("a mistake"))
    assert one.what("en") == "the step failed: ZeroDivisionError: a mistake"
    refusal = Refused([Problem("R010"), Problem("R031")])
    assert said.problems_of(refusal) == refusal.problems


@pytest.mark.parametrize("code", sorted(catalogue())[::25])
def test_every_problem_can_be_kept(code: str) -> None:
    problem = Problem(code, parameters={"x": 1})
    assert said.read(said.keep([problem])) == (problem,)

"""list: plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["b", "a", "b"], ("b", "a", "b")),
        ("a、b;c", ("a", "b", "c")),
        ([1, 2.5, True, ""], (1, 2.5, True)),
        ([], None),
        ([dt.date(2026, 1, 5)], ("2026-01-05",)),
    ],
)
def test_values_are_kept_in_order(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("list", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([[1]], "R040"),
        ([{"a": 1}], "R040"),
        ([float("nan")], "R014"),
        ([2**63], "R013"),
        (["x"] * 10_001, "R046"),
    ],
)
def test_what_is_not_plain_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("list", given) == code


def test_its_values_are_of_one_type_where_it_says_so(cleaned: Clean, refused: Refused) -> None:
    assert cleaned("list", "1、2,5", options={"of": "number"}) == (1.0, 2.0, 5.0)
    assert cleaned("list", [1, "a"], options={"of": "text"}) == ("1", "a")
    assert refused("list", ["a"], options={"of": "number"}) == "R011"
    assert refused("list", [1.5], options={"of": "integer"}) == "R010"

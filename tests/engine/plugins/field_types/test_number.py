"""number: with decimals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]
Shown = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0.5, 0.5),
        ("0.5", 0.5),
        ("85%", 0.85),
        ("1,234.5", 1234.5),
        (".5", 0.5),
        ("1.5e3", 1500.0),
        ("2 亿", 2e8),
        (7, 7.0),
    ],
)
def test_a_number_is_understood_however_it_is_written(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("number", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("abc", "R011"),
        (float("nan"), "R014"),
        ("inf", "R014"),
        ("1e999", "R014"),
        (True, "R011"),
    ],
)
def test_nan_and_infinity_are_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("number", given) == code


def test_it_is_shown_with_its_unit(shown: Shown) -> None:
    assert shown("number", 1234.5) == "1,234.5"
    assert shown("number", 0.1 + 0.2) == "0.3"
    assert shown("number", 1234.5, "zh", options={"unit": "km", "decimals": 0}) == "1,234 km"
    assert shown("number", 100.0) == "100"
    assert shown("number", None) == ""

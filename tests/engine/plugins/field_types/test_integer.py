"""integer: a whole number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (5, 5),
        ("5", 5),
        (" 1,200 ", 1200),
        ("12", 12),
        ("3万", 30000),
        ("1.5 万", 15000),
        (3.0, 3),
        ("-7", -7),
        ("", None),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_a_whole_number_is_understood_however_it_is_written(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("integer", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("3.5", "R010"),
        (3.5, "R010"),
        ("three", "R010"),
        (True, "R010"),
        (2**63, "R013"),
        ("1e400", "R013"),
        (float("inf"), "R014"),
        ([1], "R001"),
    ],
)
def test_what_is_none_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("integer", given) == code


def test_bounds_are_kept(cleaned: Clean, refused: Refused) -> None:
    assert cleaned("integer", 5, min=5, max=5) == 5
    assert refused("integer", 4, min=5) == "R012"
    assert refused("integer", "6", max=5) == "R013"

"""score: points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0, 0.0),
        ("87.5", 87.5),
        (100, 100.0),
    ],
)
def test_points_lie_between_0_and_100(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("score", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (-1, "R012"),
        (101, "R013"),
        ("good", "R011"),
    ],
)
def test_what_is_outside_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("score", given) == code


def test_its_own_bounds_come_first(cleaned: Clean, refused: Refused) -> None:
    assert cleaned("score", 200, max=200) == 200.0
    assert refused("score", 11, min=0, max=10) == "R013"

"""time: of day."""

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
        ("18:00", dt.time(18)),
        ("下午6:00", dt.time(18)),
        ("6:30 pm", dt.time(18, 30)),
        ("9点", dt.time(9)),
        ("9时05分", dt.time(9, 5)),
        ("18:00", dt.time(18)),
        ("12:15 am", dt.time(0, 15)),
        ("9:00:59", dt.time(9)),
        ("", None),
    ],
)
def test_a_time_is_understood_the_local_way(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("time", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("25:00", "R023"),
        ("noonish", "R023"),
        ("18", "R023"),
        (1080, "R023"),
    ],
)
def test_what_is_none_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("time", given) == code


def test_bounds_are_times_too(refused: Refused) -> None:
    assert refused("time", "08:59", min="09:00") == "R012"

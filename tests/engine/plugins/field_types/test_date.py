"""date: a day."""

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
        ("2026-01-05", dt.date(2026, 1, 5)),
        ("2026/1/5", dt.date(2026, 1, 5)),
        ("2026.1.5", dt.date(2026, 1, 5)),
        ("2026年1月5日", dt.date(2026, 1, 5)),
        ("20260105", dt.date(2026, 1, 5)),
        ("2026-1-5", dt.date(2026, 1, 5)),
        (dt.date(2026, 1, 5), dt.date(2026, 1, 5)),
        (dt.datetime(2026, 1, 5, 9), dt.date(2026, 1, 5)),
        ("", None),
    ],
)
def test_a_day_is_understood_the_local_way(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("date", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("5/1/2026", "R021"),
        ("tomorrow", "R021"),
        ("2026-02-30", "R022"),
        ("2026年13月1日", "R022"),
        (20261, "R021"),
        ([1], "R001"),
    ],
)
def test_what_is_none_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("date", given) == code


def test_bounds_are_days_too(cleaned: Clean, refused: Refused) -> None:
    assert cleaned("date", "2026-01-05", min="2026-01-05") == dt.date(2026, 1, 5)
    assert refused("date", "2026-01-04", min="2026-01-05") == "R012"
    assert refused("date", "2026-01-06", max=dt.date(2026, 1, 5)) == "R013"

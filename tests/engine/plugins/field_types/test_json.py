"""json: as it came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"b": [1, None, {"c": "价"}]}, {"b": [1, None, {"c": "价"}]}),
        ([], []),
        (0, 0),
        (False, False),
        ("text", "text"),
        ("", None),
        ({"value": Decimal("12.50"), "for": dt.timedelta(hours=1)}, {"value": "12.50", "for": 3600.0}),
    ],
)
def test_anything_json_can_say_is_kept(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("json", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (float("nan"), "R014"),
        ({"a": [float("inf")]}, "R014"),
        (object(), "R040"),
        ({"a": ["\x00"]}, "R004"),
        ({"a": 2**70}, "R040"),
        ("x" * 1_000_001, "R002"),
    ],
)
def test_what_json_cannot_say_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("json", given) == code

"""user: an id."""

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
        ({"id": 7, "title": "x"}, 7),
        ("", None),
    ],
)
def test_an_id_is_understood(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("user", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("li", "R038"),
        (0, "R038"),
        (-1, "R038"),
        (1.5, "R038"),
        ("9" * 30, "R038"),
    ],
)
def test_what_is_no_id_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("user", given) == code

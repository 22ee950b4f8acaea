"""long_text: several lines, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("  a\r\n\tb \n", "  a\r\n\tb \n"),
        ("\n ", None),
        ("长" * 100_000, "长" * 100_000),
    ],
)
def test_nothing_is_changed(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("long_text", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("x" * 1_000_001, "R002"),
        ({"a": 1}, "R001"),
        ("\x00", "R004"),
    ],
)
def test_what_is_too_long_or_no_text_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("long_text", given) == code

"""url: a web address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
        ("example.com", "https://example.com"),
        ("http://例子.中国:8080/", "http://例子.中国:8080/"),
        ("", None),
    ],
)
def test_an_address_is_understood(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("url", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("javascript:alert(1)", "R034"),
        ("file:///etc/passwd", "R034"),
        ("https://a@b.com", "R034"),
        ("two words", "R034"),
        ("https://" + "a" * 2001, "R034"),
        ("data:text/html,x", "R034"),
    ],
)
def test_anything_a_click_could_run_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("url", given) == code

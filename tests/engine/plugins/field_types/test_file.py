"""file: the id of an upload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0" * 32, "0" * 32),
        ({"id": "a" * 32, "name": "x"}, "a" * 32),
        ("", None),
    ],
)
def test_the_id_of_an_upload_is_understood(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("file", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("../../etc/passwd", "R043"),
        ("x" * 32, "R043"),
        ([1], "R001"),
    ],
)
def test_anything_else_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("file", given) == code

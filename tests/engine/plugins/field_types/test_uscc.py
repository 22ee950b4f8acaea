"""uscc: the code of a company."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("91110000600037341L", "91110000600037341L"),
        (" 9111 0000 6000 3734 1l ", "91110000600037341L"),
        ("", None),
    ],
)
def test_a_right_code_is_understood(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("uscc", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("91110000600037342L", "R035"),
        ("9111000060003734", "R036"),
        ("91110000600037341LL", "R036"),
        ("OOOOOOOOOOOOOOOOOO", "R035"),
    ],
)
def test_a_slip_is_found(refused: Refused, given: Any, code: str) -> None:
    assert refused("uscc", given) == code

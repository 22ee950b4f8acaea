"""email: one address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Li.Ming@Example.COM", "Li.Ming@example.com"),
        (" a+b@c.cn ", "a+b@c.cn"),
        ("李@例子.中国", "李@例子.中国"),
        ("", None),
    ],
)
def test_one_address_is_understood(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("email", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("a@b,c@d.cn", "R033"),
        ("a@b.cn\r\nBcc: x@y.cn", "R033"),
        ("nobody", "R033"),
        ("a@b", "R033"),
        ("<a@b.cn>", "R033"),
        ("a..b@c..cn", "R033"),
        ("a" * 250 + "@b.cn", "R033"),
    ],
)
def test_fault_040_several_addresses_line_breaks_and_nonsense_are_refused(
    refused: Refused, given: Any, code: str
) -> None:
    assert refused("email", given) == code

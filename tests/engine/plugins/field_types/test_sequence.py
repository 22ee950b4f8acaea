"""sequence: a running number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Clean = Callable[..., Any]
Refused = Callable[..., str]


def test_a_known_number_is_kept_as_it_is(cleaned: Clean, refused: Refused) -> None:
    pattern = "LD-{yyyy}{mm}-{0001}"
    assert cleaned("sequence", " LD-202601-0007 ", pattern=pattern) == "LD-202601-0007"
    assert cleaned("sequence", "OLD 12", pattern=pattern) == "OLD 12"
    assert cleaned("sequence", "", pattern=pattern) is None
    assert refused("sequence", "x" * 61, pattern=pattern) == "R002"

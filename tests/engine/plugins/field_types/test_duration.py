"""duration: a span with its unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]
Shown = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("30m", dt.timedelta(minutes=30)),
        ("4h", dt.timedelta(hours=4)),
        ("2小时30分钟", dt.timedelta(minutes=150)),
        ("1.5h", dt.timedelta(minutes=90)),
        ("2w", dt.timedelta(weeks=2)),
        ("7 天", dt.timedelta(days=7)),
        ("90s", dt.timedelta(seconds=90)),
        ("-1h30m", dt.timedelta(minutes=-90)),
        (dt.timedelta(microseconds=1), dt.timedelta(microseconds=1)),
        ("0s", dt.timedelta()),
        ("", None),
    ],
)
def test_a_span_is_understood_with_its_unit(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("duration", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("4", "R026"),
        (4, "R026"),
        ("4 moons", "R026"),
        ("h", "R026"),
        ("99999999999w", "R026"),
    ],
)
def test_a_bare_number_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("duration", given) == code


def test_it_is_shown_in_words_and_bounded(shown: Shown, refused: Refused) -> None:
    assert shown("duration", dt.timedelta(minutes=150)) == "2 小时 30 分钟"
    assert shown("duration", dt.timedelta(days=1, seconds=5), "en") == "1 d 5 s"
    assert shown("duration", dt.timedelta()) == "0 秒"
    assert refused("duration", "5h", max="4h") == "R013"

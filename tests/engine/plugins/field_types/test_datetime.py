"""datetime: an instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from engine.clock import UTC
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType

NINE = dt.datetime(2026, 1, 5, 1, 0, tzinfo=UTC)

Clean = Callable[..., Any]
Refused = Callable[..., str]
Shown = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-01-05 09:00", NINE),
        ("2026-01-05T09:00", NINE),
        ("2026年1月5日 上午9:00", NINE),
        ("2026/1/5 9:00", NINE),
        ("2026-01-05T01:00:00Z", NINE),
        ("2026-01-05T02:00+01:00", NINE),
        (NINE, NINE),
        (dt.datetime(2026, 1, 5, 9), NINE),
        (dt.date(2026, 1, 5), NINE - dt.timedelta(hours=9)),
        ("2026-01-05", NINE - dt.timedelta(hours=9)),
        ("", None),
    ],
)
def test_an_instant_is_understood_the_local_way(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("datetime", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("soon", "R024"),
        ("2026-02-30 09:00", "R022"),
        ("2026-01-05 25:00", "R023"),
        ("9999-12-31T23:59-14:00", "R024"),
        (5, "R024"),
    ],
)
def test_what_is_none_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("datetime", given) == code


def test_another_zone_is_the_fields_own(cleaned: Clean, shown: Shown) -> None:
    berlin = {"timezone": "Europe/Berlin"}
    assert cleaned("datetime", "2026-01-05 02:00", options=berlin) == NINE
    assert shown("datetime", NINE, "zh", options=berlin) == "2026-01-05 02:00"
    assert shown("datetime", NINE) == "2026-01-05 09:00"


def test_fault_092_a_gap_is_the_next_valid_minute_and_an_overlap_the_first(cleaned: Clean) -> None:
    berlin = {"timezone": "Europe/Berlin"}
    assert cleaned("datetime", "2026-03-29 02:30", options=berlin) == dt.datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert cleaned("datetime", "2026-10-25 02:30", options=berlin) == dt.datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_it_is_kept_to_the_microsecond(cleaned: Clean, registry: Registry) -> None:
    exact = NINE.replace(microsecond=123456)
    assert cleaned("datetime", exact) == exact
    assert registry.get(FieldType, "datetime").to_json(NINE) == "2026-01-05T01:00:00Z"

"""text: one line, as it was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (" 锐视 光学 ", "锐视 光学"),
        ("", None),
        ("  \u3000", None),
        (None, None),
        (13800138000, "13800138000"),
        (12.0, "12"),
        ("𠮷😀\u202egpj.exe", "𠮷😀\u202egpj.exe"),
        ("e\u0301", "e\u0301"),
        ("'; DROP TABLE", "'; DROP TABLE"),
        ("NULL", "NULL"),
    ],
)
def test_blanks_around_are_dropped_and_the_rest_stays(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("text", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([1], "R001"),
        (True, "R001"),
        ("a\x00b", "R004"),
        ("\ud800", "R004"),
        (float("nan"), "R014"),
    ],
)
def test_what_is_no_text_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("text", given) == code


def test_length_and_pattern_are_kept(cleaned: Clean, refused: Refused) -> None:
    assert cleaned("text", "abc", max_length=3, pattern="[a-c]+") == "abc"
    assert refused("text", "abcd", max_length=3) == "R002"
    assert refused("text", "abd", pattern="[a-c]+") == "R003"


def test_fault_033_a_pattern_takes_time_by_length_only(refused: Refused) -> None:
    assert refused("text", "a" * 5000 + "!", pattern="^(a+)+$") == "R003"


def test_names_of_one_company_share_a_key(registry: Registry) -> None:
    keys = registry.get(FieldType, "text").keys
    for one, other in (
        ("深圳市锐视光学有限公司", "锐视光学"),
        ("锐视光学仪器(上海)有限公司", "锐视光学仪器公司"),
        ("ACME Ltd", "acme"),
    ):
        assert set(keys(one)) & set(keys(other)), (one, other)
    assert not set(keys("锐视光学")) & set(keys("华东医疗"))
    assert list(keys(None)) == []

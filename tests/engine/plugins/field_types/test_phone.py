"""phone: kept the international way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]
Shown = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        (13800138000, "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("0755-1234567 转 801", "+867551234567;ext=801"),
        ("(010) 6552 9988", "+861065529988"),
        ("010-65529988转分机12", "+861065529988;ext=12"),
        ("+1 650 253 0000", "+16502530000"),
        ("+44 20 7946 0958", "+442079460958"),
        ("400-800-1234", "+864008001234"),
        ("", None),
    ],
)
def test_fault_045_a_number_is_understood_however_it_is_written(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("phone", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("1380013800", "R031"),
        ("138001380001", "R031"),
        ("12345678901", "R031"),
        ("call me", "R030"),
        ("1.38E+10", "R032"),
        ("12", "R030"),
        ("138001380OO", "R030"),
    ],
)
def test_fault_045_what_is_no_number_or_too_short_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("phone", given) == code


def test_it_is_shown_the_local_way(shown: Shown) -> None:
    assert shown("phone", "+8613800138000") == "138 0013 8000"
    assert shown("phone", "+867551234567;ext=801").endswith("转 801")
    assert shown("phone", "+16502530000") == "+1 650-253-0000"
    assert shown("phone", None) == ""


def test_another_region_is_the_fields_own(cleaned: Clean) -> None:
    assert cleaned("phone", "(650) 253-0000", options={"region": "US"}) == "+16502530000"


def test_a_chinese_mobile_does_not_load_the_worlds_numbers() -> None:
    code = (
        "import sys; from engine.model.entity import Field; from engine.plugins.field_types.phone import Phone; "
        "f = Field(name='p', type='phone'); p = Phone(); "
        "assert p.show(f, p.clean(f, '138 0013 8000'), 'zh'); assert 'phonenumbers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

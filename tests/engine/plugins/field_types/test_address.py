"""address: its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Clean = Callable[..., Any]
Refused = Callable[..., str]
Shown = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            "广东省深圳市南山区科技园1号",
            {"province": "广东省", "city": "深圳市", "district": "南山区", "street": "科技园1号"},
        ),
        (
            "北京市朝阳区建国路88号",
            {"province": "北京市", "city": "北京市", "district": "朝阳区", "street": "建国路88号"},
        ),
        (
            "上海浦东新区世纪大道",
            {"province": "上海市", "city": "上海市", "district": "浦东新区", "street": "世纪大道"},
        ),
        (
            "内蒙古自治区呼和浩特市赛罕区大学路",
            {"province": "内蒙古自治区", "city": "呼和浩特市", "district": "赛罕区", "street": "大学路"},
        ),
        ("5 Main Street", {"street": "5 Main Street"}),
        ({"city": " 深圳市 ", "street": ""}, {"city": "深圳市"}),
        ("", None),
        ({}, None),
    ],
)
def test_one_line_is_taken_apart(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("address", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"planet": "Earth"}, "R037"),
        (5, "R037"),
        ({"city": [1]}, "R001"),
    ],
)
def test_what_is_none_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("address", given) == code


def test_it_is_shown_in_the_readers_order(shown: Shown) -> None:
    parts = {"province": "北京市", "city": "北京市", "district": "朝阳区", "street": "建国路88号"}
    assert shown("address", parts) == "北京市朝阳区建国路88号"
    assert shown("address", parts, "en") == "建国路88号, 朝阳区, 北京市"

"""yes_no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType

Clean = Callable[..., Any]
Refused = Callable[..., str]
Shown = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (True, True),
        ("是", True),
        ("YES", True),
        ("√", True),
        (1, True),
        ("0", False),
        ("否", False),
        ("off", False),
        ("", None),
        (None, None),
    ],
)
def test_it_is_understood_however_it_is_written(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("yes_no", given) == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("maybe", "R020"),
        (2, "R020"),
        ([1], "R001"),
    ],
)
def test_what_is_neither_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("yes_no", given) == code


def test_sqlite_keeps_it_as_a_number(registry: Registry, shown: Shown) -> None:
    assert registry.get(FieldType, "yes_no").from_store(0) is False
    assert [shown("yes_no", True), shown("yes_no", False, "en"), shown("yes_no", None)] == ["是", "No", ""]

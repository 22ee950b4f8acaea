"""links: several ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.model.entity import Field
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType

Clean = Callable[..., Any]
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([3, "1", {"id": 2}, 3], (1, 2, 3)),
        ("1、2", (1, 2)),
        ([], ()),
        (None, ()),
    ],
)
def test_ids_are_kept_once_and_in_order(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("links", given, to="tag") == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["a"], "R038"),
        ([0], "R038"),
    ],
)
def test_what_is_no_id_is_refused(refused: Refused, given: Any, code: str) -> None:
    assert refused("links", given, to="tag") == code


def test_they_have_no_column(registry: Registry) -> None:
    assert registry.get(FieldType, "links").column(Field(name="f", type="links", to="tag")) is None

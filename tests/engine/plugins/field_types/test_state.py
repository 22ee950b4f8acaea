"""state: where a record stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.model.terms import Choice, Label

Clean = Callable[..., Any]
Refused = Callable[..., str]
Shown = Callable[..., str]


def test_its_name_is_kept_and_its_label_shown(cleaned: Clean, refused: Refused, shown: Shown) -> None:
    assert cleaned("state", "new") == "new"
    assert cleaned("state", "") is None
    assert refused("state", [1]) == "R001"
    assert shown("state", "new", "zh", choices=(Choice("new", Label("待首通", "New")),)) == "待首通"
    assert shown("state", "old") == "old"

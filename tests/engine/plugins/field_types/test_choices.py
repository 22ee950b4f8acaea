"""choices: several of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.model.terms import Choice, Label

Clean = Callable[..., Any]
Refused = Callable[..., str]
Shown = Callable[..., str]


CHOICES = (Choice("price", Label("价格", "Price")), Choice("service", Label("服务", "Service")), Choice("speed"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["service", "price", "price"], ("price", "service")),
        ("服务、价格", ("price", "service")),
        ("speed; Price", ("price", "speed")),
        ([], None),
        ("", None),
    ],
)
def test_they_are_kept_in_the_order_of_the_choices(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("choices", given, choices=CHOICES) == expected


def test_one_stranger_refuses_all(refused: Refused) -> None:
    assert refused("choices", ["price", "taste"], choices=CHOICES) == "R027"


def test_their_labels_are_shown(shown: Shown) -> None:
    assert shown("choices", ("price", "speed"), "zh", choices=CHOICES) == "价格、speed"
    assert shown("choices", None, "en", choices=CHOICES) == ""

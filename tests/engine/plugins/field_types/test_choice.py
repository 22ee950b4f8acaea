"""choice: one of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.model.entity import Field
from engine.model.terms import Choice, Label
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType, Unclean

Clean = Callable[..., Any]
Refused = Callable[..., str]
Shown = Callable[..., str]


CHOICES = (Choice("website", Label("官网", "Website")), Choice("expo", Label("展会", "Trade fair")), Choice("A"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [("expo", "expo"), ("展会", "expo"), ("trade FAIR", "expo"), ("a", "A"), ("A", "A"), ("", None)],
)
def test_the_name_and_the_label_are_understood(cleaned: Clean, given: Any, expected: Any) -> None:
    assert cleaned("choice", given, choices=CHOICES) == expected


def test_a_stranger_is_refused(refused: Refused) -> None:
    assert refused("choice", "webiste", choices=CHOICES) == "R027"
    assert refused("choice", ["expo"], choices=CHOICES) == "R001"


def test_the_nearest_choice_is_named(registry: Registry) -> None:
    with pytest.raises(Unclean) as caught:
        registry.get(FieldType, "choice").clean(Field(name="f", type="choice", choices=CHOICES), "webiste")
    assert caught.value.parameters["near"] == "website"


def test_its_label_is_shown(shown: Shown) -> None:
    assert shown("choice", "expo", "zh", choices=CHOICES) == "展会"
    assert shown("choice", "A", "en", choices=CHOICES) == "A"
    assert shown("choice", "gone", "en", choices=CHOICES) == "gone"

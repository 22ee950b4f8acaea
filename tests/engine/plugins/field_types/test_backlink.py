"""backlink: read from the other side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.model.entity import Field
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType

Clean = Callable[..., Any]
Refused = Callable[..., str]


def test_nothing_is_entered_here(cleaned: Clean, refused: Refused, registry: Registry) -> None:
    assert cleaned("backlink", None, to="order", via="lead") is None
    assert cleaned("backlink", [], to="order", via="lead") is None
    assert refused("backlink", [1], to="order", via="lead") == "R040"
    assert registry.get(FieldType, "backlink").column(Field(name="f", type="backlink")) is None

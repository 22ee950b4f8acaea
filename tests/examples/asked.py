"""Short ways to ask an open site for its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.api import Ask, Engine
from engine.facts import SYSTEM


def number(engine: Engine, metric: str) -> Any:
    """The metric's one number."""
    return engine.numbers.metric(SYSTEM, metric, Ask())["value"]


def groups(engine: Engine, metric: str, by: str) -> dict[Any, Mapping[str, Any]]:
    """The metric's groups by their key; an empty key is None."""
    return {group["key"]: group for group in engine.numbers.metric(SYSTEM, metric, Ask(by=by))["groups"]}


def values(engine: Engine, metric: str, by: str) -> dict[Any, Any]:
    """The metric's numbers by group, groups without a number left out."""
    return {key: group["value"] for key, group in groups(engine, metric, by).items() if group["value"] is not None}

"""What every field type is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.model.entity import Field
from engine.plugins.registry import Registry
from engine.plugins.slots import FieldType, Unclean


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The built-in field types."""
    return Registry.discover(["engine.plugins.field_types"], entry_points=False)


@pytest.fixture
def cleaned(registry: Registry) -> Callable[..., Any]:
    """``cleaned("text", value, **field)``: the Python value, after a journey to the store, to JSON and back.

    Every value that was understood once must be the same after being kept, and after being sent out and entered again.
    """

    def clean(type: str, value: Any, /, **more: Any) -> Any:
        field = Field(name="f", type=type, **more)
        plugin = registry.get(FieldType, type)
        result = plugin.clean(field, value)
        assert plugin.from_store(plugin.to_store(result)) == result
        assert plugin.clean(field, plugin.to_json(result)) == result
        assert plugin.clean(field, result) == result
        assert isinstance(plugin.show(field, result, "zh"), str)
        return result

    return clean


@pytest.fixture
def refused(registry: Registry) -> Callable[..., str]:
    """``refused("text", value, **field)``: the code of the refusal; its sentence must be complete in both languages."""

    def refuse(type: str, value: Any, /, **more: Any) -> str:
        from engine.errors import Problem

        with pytest.raises(Unclean) as caught:
            registry.get(FieldType, type).clean(Field(name="f", type=type, **more), value)
        problem = Problem(caught.value.code, parameters=caught.value.parameters)
        for language in ("zh", "en"):
            assert "{" not in problem.line(language), problem.line(language)
        return caught.value.code

    return refuse


@pytest.fixture
def shown(registry: Registry) -> Callable[..., str]:
    """``shown("text", value, language, **field)``: as people read it."""

    def show(type: str, value: Any, language: str = "zh", /, **more: Any) -> str:
        return registry.get(FieldType, type).show(Field(name="f", type=type, **more), value, language)

    return show

"""Finds every plugin by walking packages; nothing registers itself. Floor: 4."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar, cast

from engine.errors import nearest
from engine.plugins.slots import SLOTS, Plugin

P = TypeVar("P", bound=Plugin)

BUILT_IN = ("engine.plugins", "connectors")
ENTRY_POINTS = "flowloom.plugins"


@dataclass(frozen=True, slots=True)
class Registry:
    """Plugins by slot and name. Build one with ``discover``; it never changes afterwards."""

    plugins: Mapping[str, Mapping[str, Plugin]] = field(default_factory=dict)

    @classmethod
    def discover(cls, packages: Iterable[str] = BUILT_IN, entry_points: bool = True) -> Registry:
        """All plugins in these packages and, unless told otherwise, in installed distributions.

        Raises ValueError when two plugins of one slot give themselves the same name.
        """
        found: dict[str, dict[str, Plugin]] = {slot: {} for slot in SLOTS}
        modules: list[ModuleType] = []
        for name in packages:
            modules += _modules(importlib.import_module(name))
        if entry_points:
            from importlib.metadata import entry_points as installed

            for point in installed(group=ENTRY_POINTS):
                modules += _modules(point.load())
        for module in modules:
            for kind in _plugins_in(module):
                if kind.name in found[kind.slot]:
                    raise ValueError(f"{module.__name__}: {kind.slot} {kind.name} is already taken")
                found[kind.slot][kind.name] = kind()
        return cls(plugins={slot: dict(sorted(names.items())) for slot, names in found.items()})

    def names(self, slot: str) -> tuple[str, ...]:
        """The names known in a slot, sorted."""
        return tuple(self.plugins.get(slot, {}))

    def find(self, slot: type[P], name: str) -> P | None:
        """The plugin of that slot and name, or None."""
        return cast("P | None", self.plugins.get(slot.slot, {}).get(name))

    def get(self, slot: type[P], name: str) -> P:
        """The plugin of that slot and name; KeyError names the nearest one."""
        plugin = self.find(slot, name)
        if plugin is None:
            near = nearest(name, self.names(slot.slot))
            raise KeyError(f"no {slot.slot} is called {name}" + (f"; did you mean {near}?" if near else ""))
        return plugin

    def all(self, slot: type[P]) -> tuple[P, ...]:
        """Every plugin of a slot, by name."""
        return cast("tuple[P, ...]", tuple(self.plugins.get(slot.slot, {}).values()))

    def with_plugins(self, *kinds: type[Plugin]) -> Registry:
        """A copy that knows these classes too (tests, extensions)."""
        plugins: dict[str, dict[str, Plugin]] = {slot: dict(names) for slot, names in self.plugins.items()}
        for kind in kinds:
            plugins.setdefault(kind.slot, {})[kind.name] = kind()
        return Registry(plugins)


def _modules(package: ModuleType) -> list[ModuleType]:
    found = [package]
    for entry in pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + "."):
        found.append(importlib.import_module(entry.name))
    return found


def _plugins_in(module: ModuleType) -> Iterable[type[Plugin]]:
    for value in vars(module).values():
        own = inspect.isclass(value) and issubclass(value, Plugin) and value.__module__ == module.__name__
        if own and value.name and not inspect.isabstract(value):
            yield value


def describe(plugin: Plugin, language: str = "zh") -> dict[str, Any]:
    """A plugin for the palette and the reference: name, title, params, example, help."""
    return {
        "name": plugin.name,
        "slot": plugin.slot,
        "title": plugin.title.get(language, plugin.name),
        "params": plugin.params,
        "example": plugin.example,
        "help": inspect.getdoc(type(plugin)) or "",
    }

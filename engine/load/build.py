"""Nodes to frozen dataclasses, driven by the annotations of the model. Floor: 5.

One builder for all 18 kinds: what a field of a class is annotated with says what its node becomes. The few places where
YAML is written more freely than the class are listed in ``SPECIAL``.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import Where
from engine.load.shape import Shaper, Skip
from engine.model.connection import Connection
from engine.model.decision import Row
from engine.model.entity import Duplicates, Field
from engine.model.form import Public
from engine.model.manifest import KINDS
from engine.model.pack import Parameter
from engine.model.site import Site
from engine.model.sla import EventPattern
from engine.model.terms import Choice, Condition, Document, Duration, Expression, Html, Label, Step, Template
from engine.model.trigger import Trigger, When
from engine.plugins.registry import Registry
from engine.source.node import Node

Make = Callable[[Node], Any]


class Builder:
    """Builds documents for one registry. ``problems`` holds what expressions and templates have to say."""

    def __init__(self, registry: Registry) -> None:
        self.shaper = Shaper(registry)
        self._registry = registry
        self._classes: dict[type, Mapping[str, tuple[str, Make]]] = {}
        self._words: Mapping[Any, Make] = {
            str: self.shaper.text,
            bool: boolean,
            int: whole_number,
            float: self.shaper.share,
            Label: self.shaper.label,
            Duration: self.shaper.duration,
            Expression: self.shaper.expression,
            Condition: self.shaper.condition,
            Template: self.shaper.template,
            Html: self.shaper.html,
            Any: self.shaper.value,
        }

    def document(self, kind: str, node: Node, pack: str) -> Document | None:
        """The document, or None when something it cannot be without is missing or broken."""
        cls: type[Document] = Site if kind == "site" else KINDS[kind]
        try:
            built: Document = self._object(cls, node, {"pack": pack, "where": node.where})
        except Skip:
            return None
        return built

    def _object(self, cls: type, node: Node, given: Mapping[str, Any]) -> Any:
        values = dict(given)
        if isinstance(node.value, dict):
            fields = self._fields(cls)
            for key, inner in node.value.items():
                if key not in fields:
                    continue
                name, make = fields[key]
                if name in given:
                    continue
                try:
                    values[name] = make(inner)
                except Skip:
                    continue
        elif node.value is not None:
            raise Skip
        free = FREE.get(cls)
        if free is not None:
            values[free[0]] = self._rest(cls, node, free)
        try:
            return cls(**values)
        except TypeError:
            raise Skip from None

    def _fields(self, cls: type) -> Mapping[str, tuple[str, Make]]:
        known = self._classes.get(cls)
        if known is None:
            hints = typing.get_type_hints(cls)
            known = self._classes[cls] = {
                yaml_key(field.name): (field.name, self._maker(cls, field.name, hints[field.name]))
                for field in dataclasses.fields(cls)
                if hints[field.name] is not Where and not given_by_loader(cls, field.name)
            }
        return known

    def _maker(self, cls: type, name: str, hint: Any) -> Make:
        special = SPECIAL.get((cls, name))
        if special is not None:
            return lambda node: special(self.shaper, node)
        return self._of(hint)

    def _of(self, hint: Any) -> Make:
        word = self._words.get(hint)
        if word is not None:
            return word
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self._union([argument for argument in arguments if argument is not type(None)])
        if origin is tuple:
            return self._tuple(arguments[0])
        if origin is collections.abc.Mapping:
            return self._mapping(arguments[1])
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            return lambda node: self._object(hint, node, placed(hint, node))
        raise TypeError(f"no rule to build {hint}")

    def _union(self, options: list[Any]) -> Make:
        if len(options) == 1:
            return self._of(options[0])
        chosen = set(options)
        if chosen == {Duration, Expression}:
            return self.shaper.span
        if bool in chosen:
            rest = self._of(Condition)
            return lambda node: node.value if isinstance(node.value, bool) else rest(node)
        literal = self._of(next(option for option in options if option is not Expression))
        return lambda node: (
            self.shaper.expression(node)
            if isinstance(node.value, str) and node.value.startswith("=")
            else literal(node)
        )

    def _tuple(self, hint: Any) -> Make:
        if hint is Step:
            return self.shaper.steps
        if hint is Choice:
            return self.shaper.choices
        make = self._of(hint)

        def run(node: Node) -> tuple[Any, ...]:
            if isinstance(node.value, dict):
                raise Skip
            found = []
            for entry in node.value if isinstance(node.value, list) else [node]:
                try:
                    found.append(make(entry))
                except Skip:
                    continue
            return tuple(found)

        return run

    def _mapping(self, hint: Any) -> Make:
        named = dataclasses.is_dataclass(hint) and "name" in {field.name for field in dataclasses.fields(hint)}
        make = None if named else self._of(hint)

        def run(node: Node) -> dict[str, Any]:
            if node.value is None:
                return {}
            if not isinstance(node.value, dict):
                raise Skip
            found: dict[str, Any] = {}
            for key, inner in node.value.items():
                try:
                    found[key] = (
                        make(inner)
                        if make
                        else self._object(hint, inner, {"name": key, **placed(hint, inner, node.keys.get(key))})
                    )
                except Skip:
                    continue
            return found

        return run

    def _rest(self, cls: type, node: Node, free: tuple[str, str, str]) -> dict[str, Any]:
        """The keys the class does not know itself: a plugin's parameters, or the tests of a row."""
        _, by, slot = free
        own = self._fields(cls)
        if not isinstance(node.value, dict):
            return {}
        properties: Mapping[str, Any] = {}
        if slot:
            chosen = node.get(by)
            plugin = self._registry.plugins.get(slot, {}).get(self.shaper.text(chosen)) if chosen is not None else None
            properties = plugin.params.get("properties", {}) if plugin is not None else {}
        found = {}
        for key, inner in node.value.items():
            if key in own and key != by:
                continue
            if key == by and by:
                continue
            try:
                found[key] = self.shaper.by_schema(inner, properties.get(key, {})) if slot else self.shaper.value(inner)
            except Skip:
                continue
        return found


#: Classes with an attribute for keys of others: (attribute, the key that names the plugin, its slot).
FREE: Mapping[type, tuple[str, str, str]] = {
    Field: ("options", "type", "field_type"),
    When: ("params", "event", "event"),
    EventPattern: ("params", "event", "event"),
    Row: ("tests", "", ""),
}


def given_by_loader(cls: type, name: str) -> bool:
    """True for an attribute no key of the document gives."""
    return name in ("made_by", "seasons") or (name == "pack" and issubclass(cls, Document | Parameter))


def yaml_key(name: str) -> str:
    """The key in YAML of a class's attribute: ``if_`` is written ``if``."""
    return name.removesuffix("_")


def placed(cls: type, node: Node, key: Node | None = None) -> dict[str, Any]:
    """The place of a part, for classes that keep one: its key's where it has one."""
    has = any(field.name == "where" for field in dataclasses.fields(cls))
    return {"where": (key or node).where} if has else {}


def boolean(node: Node) -> bool:
    """true or false."""
    if not isinstance(node.value, bool):
        raise Skip
    return node.value


def whole_number(node: Node) -> int:
    """A whole number."""
    if not isinstance(node.value, int) or isinstance(node.value, bool):
        raise Skip
    return node.value


def likeness(shaper: Shaper, node: Node) -> dict[str, str | float]:
    """``{phone: exact, company: {similar: 0.85}}`` with the similarity as a plain number."""
    if not isinstance(node.value, dict):
        raise Skip
    found: dict[str, str | float] = {}
    for key, inner in node.value.items():
        similar = inner.get("similar")
        if similar is not None or not isinstance(inner.value, str):
            found[key] = shaper.share(similar or inner)
        else:
            found[key] = inner.value
    return found


def wanted_packs(shaper: Shaper, node: Node) -> dict[str, str]:
    """Packs with the range of versions; a list asks for any version."""
    if isinstance(node.value, list):
        return {shaper.text(entry): "*" for entry in node.value}
    if not isinstance(node.value, dict):
        raise Skip
    return {key: shaper.text(inner) if inner.value is not None else "*" for key, inner in node.value.items()}


def on_error(shaper: Shaper, node: Node) -> Any:
    """A word, or the steps to run instead."""
    return shaper.steps(node) if isinstance(node.value, list) else shaper.text(node)


SPECIAL: Mapping[tuple[type, str], Callable[[Shaper, Node], Any]] = {
    (Trigger, "on_error"): on_error,
    (Duplicates, "match"): likeness,
    (Connection, "set"): Shaper.filled,
    (Public, "set"): Shaper.filled,
    (Site, "packs"): wanted_packs,
}

"""The JSON Schemas as they lie in ``schemas/``: read once, references resolved. Floor: 5."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.model.manifest import KINDS
from engine.plugins.registry import Registry

#: Before the name of a definition that asks for nothing: an overlay says only what changes.
OVERLAY = "overlay."
FOLDER = Path(__file__).resolve().parents[2] / "schemas"


@functools.cache
def schema(name: str) -> Mapping[str, Any]:
    """The schema of a kind, of ``site`` or ``common``, as its file says it."""
    found: Mapping[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8"))
    return found


def follow(file: str, reference: str) -> tuple[str, Mapping[str, Any]]:
    """The file and the part of it a ``$ref`` read in ``file`` points to."""
    target, _, pointer = reference.partition("#")
    name = target.removesuffix(".schema.json") or file
    part: Any = schema(name)
    for step in pointer.split("/")[1:]:
        part = part[step]
    return name, part


def whole(file: str, part: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """``part`` with its own ``$ref`` (if any) laid under it: what stands beside a reference wins."""
    while "$ref" in part:
        file, target = follow(file, part["$ref"])
        part = {**target, **{key: value for key, value in part.items() if key != "$ref"}}
    return file, part


def of_kind(kind: str, registry: Registry) -> dict[str, Any]:
    """One kind's schema by itself: references resolved, and what its plugins take merged in."""
    published = _Published(registry)
    body = published.of(kind)
    return {**body, "$id": f"{kind}.schema.json", "$defs": published.definitions}


def combined(registry: Registry) -> dict[str, Any]:
    """The schema of any document of a site, for editors: completion, hover, checking while typing.

    A document with ``extend`` is checked without required keys, for it says only what changes.
    """
    published, overlays = _Published(registry), _Published(registry)
    kinds = list(KINDS)
    rules = []
    for kind in kinds:
        whole_document = published.define(f"{kind}", published.of(kind))
        overlay = {"$ref": f"#/$defs/{OVERLAY}{kind}"}
        overlays.define(kind, overlays.of(kind))
        rules.append(
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"if": {"required": ["extend"]}, "then": overlay, "else": whole_document},
            }
        )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "flowloom.schema.json",
        "title": "Flowloom",
        "type": "object",
        "properties": {"kind": {"title": "种类", "x-en": {"title": "Kind"}, "enum": [*kinds, "site"]}},
        "required": ["kind"],
        "allOf": rules,
        "$defs": published.definitions
        | {f"{OVERLAY}{name}": _open(without_required(body)) for name, body in overlays.definitions.items()},
    }


def _open(part: Any) -> Any:
    """The same with its references leading to the definitions an overlay is checked by."""
    if isinstance(part, list):
        return [_open(each) for each in part]
    if not isinstance(part, Mapping):
        return part
    return {
        key: each.replace("#/$defs/", f"#/$defs/{OVERLAY}") if key == "$ref" and isinstance(each, str) else _open(each)
        for key, each in part.items()
    }


class _Published:
    """Gathers the definitions a published schema needs, each once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.definitions: dict[str, Any] = {}

    def of(self, kind: str) -> dict[str, Any]:
        """A kind's schema with every reference made local."""
        body = self._local(kind, {key: part for key, part in schema(kind).items() if key not in ("$defs", "$id")})
        found: dict[str, Any] = body
        return found

    def define(self, name: str, body: Mapping[str, Any]) -> dict[str, str]:
        """Keep a definition; a reference to it."""
        self.definitions.setdefault(name, body)
        return {"$ref": f"#/$defs/{name}"}

    def _reference(self, file: str, reference: str) -> dict[str, str]:
        target, part = follow(file, reference)
        name = f"{target}.{reference.rsplit('/', 1)[-1]}"
        if name not in self.definitions:
            self.definitions[name] = {}  # a schema may contain itself
            self.definitions[name] = self._local(target, part)
        return {"$ref": f"#/$defs/{name}"}

    def _local(self, file: str, part: Any) -> Any:
        if isinstance(part, list):
            return [self._local(file, each) for each in part]
        if not isinstance(part, Mapping):
            return part
        found = {key: self._local(file, each) for key, each in part.items() if key not in ("$ref", "examples")}
        if "examples" in part:
            found["examples"] = part["examples"]
        if part.get("$ref") == "#/$defs/step" and file == "common":
            return self._steps()
        if isinstance(part.get("$ref"), str):
            found.update(self._reference(file, part["$ref"]))
        slot = part.get("x-plugin")
        if isinstance(slot, str):
            self._plugins(found, part, slot)
        return found

    def _plugins(self, found: dict[str, Any], part: Mapping[str, Any], slot: str) -> None:
        names = self._registry.names(slot)
        by = part.get("x-plugin-by")
        if by is None:
            if names and "const" not in part:
                found["enum"] = list(names)
            return
        own = found.get("properties", {})
        extra: dict[str, Any] = {}
        rules = []
        for plugin in self._registry.plugins.get(slot, {}).values():
            taken = {key: self._local("common", each) for key, each in plugin.params.get("properties", {}).items()}
            extra.update({key: True for key in taken if key not in own})
            needed = plugin.params.get("required", ())
            then: dict[str, Any] = {"properties": {key: each for key, each in taken.items() if key not in own}}
            if needed:
                then["required"] = list(needed)
            if then["properties"] or needed:
                test = {"properties": {by: {"const": plugin.name}}, "required": [by]}
                rules.append({"if": test, "then": then})
        found["properties"] = {**own, **extra}
        if rules:
            found["allOf"] = rules

    def _steps(self) -> dict[str, str]:
        name = "common.step"
        if name not in self.definitions:
            self.definitions[name] = {}
            plugins = self._registry.plugins.get("step", {}).values()
            actions = {
                plugin.name: {
                    **self._action(plugin.params),
                    "title": plugin.title.get("zh", plugin.name),
                    "x-en": {"title": plugin.title.get("en", plugin.name)},
                }
                for plugin in plugins
            }
            beside = {
                "if": self._reference("common", "#/$defs/condition"),
                "id": {"type": "string", "title": "编号", "x-en": {"title": "Id"}},
            }
            body = {**schema("common")["$defs"]["step"], "properties": {**actions, **beside}}
            self.definitions[name] = {**body, "additionalProperties": False}
        return {"$ref": f"#/$defs/{name}"}

    def _action(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """A step's parameters; where one of them may stand alone (``transition: give_up``) also as that text."""
        long: dict[str, Any] = self._local("common", {key: each for key, each in params.items() if key != "x-short"})
        return {"anyOf": [{"type": "string"}, long]} if "x-short" in params else long


def without_required(part: Any) -> Any:
    """A schema that asks for nothing: what an overlay may leave out is everything."""
    if isinstance(part, Mapping):
        left = ("required", "minProperties", "minItems", "if", "then", "else")
        # Below ``properties`` stand names of keys, and a form has one that is called ``required``.
        return {
            key: {name: without_required(each) for name, each in inner.items()}
            if key in ("properties", "patternProperties")
            else without_required(inner)
            for key, inner in part.items()
            if key not in left
        }
    return [without_required(each) for each in part] if isinstance(part, list) else part

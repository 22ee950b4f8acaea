"""Edits of a document by name: in the company's own file where it has one, else as an overlay in ``custom/``. Floor: 5.

Installed packs are never changed. A value that stands inside a list of a pack is changed by laying the whole list anew,
for ordered lists are replaced whole; a pack's parameter is set in ``site.yaml``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import NotFound, Problem, nearest
from engine.load.document import CUSTOM
from engine.load.overlay import lay, named
from engine.load.pipeline import Loaded
from engine.load.shape import literal
from engine.load.show import find, names
from engine.source.edit import Edit, apply, from_json
from engine.source.node import Node
from engine.source.reader import read
from engine.source.steps import expected, join, split


def edit(loaded: Loaded, name: str, edits: Iterable[Mapping[str, Any] | Edit]) -> dict[str, str]:
    """The files to write (path -> whole new text) so that the document says what the edits ask.

    ``name`` is ``lead``, ``entity/lead`` or the site's name; a path is ``/fields/phone/required`` or
    ``fields.phone.required`` in the merged document. Raises NotFound for a name or place that is not there, Refused
    where a text cannot be changed in place, InvalidDocument when a file cannot be read at all.
    """
    key = find(loaded, name)
    if key is None:
        raise NotFound(Problem("C009", parameters={"name": name}, suggestion=nearest(name, names(loaded))))
    layers = Layers(loaded, *key)
    for each in edits:
        layers.take(_normal(each if isinstance(each, Edit) else from_json(each)))
    return {path: text for path, text in layers.texts.items() if text != layers.before.get(path)}


def _normal(given: Edit) -> Edit:
    return replace(given, at=_path(given.at), to=_path(given.to) if given.op == "move" else given.to)


def _path(path: str) -> str:
    return path if path.startswith("/") or not path else "/" + path.replace(".", "/")


@dataclass(slots=True)
class Layer:
    """One document about the name: its file, its number in it, and whether it is an overlay."""

    path: str
    index: int
    overlay: bool
    own: bool


class Layers:
    """The texts a document is made of, the pack's below, the company's own above."""

    def __init__(self, loaded: Loaded, kind: str, name: str) -> None:
        self._kind, self._name = kind, name
        self.before = {path: source.text for path, source in loaded.sources.items()}
        self.texts = dict(self.before)
        self._layers: list[Layer] = []
        self._target = name
        numbers = {
            id(node): (path, at) for path, source in loaded.sources.items() for at, node in enumerate(source.documents)
        }
        for draft in loaded.drafts:
            if (draft.kind, draft.name) != (kind, name) or id(draft.node) not in numbers:
                continue
            path, index = numbers[id(draft.node)]
            layer = Layer(path, index, bool(draft.extends), draft.pack == CUSTOM)
            if draft.extends:
                self._layers.append(layer)
            else:
                self._target = f"{draft.pack}.{draft.name}"
                self._layers.insert(0, layer)
        self._site = "site.yaml" if "site.yaml" in self.texts else ""

    def take(self, wanted: Edit) -> None:
        """Carry one edit out on the texts."""
        parts = split(wanted.at)
        home = self._home(parts)
        base = self._layers[0] if self._layers else None
        if self._kind == "pack" and self._is_parameter(wanted, parts) and base is not None and not base.own:
            self._change(Layer(self._site, 0, False, True), Edit("set", join(["parameters", parts[1]]), wanted.value))
        elif home is not None and not (
            home.overlay and wanted.op in ("remove", "rename", "move") and self._below(home, parts)
        ):
            self._in_place(home, wanted, parts)
        elif base is not None and base.own:
            self._in_place(base, wanted, parts)
        else:
            self._overlay(wanted, parts)

    def _is_parameter(self, wanted: Edit, parts: Sequence[str]) -> bool:
        known = len(parts) == 2 or (len(parts) == 3 and parts[2] == "default")
        return wanted.op == "set" and known and parts[0] == "parameters" and not isinstance(wanted.value, Mapping)

    def _home(self, parts: list[str]) -> Layer | None:
        """The uppermost of the company's own documents that has the place, or None."""
        for layer in reversed(self._layers):
            if layer.own and self._node(layer).at(join(parts)) is not None:
                return layer
        return None

    def _below(self, home: Layer, parts: list[str]) -> bool:
        """Whether the place stands in a layer under this one too: taking it away here would not take it away."""
        under = self._layers[: self._layers.index(home)]
        return any(self._node(layer).at(join(parts)) is not None for layer in under)

    def _in_place(self, layer: Layer, wanted: Edit, parts: list[str]) -> None:
        self._change(layer, wanted)
        if wanted.op != "rename" or self._kind != "entity" or len(parts) != 2 or parts[0] != "fields":
            return
        # The table's column follows its field only when the field says what it was called.
        field = self._node(layer).at(join(["fields", wanted.to]))
        if field is None or not isinstance(field.value, dict):
            return
        mark = join(["fields", wanted.to, "renamed_from"])
        was = field.get("renamed_from")
        if was is not None and was.value == wanted.to:
            self._change(layer, Edit("remove", mark))
        else:
            self._change(layer, Edit("set", mark, parts[1]))

    def _node(self, layer: Layer) -> Node:
        return read(self.texts[layer.path], layer.path).documents[layer.index]

    def _change(self, layer: Layer, wanted: Edit) -> None:
        self.texts[layer.path] = apply(self.texts[layer.path], layer.index, [wanted], layer.path)

    def merged(self) -> Node:
        """The document as it stands with the edits so far."""
        node = self._node(self._layers[0])
        for layer in self._layers[1:]:
            node, _ = lay(node, self._node(layer), self._name)
        return node

    def _overlay(self, wanted: Edit, parts: list[str]) -> None:
        """The edit as changes of the overlay, which is made when there is none."""
        before = self.merged()
        plain = _plain(before)
        after: Any = expected(read(json.dumps(plain, ensure_ascii=False), self._name).documents[0], wanted)
        layer = self._own_overlay()
        places = [parts] if wanted.op != "move" else [parts, split(wanted.to)]
        if wanted.op == "rename":
            places = [parts, [*parts[:-1], wanted.to]]
            if self._kind == "entity" and len(parts) == 2 and parts[0] == "fields":
                # The table's column follows its field only when the field says what it was called.
                after["fields"][wanted.to] = {**after["fields"][wanted.to], "renamed_from": parts[1]}
        for place in places:
            self._lay(layer, before, after, place)

    def _lay(self, layer: Layer, before: Node, after: Any, parts: list[str]) -> None:
        """Make the overlay say what ``after`` has at a place, or that it is gone."""
        depth = _list_above(before, parts)
        place = parts if depth is None else parts[:depth]
        whole = before.at(join(place))
        value = _value(after, place)
        own = self._node(layer)
        if value is _GONE:
            if whole is not None:
                self._remove(layer, place)
            if own.at(join(place)) is not None:
                self._change(layer, Edit("remove", join(place)))
            return
        if depth is not None and whole is not None and named(whole):
            # Entries with an id would merge with the old ones: the old list has to go first.
            self._remove(layer, place)
        self._change(layer, Edit("set", join(place), value))

    def _remove(self, layer: Layer, place: list[str]) -> None:
        path, node = ".".join(place), self._node(layer)
        asked = node.get("remove")
        if asked is None:
            before = next((key for key in node.value if key not in ("kind", "extend")), None)
            self._change(layer, Edit("insert", "/remove", [path], before=before))
        elif path not in [entry.value for entry in asked.value]:
            self._change(layer, Edit("insert", "/remove/-", path))

    def _own_overlay(self) -> Layer:
        for layer in reversed(self._layers):
            if layer.own and layer.overlay:
                return layer
        path = f"{CUSTOM}/{self._kind}/{self._name}.yaml"
        number = 2
        while path in self.texts:
            path, number = f"{CUSTOM}/{self._kind}/{self._name}_{number}.yaml", number + 1
        self.texts[path] = f"kind: {self._kind}\nextend: {self._target}\n"
        layer = Layer(path, 0, True, True)
        self._layers.append(layer)
        return layer


_GONE: Any = object()


def _plain(node: Node) -> Any:
    """The values as YAML has them, but digits that begin with a zero stay text."""
    if isinstance(node.value, dict):
        return {key: _plain(inner) for key, inner in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(inner) for inner in node.value]
    return literal(node)


def _list_above(node: Node, parts: list[str]) -> int | None:
    """How many parts lead to the first list on the way to a place, or None when there is none above it."""
    here: Node | None = node
    for depth, part in enumerate(parts):
        if here is None or not isinstance(here.value, (dict, list)):
            return None
        if isinstance(here.value, list):
            return depth
        here = here.value.get(part)
    return None


def _value(plain: Any, parts: list[str]) -> Any:
    for part in parts:
        if isinstance(plain, dict) and part in plain:
            plain = plain[part]
        else:
            return _GONE
    return plain

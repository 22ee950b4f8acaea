"""Kinds and places in documents as people call them, for the sentences of a plan. Floor: 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.load.references import WORDS
from engine.load.schema import schema, whole
from engine.model.diff import plain
from engine.model.entity import SYSTEM_FIELDS
from engine.model.manifest import KINDS, Manifest
from engine.model.terms import Label
from engine.store.migrate import Operation

LANGUAGES = ("zh", "en")
SITE = {"zh": "站点", "en": "site"}
NO_STEPS: Mapping[str, Any] = {}
#: The two words of a label.
SPOKEN: Mapping[str, Mapping[str, str]] = {
    "zh": {"zh": "中文", "en": "Chinese"},
    "en": {"zh": "英文", "en": "English"},
}


def kind_word(kind: str, language: str) -> str:
    """What a kind of document is called: 分配规则, "assignment"."""
    return (SITE if kind == "site" else WORDS.get(kind, {})).get(language, kind)


def path_words(
    manifest: Manifest, kind: str, name: str, path: str, language: str, steps: Mapping[str, Any] = NO_STEPS
) -> str:
    """The way to a value (``/fields/phone/required``) in titles and labels: 字段 › 手机号 › 必填.

    Keys of the language are said as its schemas title them; what has a label in the document, by that label; the rest
    as it is written. Entries of a list are counted from 1. ``steps`` are the step plugins: what a rule does is said by theirs.
    """
    document = manifest.site if kind == "site" else manifest.of(kind).get(name)
    here: Any = plain(document) if document is not None else None
    file, part = whole(kind, schema(kind)) if kind == "site" or kind in KINDS else (kind, {})
    said = []
    for step in path.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        plugin = steps.get(here.get("action", "")) if key == "params" and isinstance(here, Mapping) else None
        here = _inner(here, key)
        if plugin is not None:
            said.append(plugin.title[language])
            part = plugin.params
            continue
        known = part.get("properties", {}).get(key)
        said.append(_title(known, language) or key if known is not None else _label(here, key, language))
        below = known if known is not None else part.get("items" if key.isdigit() else "additionalProperties")
        file, part = whole(file, below) if isinstance(below, Mapping) else (file, {})
    return " › ".join(said)


def _inner(here: Any, key: str) -> Any:
    if isinstance(here, Mapping):
        return here.get(key)
    return here[int(key)] if isinstance(here, list) and key.isdigit() and int(key) < len(here) else None


def _title(part: Mapping[str, Any], language: str) -> str:
    spoken = part.get("x-en", {}) if language == "en" else part
    return str(spoken.get("title", ""))


def _label(here: Any, key: str, language: str) -> str:
    """The label of a part that has one, its number in a list, or its name."""
    label = here.get("label") if isinstance(here, Mapping) else None
    if isinstance(label, Mapping):
        label = label.get(language) or next(iter(label.values()), "")
    if label:
        return str(label)
    if key in SPOKEN:
        return SPOKEN[key][language]
    if not key.isdigit():
        return key
    return f"第 {int(key) + 1} 项" if language == "zh" else f"no. {int(key) + 1}"


class TableWords:
    """What people call the tables, columns and types a publish changes: by the labels of the new documents, else of the old.

    ``types`` are the field types by name.
    """

    def __init__(self, old: Manifest | None, new: Manifest, types: Mapping[str, Any]) -> None:
        self._manifests = (new, old) if old is not None else (new,)
        self._types = types

    def of(self, operation: Operation) -> dict[str, dict[str, str]]:
        """The names of an operation as its sentence says them, in both languages: 线索(lead)."""
        kind, entity = operation.kind, operation.entity
        said = {"entity": self._entity(entity), "field": self._fields(entity, operation.field)}
        if kind == "rename_table":
            said |= {"was": self._entity(operation.was), "became": self._entity(operation.became)}
        elif kind == "rename_field":
            said |= {"was": self._fields(entity, operation.was), "became": self._fields(entity, operation.became)}
        elif kind == "fill_state":
            said["became"] = self._state(entity, operation.field, operation.became)
        elif kind != "drop_index":
            said |= {"was": self._type(operation.was), "became": self._type(operation.became)}
        return said

    def _entity(self, name: str) -> dict[str, str]:
        entity, _, field = name.partition("__")
        found = next((m.entities[entity] for m in self._manifests if entity in m.entities), None)
        said = _named(found.label if found else None, entity)
        return _joined(said, self._fields(entity, field), " ") if field else said

    def _fields(self, entity: str, names: str) -> dict[str, str]:
        """One field, or the columns of an index."""
        found = [self._field(entity.partition("__")[0], name) for name in names.split(", ")]
        return {language: "、".join(each[language] for each in found) for language in LANGUAGES}

    def _field(self, entity: str, name: str) -> dict[str, str]:
        for manifest in self._manifests:
            fields = manifest.entities[entity].fields if entity in manifest.entities else {}
            found = fields.get(name) or SYSTEM_FIELDS.get(name)
            if found is not None:
                return _named(found.label, name)
        return _named(None, name)

    def _state(self, entity: str, field: str, name: str) -> dict[str, str]:
        for machine in self._manifests[0].machines_of(entity):
            if machine.field == field and name in machine.states:
                return _named(machine.states[name].label, name)
        return _named(None, name)

    def _type(self, shape: str) -> dict[str, str]:
        kind, _, target = shape.partition(":")
        plugin = self._types.get(kind)
        said = {language: plugin.title[language] if plugin is not None else kind for language in LANGUAGES}
        return _joined(said, self._entity(target), " → ") if target else said


def _named(label: Label | None, name: str) -> dict[str, str]:
    said = {}
    for language in LANGUAGES:
        words = label.text(language) if label is not None else ""
        said[language] = f"{words}({name})" if words and words != name else name
    return said


def _joined(first: Mapping[str, str], second: Mapping[str, str], between: str) -> dict[str, str]:
    return {language: f"{first[language]}{between}{second[language]}" for language in LANGUAGES}

"""Kinds and places in documents as people call them, for the sentences of a plan. Floor: 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.load.references import WORDS
from engine.load.schema import schema, whole
from engine.model.diff import plain
from engine.model.manifest import KINDS, Manifest

SITE = {"zh": "站点", "en": "site"}


def kind_word(kind: str, language: str) -> str:
    """What a kind of document is called: 分配规则, "assignment"."""
    return (SITE if kind == "site" else WORDS.get(kind, {})).get(language, kind)


def path_words(manifest: Manifest, kind: str, name: str, path: str, language: str) -> str:
    """The way to a value (``/fields/phone/required``) in titles and labels: 字段 › 手机号 › 必填.

    Keys of the language are said as its schemas title them; what has a label in the document, by that label; the rest
    as it is written. Entries of a list are counted from 1.
    """
    document = manifest.site if kind == "site" else manifest.of(kind).get(name)
    here: Any = plain(document) if document is not None else None
    file, part = whole(kind, schema(kind)) if kind == "site" or kind in KINDS else (kind, {})
    said = []
    for step in path.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        here = _inner(here, key)
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
    if not key.isdigit():
        return key
    return f"第 {int(key) + 1} 项" if language == "zh" else f"no. {int(key) + 1}"

"""What changed between two manifests, down to the value. Floor: 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import Where
from engine.model.manifest import KINDS, Manifest
from engine.model.terms import Condition, Document, Duration, Expression, Label, Template, attributes


@dataclass(frozen=True, slots=True)
class Difference:
    """One value: its path in the document (``/fields/phone/required``), and what it was and is, as people write it
    (empty text where there was or is none)."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """One document. ``how``: added, changed or removed; ``values`` only when it changed; ``where`` is its place in the
    manifest that has it (the new one if both do)."""

    kind: str
    name: str
    how: str
    title: Label
    values: tuple[Difference, ...] = ()
    where: Where = Where()

    def label(self, language: str = "zh") -> str:
        """What people call it: its label with its name behind, or the name alone."""
        words = self.title.text(language)
        return f"{words}({self.name})" if words and words != self.name else self.name


#: Told by themselves: a parameter with all its seasons, where a document came from, what its text was.
LEFT_OUT = frozenset({"parameters", "pack", "made_by"})
#: The same of a part of a document, which has a ``pack`` of its own to say (a diagnosis advises one).
PARTS_LEFT_OUT = frozenset({"seasons"})


def diff(old: Manifest, new: Manifest) -> list[Change]:
    """Every document that was added, changed or removed, by kind in the order of the kinds, then by name.

    What the loader made of other documents (a state's clock, a transition's trigger) is left out: the document it was
    made of is named. Where a text stands in its file makes no difference.
    """
    if old.digest and old.digest == new.digest:
        return []
    found = list(_between("site", {"": old.site}, {"": new.site}))
    for kind in KINDS:
        found += _between(kind, _written(old, kind), _written(new, kind))
    return found


def _written(manifest: Manifest, kind: str) -> dict[str, Document]:
    return {name: document for name, document in manifest.of(kind).items() if "." not in name}


def _between(kind: str, old: Mapping[str, Document], new: Mapping[str, Document]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        known = after or before
        assert known is not None
        if before is None or after is None:
            how = "added" if before is None else "removed"
            yield Change(kind, known.name, how, known.label, where=known.where)
        elif before != after:
            values = tuple(differences(plain(before), plain(after)))
            if values:
                yield Change(kind, after.name, "changed", after.label, values, after.where)


def differences(old: Any, new: Any, path: str = "") -> Iterator[Difference]:
    """Every value that differs between two plain trees. Lists of equal length are compared entry by entry."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from differences(old.get(key), new.get(key), f"{path}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from differences(before, after, f"{path}/{index}")
    elif old != new:
        yield Difference(path, words(old), words(new))


def plain(value: Any) -> Any:
    """A model value as YAML would have it: dicts, lists and scalars; expressions begin with ``=``, conditions do not.
    What is empty or left at nothing is not there."""
    if isinstance(value, Expression):
        return f"={value.text}"
    if isinstance(value, Condition):
        return _condition(value)
    if isinstance(value, Duration | Template):
        return value.text
    if isinstance(value, Label):
        if value.zh == value.en:
            return value.zh
        return {key: text for key, text in (("zh", value.zh), ("en", value.en)) if text}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    names = attributes(value.__class__)
    if not names:
        return value
    left_out = LEFT_OUT if isinstance(value, Document) else PARTS_LEFT_OUT
    found = {name.removesuffix("_"): plain(getattr(value, name)) for name in names if name not in left_out}
    return {key: inner for key, inner in found.items() if inner not in (None, "", [], {})}


def _condition(condition: Condition) -> Any:
    parts = [_condition(part) if isinstance(part, Condition) else part.text for part in condition.parts]
    if condition.any:
        return {"any": parts}
    return parts[0] if len(parts) == 1 else parts


def words(value: Any) -> str:
    """A plain value in one line, as it would be written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {words(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(words(inner) for inner in value) + "]"
    return str(value)

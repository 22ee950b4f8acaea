"""The check ``missing_label``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from engine.errors import Problem, Where
from engine.expression.parse import Condition, Expression
from engine.model.manifest import KINDS, Manifest
from engine.model.terms import Duration, Label, Template, attributes
from engine.plugins.slots import Check

LANGUAGES = {"zh": {"zh": "中文", "en": "Chinese"}, "en": {"zh": "英文", "en": "English"}}
_PLAIN = (str, bool, int, float, type(None), Expression, Condition, Template, Duration)
#: Kinds whose names nobody sees outside of their file.
UNSEEN = ("scenario", "connection")


class MissingLabel(Check):
    """A label in one language only."""

    name = "missing_label"
    title: ClassVar[Mapping[str, str]] = {"zh": "缺一种语言的名字", "en": "Label in one language only"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L014 for every label that has one language and lacks the other. A single text serves both."""
        for kind in KINDS:
            if kind in UNSEEN:
                continue
            for name, document in manifest.of(kind).items():
                yield from labels(document, f"{kind} {name}", document.where)


def labels(value: Any, what: str, where: Where) -> Iterator[Problem]:
    """The same below a value, at the nearest place that is known."""
    if isinstance(value, Label):
        if bool(value.zh) != bool(value.en):
            has, lacks = ("zh", "en") if value.zh else ("en", "zh")
            parameters = {"what": what, "has": LANGUAGES[has], "lacks": LANGUAGES[lacks]}
            yield Problem("L014", where, parameters=parameters)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from labels(inner, str(key), where)
    elif isinstance(value, tuple):
        for inner in value:
            yield from labels(inner, what, where)
    elif not isinstance(value, _PLAIN):
        place = getattr(value, "where", where)
        name = getattr(value, "name", what)
        for attribute in attributes(value.__class__):
            yield from labels(getattr(value, attribute), name, place if isinstance(place, Where) else where)

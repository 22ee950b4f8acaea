"""The check ``no_choices``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem
from engine.model.manifest import Manifest
from engine.plugins.slots import Check


class NoChoices(Check):
    """A choice field without choices: nothing could ever be entered."""

    name = "no_choices"
    title: ClassVar[Mapping[str, str]] = {"zh": "没有选项", "en": "No choices"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L021 for each."""
        for entity in manifest.entities.values():
            for field in entity.fields.values():
                if field.type in ("choice", "choices") and not field.choices:
                    yield Problem("L021", field.where, parameters={"field": field.name})

"""The check ``unreadable_pattern``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem
from engine.model.manifest import Manifest
from engine.plugins.slots import Check


class UnreadablePattern(Check):
    """A field's pattern that cannot be read, or that only an engine without a time bound could match."""

    name = "unreadable_pattern"
    title: ClassVar[Mapping[str, str]] = {"zh": "读不懂的格式", "en": "Unreadable pattern"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L020 for each."""
        patterned = [
            field
            for entity in manifest.entities.values()
            for field in entity.fields.values()
            # A running number's pattern is how it is written, no expression to match.
            if field.pattern and field.type != "sequence"
        ]
        if not patterned:
            return
        import re2

        quiet = re2.Options()
        quiet.log_errors = False
        for field in patterned:
            try:
                re2.compile(field.pattern, options=quiet)
            except re2.error as error:
                reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error.args[0])
                yield Problem("L020", field.where, parameters={"pattern": field.pattern, "reason": reason})

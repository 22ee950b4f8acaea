"""The check ``unused_parameter``. Floor: 4."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from engine.errors import Problem
from engine.model.manifest import KINDS, Manifest
from engine.plugins.checks.walk import expressions, parameters, templates
from engine.plugins.slots import Check

_IN_TEXT = re.compile(r"\bparam\.([A-Za-z_]\w*)")


class UnusedParameter(Check):
    """A parameter that no rule reads."""

    name = "unused_parameter"
    title: ClassVar[Mapping[str, str]] = {"zh": "没用到的参数", "en": "Unused parameter"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L016 for each."""
        used: set[str] = set()
        for kind in KINDS:
            if kind in ("pack", "scenario"):
                continue
            for document in manifest.of(kind).values():
                for expression in expressions(document):
                    used |= parameters(expression)
                used |= in_texts(document)
        for name, parameter in manifest.parameters.items():
            if name not in used:
                yield Problem("L016", parameter.where, parameters={"name": name})


def in_texts(document: Any) -> set[str]:
    """Parameters named in a decision's cells (``>= param.limit``) and in templates."""
    found: set[str] = set()
    for row in getattr(document, "rows", ()):
        for test in row.tests.values():
            found |= set(_IN_TEXT.findall(test)) if isinstance(test, str) else set()
    for template in templates(document):
        found |= set(_IN_TEXT.findall(template.text))
    return found

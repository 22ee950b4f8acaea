"""The check ``pack_layout``. Floor: 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from engine.errors import Problem, Where
from engine.model.manifest import KINDS, Manifest
from engine.plugins.slots import Check


class PackLayout(Check):
    """A document of a pack that does not lie at ``<kind>/<name>.yaml``."""

    name = "pack_layout"
    title: ClassVar[Mapping[str, str]] = {"zh": "流程包的文件位置", "en": "Layout of packs"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L015 for each; documents made by expansion have no file of their own."""
        for kind in KINDS:
            for name, document in manifest.of(kind).items():
                parts = document.where.file.split("/")
                if document.pack == "custom" or "." in name or len(parts) < 3:
                    continue
                found = "/".join(parts[2:])
                expected = "pack.yaml" if kind == "pack" else f"{kind}/{name}.yaml"
                if found != expected:
                    where = Where(document.where.file, document.where.line, document.where.column)
                    yield Problem("L015", where, parameters={"expected": expected, "found": found})

"""One document on its way from a file to the manifest. Floor: 5."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import Problem, Where
from engine.load.notes import Reference
from engine.model.terms import Document
from engine.source.node import Node, SourceFile

#: The pack name of what stands in the site's own folder.
CUSTOM = "custom"


@dataclass(slots=True)
class Draft:
    """A document as written (or merged): its node, what the check said, and what was built of it."""

    kind: str
    name: str
    pack: str
    node: Node
    problems: list[Problem] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    built: Document | None = None
    extends: str = ""
    merged: bool = False

    @property
    def where(self) -> Where:
        """The place of its name, or of its beginning."""
        named = self.node.get("name") or self.node.get("extend")
        return named.where if named is not None else self.node.where


@dataclass(frozen=True, slots=True)
class Parsed:
    """One file, read and checked by itself; nothing in it depends on another file."""

    source: SourceFile
    problems: tuple[Problem, ...]
    drafts: tuple[Draft, ...]

"""One file to checked drafts, remembered by its content. Floor: 5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.errors import Problem, nearest
from engine.load.build import Builder
from engine.load.check import Checker
from engine.load.document import Draft, Parsed
from engine.load.notes import listed, text_of
from engine.model.manifest import KINDS
from engine.plugins.checks.secret_in_clear import masked
from engine.plugins.registry import Registry
from engine.source.node import Node, SourceFile
from engine.source.reader import read_tolerant


class Memory:
    """What was read before with one registry, so that a second look costs only the files that changed.

    Keep one as long as the registry: it holds the compiled rules, and every file's drafts by path and text. A
    ``trusting`` one builds without checking, for files that were checked when they were published.
    """

    def __init__(self, registry: Registry, trusting: bool = False) -> None:
        self.registry = registry
        self.trusting = trusting
        self.checker = Checker(registry)
        self._builder = Builder(registry)
        self._files: dict[str, tuple[str | bytes, str, Parsed]] = {}

    def parse(self, path: str, text: str | bytes, pack: str) -> Parsed:
        """The file's drafts, each checked and built; from memory when the same text was seen before."""
        known = self._files.get(path)
        if known is not None and known[0] == text and known[1] == pack:
            return known[2]
        source, problems = read_tolerant(text, path)
        drafts = []
        for node in source.documents:
            draft = self._draft(node, path, pack, problems)
            if draft is not None:
                drafts.append(draft)
        parsed = Parsed(source, tuple(problems), tuple(drafts))
        self._files[path] = (text, pack, parsed)
        return parsed

    def _draft(self, node: Node, path: str, pack: str, problems: list[Problem]) -> Draft | None:
        kind = self._kind(node, path, problems)
        if kind is None:
            return None
        name, extends = node.get("name"), node.get("extend")
        draft = Draft(kind, scalar(name) or kind, pack, node, extends=scalar(extends))
        if kind == "site":
            self.finish(draft)
            return draft
        if name is not None and extends is not None:
            draft.problems.append(Problem("D025", extends.where))
        elif name is None and extends is None:
            problems.append(Problem("D026", node.where))
            return None
        if draft.extends:
            draft.name = draft.extends.rpartition(".")[2]
            draft.problems += self.checker.check(node, kind, partial=True).problems
        else:
            self.finish(draft)
        return draft

    def _kind(self, node: Node, path: str, problems: list[Problem]) -> str | None:
        kind = node.get("kind")
        if path == "site.yaml" and (kind is None or text_of(kind) == "site"):
            return "site"
        if kind is None:
            problems.append(Problem("D001", node.where))
            return None
        word = scalar(kind)
        if word not in KINDS:
            problems.append(
                Problem(
                    "D002",
                    kind.where,
                    parameters={"kind": word, "known": listed(KINDS, 20)},
                    suggestion=nearest(word, KINDS),
                )
            )
            return None
        return word

    def finish(self, draft: Draft) -> None:
        """Check a whole document (one that is not an overlay, or a merged one) and build it."""
        if not self.trusting:
            notes = self.checker.check(draft.node, draft.kind)
            draft.problems += notes.problems
            draft.references = notes.references
        self._builder.shaper.problems = []
        draft.built = self._builder.document(draft.kind, draft.node, draft.pack)
        draft.problems += self._builder.shaper.problems


def scalar(node: Node | None) -> str:
    """A single value as text; empty for none, a map or a list."""
    return "" if node is None or node.value is None or isinstance(node.value, (dict, list)) else text_of(node)


def excerpted(problem: Problem, sources: Mapping[str, SourceFile], lines: dict[str, list[str]]) -> Problem:
    """The problem with its source line where it has none yet; secrets in the line are stars."""
    file = problem.where.file
    if problem.excerpt or not problem.where.line or file not in sources:
        return replace(problem, excerpt=masked(problem.excerpt)) if problem.excerpt else problem
    if file not in lines:
        lines[file] = sources[file].text.splitlines()
    number = problem.where.line - 1
    return replace(problem, excerpt=masked(lines[file][number])) if number < len(lines[file]) else problem

"""YAML text to a SourceFile, with every problem of the file at once. Floor: 2."""

from __future__ import annotations

import yaml

from engine.errors import InvalidDocument, Problem
from engine.source.bounds import decode, forbidden_characters, too_large
from engine.source.compose import Composer
from engine.source.found import Found
from engine.source.node import Node, SourceFile
from engine.source.splice import Lines

_SHAPES = {
    True: {"found": "一个列表", "found_en": "list"},
    False: {"found": "一段文字", "found_en": "single value"},
}


def read(text: str | bytes, path: str) -> SourceFile:
    """The file as nodes with places; InvalidDocument with all its problems if there are any.

    Each document is a map. Bytes must be UTF-8 (a byte order mark is accepted and kept in ``text``).
    """
    source, problems = read_tolerant(text, path)
    if any(problem.severity == "error" for problem in problems):
        raise InvalidDocument(problems)
    return source


def read_tolerant(text: str | bytes, path: str) -> tuple[SourceFile, list[Problem]]:
    """What could be read, and everything that is wrong, ordered by place.

    With problems, the documents are those of a text mended by guess, so that later stages can go on and report
    theirs too: lines and columns are those of the file, ``start`` and ``end`` of a node are exact only without.
    """
    bad = too_large(text)
    if bad is None and isinstance(text, bytes):
        text, bad = decode(text)
    if bad is not None or isinstance(text, bytes):
        assert bad is not None
        return SourceFile(path, "", ()), [bad.problem(path, Lines(""))]
    documents, found = _compose(text, path)
    lines = Lines(text)
    problems = [one.problem(path, lines) for one in sorted(found, key=lambda one: one.at)]
    return SourceFile(path, text, tuple(documents)), problems


def _compose(text: str, path: str) -> tuple[list[Node], list[Found]]:
    composer = Composer(text, path)
    try:
        composer.run()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = mark.index if mark else 0
        composer.found.append(Found("Y035", at, {"detail": getattr(error, "problem", "") or str(error)}))
    found = composer.found + forbidden_characters(text)
    kept: list[Node] = []
    for document in composer.documents:
        if document.is_map:
            kept.append(document)
        elif document.value is None:
            pass
        else:
            found.append(Found("Y027", document.start, _SHAPES[document.is_list]))
    if not kept and not found:
        found.append(Found("Y026" if text.strip("\ufeff \r\n\t") else "Y025", 0))
    return kept, found

"""YAML text to a SourceFile, with every problem of the file at once. Floor: 2."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice

import yaml

from engine.errors import InvalidDocument, Problem
from engine.source.bounds import decode, forbidden_characters, too_large
from engine.source.compose import MAX_FOUND, Composer
from engine.source.diagnose import diagnose
from engine.source.found import Found
from engine.source.mend import LineScan
from engine.source.node import Node, SourceFile
from engine.source.signs import colon
from engine.source.splice import Layer, Lines, Splice
from engine.source.suspect import tight

#: How often reading goes on after a syntax error, and how many characters that may cost in all.
MAX_ROUNDS = 60
MAX_WORK = 4_000_000

_SHAPES = {
    True: {"found": "一个列表", "found_en": "list"},
    False: {"found": "一段文字", "found_en": "single value"},
}
_WIDE_COLON = re.compile(r"^[^\s#：:\"']{1,20}(：)", re.MULTILINE)
_VERSION = re.compile(r"\d+(?:\.\d+)+\Z")


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
    source, found = examine(text, path)
    lines = Lines(source.text)
    return source, [one.problem(path, lines) for one in found]


def examine(text: str | bytes, path: str) -> tuple[SourceFile, list[Found]]:
    """Like read_tolerant, with each problem still as offsets and splices: what ``lint --fix`` works on."""
    large = too_large(text)
    if large is not None:
        return SourceFile(path, "", ()), [large]
    if isinstance(text, bytes):
        text, undecoded = decode(text)
        if undecoded is not None:
            return SourceFile(path, "", ()), [undecoded]
    attempt = Attempt(text, path)
    attempt.run()
    kept = _check_documents(attempt)
    return SourceFile(path, text, tuple(kept)), _tidy(attempt.found)


class Attempt:
    """Reads a text; after a syntax error, reads a copy mended by guess, as often as needed."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.lines = Lines(text)
        self.current = text
        self.found: list[Found] = []
        self.documents: list[Node] = []
        self._layers: list[Layer] = []
        self._work = 0

    def run(self) -> None:
        """Fill ``documents`` and ``found``."""
        self.current, self.found = forbidden_characters(self.current, MAX_FOUND)
        for turn in range(MAX_ROUNDS):
            composer, error = self._compose()
            self.documents = composer.documents
            if error is not None:
                found = LineScan(self.current, MAX_FOUND).found if turn == 0 else []
                found = found or [diagnose(self.current, error)]
                known = {(one.code, one.at) for one in self.found}
                again = all((one.code, self.back(one.at)) in known for one in found)
                mended = (not again and self._note(found)) or self._cut(error)
            else:
                found = self._doubtful(composer)
                hopeful = len(found) < MAX_FOUND and any(one.splices for one in found)
                mended = hopeful and self._note([one for one in found if one.splices])
            if not mended or self._work > MAX_WORK or len(self.found) >= MAX_FOUND:
                self.found += [one.moved(self.back) for one in composer.found] if self._layers else composer.found
                return

    def _doubtful(self, composer: Composer) -> list[Found]:
        """What parsed but was meant otherwise: mended too, so that later stages see what was meant."""
        found = composer.found + [one for document in composer.documents for one in versions(document)]
        found += [one for document in composer.documents if document.is_scalar for one in self._text_only(document)]
        if any(one.code == "Y029" for one in found):
            found = [one for one in LineScan(self.current, MAX_FOUND).found if one.code == "Y012"] or found
        return found

    def _text_only(self, document: Node) -> list[Found]:
        """Why a whole document came out as one text: colons that are full-width or lack their space."""
        if document.quoted:
            return []
        word = self.current[document.start : document.end]
        wide = [
            colon(self.current, document.start + match.start(1))
            for match in islice(_WIDE_COLON.finditer(word), MAX_FOUND)
        ]
        return wide or tight(self.current, document.start, word)

    def back(self, offset: int) -> int:
        """An offset of the mended copy as one of the file."""
        for layer in reversed(self._layers):
            offset = layer.back(offset)
        return offset

    def _compose(self) -> tuple[Composer, yaml.YAMLError | None]:
        self._work += len(self.current)
        composer = Composer(self.current, self.path, self._place if self._layers else None)
        try:
            composer.run()
        except yaml.YAMLError as error:
            return composer, error
        return composer, None

    def _place(self, offset: int) -> tuple[int, int]:
        where = self.lines.where("", self.back(offset))
        return where.line, where.column

    def _note(self, found: list[Found]) -> bool:
        """Keep what was found and mend the copy; False when that changes nothing."""
        back: Callable[[int], int] = self.back
        self.found += [one.moved(back) for one in found] if self._layers else found
        splices = [splice for one in found for splice in one.splices]
        layer = Layer(self.current, splices)
        if layer.text == self.current:
            return False
        self._layers.append(layer)
        self.current = layer.text
        return True

    def _cut(self, error: yaml.YAMLError) -> bool:
        """Leave out the rest of a document that cannot be read; the next one still is. False when nothing is left."""
        mark = getattr(error, "context_mark", None) or getattr(error, "problem_mark", None)
        lines = Lines(self.current)
        start = lines.starts[lines.number(mark.index)] if mark else 0
        following = re.compile(r"^---(?:\s|\Z)", re.MULTILINE).search(self.current, start + 1)
        end = following.start() if following else len(self.current)
        blank = re.sub(r"[^\r\n]", " ", self.current[start:end])
        if blank == self.current[start:end]:
            return False
        self._layers.append(Layer(self.current, [Splice(start, end, blank)]))
        self.current = self._layers[-1].text
        return True


def _check_documents(attempt: Attempt) -> list[Node]:
    kept: list[Node] = []
    torn = any(one.code != "Y003" for one in attempt.found)
    for number, document in enumerate(attempt.documents, 1):
        if document.is_map:
            kept.append(document)
        elif document.value is not None or document.quoted:
            attempt.found.append(Found("Y027", attempt.back(document.start), _SHAPES[document.is_list]))
        elif len(attempt.documents) > 1 and not torn:
            attempt.found.append(Found("Y028", document.start, {"number": number}))
    if not kept and not attempt.found:
        empty = not attempt.lines.text.strip("\ufeff \r\n\t-.")
        attempt.found.append(Found("Y025" if empty else "Y026", 0))
    return kept


def versions(document: Node) -> list[Found]:
    """Version numbers that YAML takes for numbers: 1.10 would become 1.1."""
    nodes = [document.get("version")]
    for name in ("packs", "requires"):
        under = document.get(name)
        if under is not None and isinstance(under.value, dict):
            nodes += under.value.values()
    return [
        Found("Y040", one.start, {"value": one.raw}, (Splice(one.start, one.end, f'"{one.raw}"'),), fix=True)
        for one in nodes
        if one is not None and isinstance(one.value, float) and _VERSION.match(one.raw)
    ]


def _tidy(found: list[Found]) -> list[Found]:
    """Ordered by place, without what says the same twice."""
    kept: list[Found] = []
    seen: set[object] = set()
    for one in sorted(found, key=lambda one: one.at):
        marks = {(one.code, one.at), (one.code, one.splices) if one.splices else (one.code, one.at)}
        if not marks & seen:
            kept.append(one)
        seen |= marks
    return kept[:MAX_FOUND]

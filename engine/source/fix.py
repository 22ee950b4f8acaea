"""``lint --fix``: mends what has one right cure, and nothing else. Floor: 2."""

from __future__ import annotations

from engine.errors import InvalidDocument, Problem
from engine.source.bounds import guess_encoding
from engine.source.found import Found
from engine.source.reader import examine
from engine.source.splice import Lines, Splice, apply

#: One cure may bring the next slip to light; more rounds than this mean that they chase each other.
MAX_ROUNDS = 20


def fix(text: str | bytes, path: str) -> tuple[str, list[Problem]]:
    """The mended text and the problems that were mended, in the order of their places (of the text as it was then).

    Full-width punctuation, tabs, missing spaces, values that need quotes (templates, version numbers, colons).
    What has no single cure stays and is found again by ``reader.read_tolerant``. Nothing to mend gives the same
    text. InvalidDocument for bytes that are not UTF-8 (see ``to_utf8``) or too many.
    """
    source, found = examine(text, path)
    if isinstance(text, bytes):
        if not source.text and found:
            raise InvalidDocument([one.problem(path, Lines("")) for one in found])
        text = source.text
    mended: list[Problem] = []
    for _ in range(MAX_ROUNDS):
        lines = Lines(text)
        splices: list[Splice] = []
        for one in found:
            if one.fix and not _overlaps(one, splices):
                splices += one.splices
                mended.append(one.problem(path, lines))
        changed = apply(text, splices)
        if changed == text:
            break
        text = changed
        found = examine(text, path)[1]
    return text, mended


def _overlaps(one: Found, splices: list[Splice]) -> bool:
    return any(new.start < old.end and old.start < new.end for new in one.splices for old in splices)


def to_utf8(raw: bytes, path: str = "") -> str:
    """The text of a file that is in UTF-8, UTF-16, GBK or Big5.

    InvalidDocument when it is none of them: a guess that makes mojibake is never saved.
    """
    encoding = guess_encoding(raw)
    if encoding is None:
        raise InvalidDocument([one.problem(path, Lines("")) for one in examine(raw, path)[1]])
    return raw.decode(encoding)

"""The one problem type: where, what, what to do. Floor: 1.

A problem is data, not prose: a code, the parameters of its sentence, and a place. The sentences live
in ``engine/problems/*.yaml`` (code -> severity, zh, en, fix, explanation), so a code is never reused by
accident and ``flowloom explain CODE`` and the documentation read the same text.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a text: file, line and column count from 1; 0 means the whole file."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the catalogue says of one code, before its parameters are filled in."""

    code: str
    severity: str
    what: Mapping[str, str]
    fix: Mapping[str, str]
    explanation: Mapping[str, str]


@functools.cache
def catalogue() -> Mapping[str, Sentence]:
    """Every known code with its sentences, read once from ``engine/problems``."""
    import yaml

    # The C loader is ten times faster, and this is read by every command that has something to say.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Sentence] = {}
    for path in sorted((Path(__file__).parent / "problems").glob("*.yaml")):
        for code, entry in (yaml.load(path.read_text("utf-8"), Loader=loader) or {}).items():
            if code in found:
                raise ValueError(f"{path.name}: code {code} is used twice")
            found[code] = Sentence(
                code=code,
                severity=entry.get("severity", "error"),
                what={"zh": entry["zh"], "en": entry["en"]},
                fix={"zh": entry.get("fix_zh", ""), "en": entry.get("fix_en", "")},
                explanation={"zh": entry.get("why_zh", ""), "en": entry.get("why_en", "")},
            )
    return found


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice a person most likely meant, or None when nothing is near."""
    import difflib

    match = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return match[0] if match else None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    ``where`` is a place in a document, ``field`` a field of a record; either may be missing. ``also``
    names a second place (the first of two definitions). ``excerpt`` is the source line, shown with a caret.
    ``message`` overrides the catalogue's sentence where the author of a pack wrote their own.
    """

    code: str
    where: Where = Where()
    field: str = ""
    parameters: Mapping[str, Any] = dataclass_field(default_factory=dict)
    also: Where | None = None
    excerpt: str = ""
    suggestion: str | None = None
    message: Mapping[str, str] | None = None

    @property
    def severity(self) -> str:
        """``error`` stops, ``warning`` is told, ``hint`` may be hidden."""
        sentence = catalogue().get(self.code)
        return sentence.severity if sentence else "error"

    def what(self, language: str = "zh") -> str:
        """The sentence that says what is wrong, with its values filled in."""
        if self.message:
            return self.message.get(language) or next(iter(self.message.values()), self.code)
        return self._fill(catalogue()[self.code].what.get(language, ""), language)

    def fix(self, language: str = "zh") -> str:
        """What to do about it; empty when there is nothing to say."""
        sentence = catalogue().get(self.code)
        text = self._fill(sentence.fix.get(language, ""), language) if sentence else ""
        if self.suggestion:
            asked = f"是否想写 {self.suggestion}?" if language == "zh" else f"Did you mean {self.suggestion}?"
            return f"{asked} {text}".strip()
        return text

    def _fill(self, text: str, language: str) -> str:
        for key, value in self.parameters.items():
            if isinstance(value, Mapping):  # a parameter that is itself said in both languages
                value = value.get(language, "")
            text = text.replace("{" + key + "}", str(value))
        return text

    def line(self, language: str = "zh") -> str:
        """``file:line:column CODE what is wrong -> what to do`` on one line."""
        place = str(self.where) or self.field
        head = f"{place} {self.code} {self.what(language)}".strip()
        fix = self.fix(language)
        return f"{head} -> {fix}" if fix else head

    def text(self, language: str = "zh") -> str:
        """The line, followed by the source line and a caret where there is one."""
        shown = self.line(language)
        if self.excerpt and self.where.line:
            number = f"{self.where.line:>5} | "
            pad = _pad(self.excerpt, self.where.column - 1)
            shown += f"\n{number}{self.excerpt}\n{' ' * (len(number) - 2)}| {pad}^"
        if self.also:
            first = "另见" if language == "zh" else "see also"
            shown += f"\n      = {first} {self.also}"
        return shown

    def json(self, language: str = "zh") -> dict[str, Any]:
        """The same problem for machines: the studio marks it, the API answers with it."""
        shape: dict[str, Any] = {
            "code": self.code,
            "severity": self.severity,
            "message": self.what(language),
            "fix": self.fix(language),
        }
        if self.where.file:
            shape["where"] = {"file": self.where.file, "line": self.where.line, "column": self.where.column}
        if self.field:
            shape["field"] = self.field
        if self.also:
            shape["also"] = {"file": self.also.file, "line": self.also.line, "column": self.also.column}
        if self.suggestion:
            shape["suggestion"] = self.suggestion
        return shape

    def at(self, where: Where) -> Problem:
        """The same problem at another place."""
        return replace(self, where=where)


def _pad(line: str, width: int) -> str:
    import unicodedata

    return "".join(
        "\t" if char == "\t" else "  " if unicodedata.east_asian_width(char) in "WF" else " " for char in line[:width]
    )


class FlowloomError(Exception):
    """Something was refused; it carries every problem found, in the order of their places.

    The subclass says which door it leaves by (HTTP status, exit code); the problems say the rest.
    """

    status = 422
    exit_code = 1

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("; ".join(problem.code for problem in self.problems))

    def text(self, language: str = "zh") -> str:
        """All problems, one after another."""
        return "\n".join(problem.text(language) for problem in self.problems)


class InvalidDocument(FlowloomError):
    """YAML that cannot be used."""


class Refused(FlowloomError):
    """A write that breaks a rule: nothing of it was saved."""


class Forbidden(FlowloomError):
    """A write or a name that the actor's role does not allow."""

    status = 403


class NotFound(FlowloomError):
    """No such thing, or none the actor may see: the two are told apart by nobody."""

    status = 404
    exit_code = 2


class Moved(NotFound):
    """The record went into another one, which is named."""

    status = 410

    def __init__(self, problem: Problem, entity: str, record: int) -> None:
        super().__init__(problem)
        self.entity = entity
        self.record = record


class Conflict(FlowloomError):
    """Somebody else was first; the problem says who and what."""

    status = 409


class Stale(Conflict):
    """The version in If-Match is no longer the current one."""

    status = 412


class Unavailable(FlowloomError):
    """The database or the disk cannot take it now; nothing was half written. ``retry_after`` in seconds."""

    status = 503
    exit_code = 3
    retry_after = 5


class WrongUsage(FlowloomError):
    """The call itself is wrong (CLI words, API parameters)."""

    status = 400
    exit_code = 2

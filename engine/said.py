"""Problems as they are kept for later: what happened, not the words of that moment. Floor: 1.

A reason that is read weeks later is read by somebody else, in another language maybe. So its code and parameters are kept and
worded when somebody looks. What was kept as words before that was so stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import FlowloomError, Problem, Where, catalogue

#: Characters of one parameter, and problems of one reason, that are kept.
LONGEST, MOST = 500, 20


def problems_of(error: Exception) -> tuple[Problem, ...]:
    """What went wrong; a mistake of the program as R105."""
    if isinstance(error, FlowloomError):
        return error.problems
    return (Problem("R105", parameters={"reason": f"{type(error).__name__}: {error}"}),)


def kept(problem: Problem) -> dict[str, Any]:
    """The problem as JSON from which ``revived`` makes it again."""
    where = problem.where
    parts = {
        "code": problem.code,
        "parameters": {name: _plain(value) for name, value in problem.parameters.items()},
        "where": [where.file, where.line, where.column] if where.file or where.line else None,
        "field": problem.field,
        "suggestion": problem.suggestion,
        "said": dict(problem.message) if problem.message else None,
    }
    return {name: value for name, value in parts.items() if value or name == "code"}


def revived(found: Mapping[str, Any]) -> Problem:
    """The problem that was kept; one that was kept as words (``message``) says them again in every language."""
    code, said = str(found.get("code") or "R105"), found.get("said")
    if "message" in found:
        said = {"zh": str(found["message"]), "en": str(found["message"])}
    if code not in catalogue():
        said = said or {"zh": code, "en": code}
    where = found.get("where")
    place = Where(*where) if isinstance(where, list) else Where(**where) if isinstance(where, Mapping) else Where()
    parameters = found.get("parameters") or {}
    field, suggestion = str(found.get("field") or ""), found.get("suggestion")
    return Problem(code, place, field, parameters, suggestion=suggestion, message=said)


def keep(problems: Iterable[Problem]) -> str:
    """Problems as the text a column keeps."""
    return json.dumps([kept(each) for each in list(problems)[:MOST]], ensure_ascii=False, separators=(",", ":"))


def read(text: str) -> tuple[Problem, ...] | None:
    """The problems in such a text; None for one that was kept as words."""
    if not text.startswith('[{"code":'):
        return None
    try:
        return tuple(revived(each) for each in json.loads(text))
    except (ValueError, TypeError, AttributeError):
        return None


def lines(text: str | None, language: str) -> str | None:
    """A kept reason for people, a line for each problem with its place and what to do."""
    found = read(text) if text else None
    return text if found is None else "\n".join(each.line(language) for each in found)


def sentence(text: str | None, language: str) -> str | None:
    """A kept reason in one line, without places and advice."""
    found = read(text) if text else None
    return text if found is None else "; ".join(each.what(language) for each in found)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return str(value)[:LONGEST]

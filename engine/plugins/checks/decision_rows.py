"""The check ``decision_rows``. Floor: 4."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from engine.errors import Problem
from engine.expression.parse import Condition, Expression
from engine.model.decision import Decision, Row
from engine.model.manifest import Manifest
from engine.plugins.slots import Check

_COMPARE = re.compile(r"^(>=|<=|>|<|=)\s*([+-]?\d+(?:\.\d+)?)$")
_RANGE = re.compile(r"^([\[(]?)\s*([+-]?\d+(?:\.\d+)?)\s*\.\.\s*([+-]?\d+(?:\.\d+)?)\s*([\])]?)$")


class DecisionRows(Check):
    """Rows of a decision that leave gaps, can never be reached, or overlap where only one may match."""

    name = "decision_rows"
    title: ClassVar[Mapping[str, str]] = {"zh": "决策表的行", "en": "Rows of decisions"}

    def run(self, manifest: Manifest) -> Iterator[Problem]:
        """L005 for a gap, L006 for a row never reached, L007 for an overlap under ``unique``."""
        for decision in manifest.decisions.values():
            if decision.hit != "collect" and not has_last_resort(decision, manifest):
                yield Problem("L005", decision.where, parameters={"decision": decision.name})
            for index in range(len(decision.rows)):
                for earlier in range(index):
                    problem = between(decision, earlier, index)
                    if problem is not None:
                        yield problem
                        break


def between(decision: Decision, earlier: int, index: int) -> Problem | None:
    """What is wrong between two rows, if anything."""
    first, row = decision.rows[earlier], decision.rows[index]
    parameters = {"decision": decision.name, "row": index + 1, "earlier": earlier + 1}
    if decision.hit == "first" and covers(first, row):
        return Problem("L006", row.where, parameters=parameters, also=first.where)
    if decision.hit == "unique" and overlaps(first, row):
        return Problem("L007", row.where, parameters=parameters, also=first.where)
    return None


class Span(NamedTuple):
    """Numbers from ``low`` to ``high``; an end that is not ``closed`` is left out, None is open."""

    low: Decimal | None
    low_closed: bool
    high: Decimal | None
    high_closed: bool


class Words(NamedTuple):
    """Any of these texts."""

    any_of: frozenset[str]


#: What a cell lets through: everything (None), numbers, words, or something nobody can compare here (its own text).
Cell = Span | Words | str | None


def cell_of(value: Any) -> Cell:
    """A cell as a set of values, as far as it can be known without running it."""
    if value is None or value in ("", "-"):
        return None
    if isinstance(value, Expression | Condition):
        return f"={value}"
    if isinstance(value, tuple | list):
        plain = [str(each) for each in value if not isinstance(each, Expression | Condition)]
        single = len(plain) == len(value) and all(isinstance(cell_of(each), Words) for each in value)
        return Words(frozenset(plain)) if single else str(value)
    if isinstance(value, bool):
        return Words(frozenset({str(value).lower()}))
    if isinstance(value, int | float):
        number = Decimal(str(value))
        return Span(number, True, number, True)
    return _text(str(value).strip())


def _text(text: str) -> Cell:
    match = _COMPARE.match(text)
    if match:
        number = Decimal(match[2])
        return {
            ">=": Span(number, True, None, False),
            ">": Span(number, False, None, False),
            "<=": Span(None, False, number, True),
            "<": Span(None, False, number, False),
        }.get(match[1], Span(number, True, number, True))
    match = _RANGE.match(text)
    if match:
        return Span(Decimal(match[2]), match[1] != "(", Decimal(match[3]), match[4] != ")")
    if re.match(r"^(>=|<=|!=|>|<|=|not\s*\()", text) or "*" in text or "?" in text or ".." in text:
        return text
    return Words(frozenset({text}))


def wider(one: Cell, other: Cell) -> bool:
    """True when everything ``other`` lets through, ``one`` lets through too."""
    if one is None or one == other:
        return True
    if isinstance(one, Words) and isinstance(other, Words):
        return other.any_of <= one.any_of
    if isinstance(one, Span) and isinstance(other, Span):
        return _below(one, other) and _above(one, other)
    if isinstance(one, str) and isinstance(other, Words) and not re.match(r"^(=|>|<|!|not)", one):
        pattern = re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in one), re.S)
        return all(pattern.fullmatch(word) for word in other.any_of)
    return False


def _below(one: Span, other: Span) -> bool:
    if one.low is None:
        return True
    return other.low is not None and (
        one.low < other.low or (one.low == other.low and (one.low_closed or not other.low_closed))
    )


def _above(one: Span, other: Span) -> bool:
    if one.high is None:
        return True
    return other.high is not None and (
        one.high > other.high or (one.high == other.high and (one.high_closed or not other.high_closed))
    )


def apart(one: Cell, other: Cell) -> bool:
    """True when surely nothing is let through by both."""
    if isinstance(one, Words) and isinstance(other, Words):
        return not one.any_of & other.any_of
    if isinstance(one, Span) and isinstance(other, Span):
        return _before(one, other) or _before(other, one)
    # What cannot be compared might be apart: only a sure overlap is told.
    return isinstance(one, str) or isinstance(other, str)


def _before(one: Span, other: Span) -> bool:
    if one.high is None or other.low is None:
        return False
    return one.high < other.low or (one.high == other.low and not (one.high_closed and other.low_closed))


def covers(first: Row, row: Row) -> bool:
    """True when every case the second row matches, the first one matched already."""
    return all(wider(cell_of(test), cell_of(row.tests.get(name))) for name, test in first.tests.items())


def overlaps(first: Row, row: Row) -> bool:
    """True when some case surely matches both rows."""
    names = first.tests.keys() | row.tests.keys()
    return not any(apart(cell_of(first.tests.get(name)), cell_of(row.tests.get(name))) for name in names)


def has_last_resort(decision: Decision, manifest: Manifest) -> bool:
    """True when no case is left over: a row asks nothing, or one input's rows name all its choices or all numbers."""
    if any(not {name for name, test in row.tests.items() if cell_of(test) is not None} for row in decision.rows):
        return True
    for name, expression in decision.inputs.items():
        cells = [cell_of(row.tests[name]) for row in decision.rows if set(row.tests) == {name}]
        if complete([cell for cell in cells if isinstance(cell, Span)]):
            return True
        entity = manifest.entities.get(decision.entity or "")
        field = entity.fields.get(expression.text.strip()) if entity is not None else None
        named = frozenset().union(*(cell.any_of for cell in cells if isinstance(cell, Words)))
        if field is not None and field.choices and {choice.name for choice in field.choices} <= named:
            return field.required
    return False


def complete(spans: list[Span]) -> bool:
    """True when the spans together hold every number (an empty value still matches none of them)."""
    ordered = sorted(spans, key=lambda span: (span.low is not None, span.low or Decimal(0)))
    if not ordered or ordered[0].low is not None:
        return False
    end, closed = ordered[0].high, ordered[0].high_closed
    for span in ordered[1:]:
        if end is None:
            return True
        if span.low is not None and (span.low > end or (span.low == end and not (span.low_closed or closed))):
            return False
        if span.high is None or span.high > end:
            end, closed = span.high, span.high_closed
    return end is None

"""A decision table (DMN words). Floor: 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Where
from engine.model.terms import Choice, Document, Expression, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: input name -> test as written (a literal, a list of them, text with ``*``, or ``>= 5``), and the output."""

    tests: Mapping[str, Any]
    then: Value
    where: Where = field(default=Where(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The type of the answer."""

    type: str = "text"
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Document):
    """Rows tried from the top. ``hit``: first, unique or collect. ``entity`` is whose fields the inputs name."""

    entity: str | None = None
    inputs: Mapping[str, Expression]
    hit: str = "first"
    output: Output = Output()
    rows: tuple[Row, ...] = ()

"""A question to the tables, as data: nothing here knows SQL. Floor: 3.

Whatever asks (a list, a board, an export, a metric, a drill-down, the search box) fills in a ``Query``; one compiler
answers it, under the rights of whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Problem, WrongUsage
from engine.expression.parse import Condition, Expression

#: What a simple filter can ask: ``filter[field][op]=value``.
OPERATIONS = ("eq", "ne", "lt", "le", "gt", "ge", "in", "contains", "empty")

#: How a set of values becomes one. ``count`` without ``of`` counts rows.
AGGREGATES = ("count", "sum", "avg", "min", "max", "distinct")

#: The most rows one page may have; an export streams instead.
LIMIT = 1000

#: A column or a group: a field (``phone``), a walk along links (``owner.team.name``) or an expression.
Column = str | Expression


@dataclass(frozen=True, slots=True)
class Filter:
    """One simple condition. ``value`` is what was typed: the field's own type cleans it. ``in`` takes a list or
    text with commas; ``empty`` takes yes or no."""

    field: str
    op: str = "eq"
    value: Any = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One number out of many rows: ``function`` of ``of``, over the rows where ``only`` holds."""

    function: str
    of: Column | None = None
    only: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which rows of an entity, in which order, which columns.

    ``where`` holds conditions written by an author (a view) or, as text, by the reader. ``sort`` names fields, walks or
    expressions, ``-`` in front for descending; the first term's empty values come last in both directions, those of further
    terms before the filled ones going up and after them going down; the id decides between equals. ``columns`` empty means every field the reader may see. ``group`` and ``aggregates`` make one row a group.
    ``during`` keeps rows whose field lies in [from, to): the field, then two instants or dates, open where None.
    ``matches`` keeps rows where a column has exactly this stored value (None: is empty): the key of a group.
    ``stayed`` keeps records that were in a state of a machine: (machine, state, True for a stay that has ended).
    """

    entity: str
    columns: tuple[Column, ...] = ()
    filters: tuple[Filter, ...] = ()
    where: tuple[Condition | Expression | str, ...] = ()
    search: str = ""
    sort: tuple[str, ...] = ()
    limit: int | None = 50
    cursor: str | None = None
    group: tuple[Column, ...] = ()
    aggregates: Mapping[str, Aggregate] = field(default_factory=dict)
    during: tuple[tuple[str, Any, Any], ...] = ()
    matches: tuple[tuple[Column, Any], ...] = ()
    stayed: tuple[tuple[str, str, bool], ...] = ()
    ids: tuple[int, ...] | None = None

    def checked(self) -> Query:
        """The same query; raises WrongUsage when its parts cannot go together."""
        if self.limit is not None and not 1 <= self.limit <= LIMIT:
            raise WrongUsage(Problem("Q006", parameters={"limit": self.limit, "most": LIMIT}))
        for asked in self.filters:
            if asked.op not in OPERATIONS:
                known = ", ".join(OPERATIONS)
                raise WrongUsage(Problem("Q002", field=asked.field, parameters={"op": asked.op, "known": known}))
        return self


def text_of(column: Column) -> str:
    """The key a column has in the answer: the field's name, or the expression with its ``=``."""
    return column if isinstance(column, str) else f"={column.text}"

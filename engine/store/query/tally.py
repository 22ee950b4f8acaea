"""Numbers out of many rows, taken so that they can be put together from parts. Floor: 3.

A ``Scan`` asks several ``Take``s of one entity at once, in one statement. What comes back are not yet averages or medians
but their parts (sums, counts, sorted values), per group: the parts of two ranges of records add up, so a dashboard keeps
them per range and reads again only the ranges where something changed.
"""

from __future__ import annotations

import ast
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from engine.errors import Problem, WrongUsage
from engine.expression.parse import Condition, Expression
from engine.store.connection import Connection
from engine.store.query import period
from engine.store.query.ahead import Ahead
from engine.store.query.compiler import sheet_of
from engine.store.query.ground import Ground, Term
from engine.store.query.question import Column, Query
from engine.store.query.sheet import Sheet
from engine.store.query.spread import run_of
from engine.store.query.terms import condition_of, orderable, value_of

ADDED = ("count", "sum")
FUNCTIONS = ("count", "sum", "min", "max", "values")

#: A group's key in stored form -> its parts, in the order of the scan's takes.
Parts = dict[tuple[Any, ...], list[Any]]


@dataclass(frozen=True, slots=True)
class Take:
    """One part: ``count`` of rows (or of filled values of ``of``), ``sum``, ``min``, ``max``, or all ``values`` of ``of``,
    over the rows where every ``only`` holds."""

    function: str
    of: Column | None = None
    only: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """Several takes from the same rows, by the same groups. ``each`` splits by time: a field and hour … year; its bucket
    is the last part of a group's key."""

    query: Query
    takes: tuple[Take, ...]
    group: tuple[Column, ...] = ()
    each: tuple[str, str] | None = None


#: The range of ids a statement reads: from the first to before the second.
FIRST, END = "first_id", "end_id"
EVERY = (0, 2**62)


class Counted(NamedTuple):
    """Parts as they are now. ``until``: the stored instant they hold until, as long as nothing is written."""

    parts: Parts
    until: int


class Counting(Protocol):
    """Something that takes parts from a range of records, prepared once and run for many ranges."""

    @property
    def takes(self) -> tuple[Take, ...]:
        """What the parts are."""
        ...

    @property
    def reads(self) -> frozenset[str]:
        """The entities whose records the answer depends on."""
        ...

    @property
    def foreseen(self) -> bool:
        """False when the answer depends on the moment in a way that ``until`` does not tell."""
        ...

    @property
    def again(self) -> bool:
        """True when other records of the same entity are looked at besides the one that is counted."""
        ...

    def run(self, connection: Connection, ids: tuple[int, int] = EVERY) -> Counted:
        """The parts of the records with these ids."""
        ...


class Prepared:
    """A scan as SQL, made once and run for as many ranges of records as need be (or, without ``lots``, for all at once,
    so that the database is free to choose another index). Unless told not to ``foresee``, it also asks until when they hold.

    A value or condition that looks into other tables is worked out once a row, however many takes use it. ``apart`` are columns
    by which the parts are told apart too, behind the groups: what a reader may see is picked from them afterwards, so they
    may be columns the reader does not see.
    """

    def __init__(
        self, ground: Ground, asked: Scan, lots: bool = True, foresee: bool = True, apart: Sequence[str] = ()
    ) -> None:
        sheet, limits = sheet_of(ground, asked.query)
        self.takes = asked.takes
        inner = _Inner(sheet, [*limits, *(ranged(sheet.table) if lots else ())], _keys(sheet, asked, apart))
        self._width = len(inner.keys)
        self._added = [place for place, take in enumerate(asked.takes) if take.function != "values"]
        noted = [inner.note(asked.takes[place]) for place in self._added]
        values = [take.of for take in asked.takes if take.of is not None]
        terms = [t for take in asked.takes for t in take.only] if foresee else []
        ahead = Ahead(sheet, asked.query, terms, [*asked.group, *values])
        self.foreseen, self._midnight = ahead.foreseen, ahead.midnight
        self._flips = len(ahead.at)
        self._whole = inner.aggregated(noted, ahead) if noted or ahead.at else None
        self._lists = {place: inner.listed(take) for place, take in enumerate(asked.takes) if take.function == "values"}
        selects = [*self._lists.values(), *(() if self._whole is None else (self._whole,))]
        self.reads, self.again = tables_of(*selects), looked_at_again(sheet.table, *selects)

    def run(self, connection: Connection, ids: tuple[int, int] = EVERY) -> Counted:
        """The parts of every group, over the records with these ids."""
        found: Parts = {}
        bounds = {FIRST: ids[0], END: ids[1]}
        width, until = self._width, self._midnight
        end = width + len(self._added)
        for row in connection.execute(self._whole, bounds) if self._whole is not None else ():
            parts = found.setdefault(tuple(row[:width]), nothing(self.takes))
            for place, value in zip(self._added, row[width:end], strict=True):
                parts[place] = value
            until = min((until, *(flip for flip in row[end:] if flip is not None)))
        for place, select in self._lists.items():
            lots: dict[tuple[Any, ...], list[Any]] = {}
            for row in connection.execute(select, bounds):
                lots.setdefault(tuple(row[:width]), []).append(row[width])
            for key, values in lots.items():
                parts = found.setdefault(key, nothing(self.takes))
                parts[place] = [run_of(values, not isinstance(values[0], float))]
        if not width:
            found.setdefault((), nothing(self.takes))
        return Counted(found, until)


class _Inner:
    """The rows of a scan: keys, values and conditions, each of them once."""

    def __init__(self, sheet: Sheet, limits: list[Any], keys: list[Any]) -> None:
        self.sheet, self.limits, self.keys = sheet, limits, keys
        self._elements: dict[Any, Any] = {}
        self._uses: dict[Any, int] = {}

    def _use(self, what: Any, make: Callable[[], Any]) -> Any:
        if what not in self._elements:
            self._elements[what] = make()
        self._uses[what] = self._uses.get(what, 0) + 1
        return what

    def note(self, take: Take) -> tuple[Take, Any, list[Any]]:
        """What a take needs of each row; every take is noted before ``aggregated``."""
        value = None if take.of is None else self._use(text_of_take(take), lambda: _value(self.sheet, take))
        parts = list(dict.fromkeys(part for term in take.only for part in conjuncts(term)))
        return take, value, [self._use(part, partial(condition_of, self.sheet, part)) for part in parts]

    def aggregated(self, noted: Sequence[tuple[Take, Any, list[Any]]], ahead: Ahead) -> Any:
        """One row a group; behind its parts the next instants at which time alone changes them."""
        flips = [self._use(("flip", place), partial(_itself, at)) for place, at in enumerate(ahead.at)]
        dear = any(self._uses[what] > 1 and _looks_elsewhere(element) for what, element in self._elements.items())
        columns: dict[Any, Any] = self._elements
        source: Any = self.sheet.table
        keys, limits = self.keys, self.limits
        if dear:
            source, columns = self._fenced()
            keys, limits = [source.c[key.name] for key in self.keys], []
        elements = [
            _element(take, columns.get(value), [columns[part] for part in parts]) for take, value, parts in noted
        ]
        elements += [sa.func.min(columns[flip]).filter(columns[flip] > ahead.now) for flip in flips]
        select = sa.select(*keys, *elements).select_from(source).where(*limits)
        return select.group_by(*by_place(keys)) if keys else select

    def _fenced(self) -> tuple[Any, dict[Any, Any]]:
        """The rows as a subselect the database works out first: it would copy each expression to where it is used."""
        named = {what: element.label(f"x{place}") for place, (what, element) in enumerate(self._elements.items())}
        inner = sa.select(*self.keys, *named.values()).select_from(self.sheet.table).where(*self.limits)
        fenced = inner.limit(sa.literal_column("-1")) if self.sheet.ground.dialect == "sqlite" else inner.offset(0)
        rows = fenced.subquery("r")
        return rows, {what: rows.c[label.name] for what, label in named.items()}

    def listed(self, take: Take) -> Any:
        """One row a value."""
        value = _value(self.sheet, take)
        conditions = [condition_of(self.sheet, term) for term in take.only]
        select = sa.select(*self.keys, value.label("v")).select_from(self.sheet.table)
        return select.where(*self.limits, value.is_not(None), *conditions)


def _itself(element: Any) -> Any:
    return element


def _element(take: Take, value: Any, conditions: list[Any]) -> Any:
    element: Any = sa.func.count() if value is None else getattr(sa.func, take.function)(value)
    if conditions:
        element = element.filter(*conditions)
    if take.function == "sum":
        # PostgreSQL sums whole numbers as numeric: cast, they come back as they rest.
        element = sa.cast(element, sa.Double() if isinstance(value.type, sa.Double) else sa.BigInteger())
    return element


def _looks_elsewhere(element: Any) -> bool:
    return any(isinstance(each, sa.Select) for each in visitors.iterate(element))


def text_of_take(take: Take) -> str:
    """What makes the value of a take the same as another's."""
    return take.of if isinstance(take.of, str) else f"={take.of.text}" if take.of is not None else ""


def conjuncts(term: Term) -> list[Term]:
    """The parts of a condition that must all hold, so that takes which share one share its work."""
    if isinstance(term, Condition):
        return [term] if term.any else [each for part in term.parts for each in conjuncts(part)]
    if isinstance(term.tree, ast.BoolOp) and isinstance(term.tree.op, ast.And):
        return [
            each for part in term.tree.values for each in conjuncts(Expression(ast.unparse(part), term.where, part))
        ]
    return [Expression(ast.unparse(term.tree), term.where, term.tree)]


def scan(connection: Connection, ground: Ground, asked: Scan) -> Parts:
    """The parts of every group over all records."""
    return Prepared(ground, asked, lots=False, foresee=False).run(connection).parts


def hoisted(asked: Scan, may: Callable[[Term], bool] = lambda term: True) -> Scan:
    """The scan with what every take demands as a limit on the rows, where an index can help; ``may`` tells of a term whether
    it can leave the takes (a row that depends on the moment and is kept out now may come in later)."""
    first = asked.takes[0].only
    shared = [term for term in first if all(term in take.only for take in asked.takes) and may(term)]
    if not shared:
        return asked
    takes = tuple(replace(take, only=tuple(t for t in take.only if t not in shared)) for take in asked.takes)
    return replace(asked, takes=takes, query=replace(asked.query, where=(*asked.query.where, *shared)))


def ranged(table: Any) -> list[Any]:
    """The limits on a range of ids, to be given when the statement is run."""
    first, end = sa.bindparam(FIRST, type_=sa.BigInteger()), sa.bindparam(END, type_=sa.BigInteger())
    return [table.c.id >= first, table.c.id < end]


def by_place(keys: Sequence[Any]) -> list[Any]:
    """GROUP BY the first columns by their places: PostgreSQL does not take two equal expressions with parameters for one."""
    return [sa.literal_column(str(place + 1)) for place in range(len(keys))]


def tables_of(*selects: Any) -> frozenset[str]:
    """The entities some statements read; the history of states belongs to the entity it is about."""
    names = {each.name for select in selects for each in visitors.iterate(select) if isinstance(each, sa.Table)}
    return frozenset(name.partition("__")[0] for name in names if not name.startswith("fl_"))


def looked_at_again(table: Any, *selects: Any) -> bool:
    """True when some statements read the table under another name too."""
    every = (each for select in selects for each in visitors.iterate(select))
    return any(isinstance(each, sa.Alias) and each.element is table for each in every)


def _keys(sheet: Sheet, asked: Scan, apart: Sequence[str]) -> list[Any]:
    keys: list[Any] = []
    for column in asked.group:
        element, kind, field = value_of(sheet, column)
        orderable(column, kind, field)
        keys.append(element.label(f"k{len(keys)}"))
    keys += [sheet.table.c[name].label(f"k{len(keys) + place}") for place, name in enumerate(apart)]
    if asked.each is not None:
        name, each = asked.each
        if each not in period.EACH:
            raise WrongUsage(Problem("Q010", parameters={"each": each}))
        field = sheet.ground.field(sheet.entity, name)
        if field.type not in ("date", "datetime"):
            raise WrongUsage(Problem("Q004", field=name, parameters={"field": name}))
        ground = sheet.ground
        number = period.bucket(sheet.table.c[name], field.type, each, ground.zone, ground.dialect)
        keys.append(number.label(f"k{len(keys)}"))
    return keys


def _value(sheet: Sheet, take: Take) -> Any:
    assert take.of is not None
    value, kind, field = value_of(sheet, take.of)
    text = take.of if isinstance(take.of, str) else take.of.text
    if take.function in ("sum", "values") and kind.name not in ("number", "integer", "money", "duration"):
        known = "count, min, max"
        raise WrongUsage(Problem("Q003", parameters={"field": text, "op": take.function, "known": known}))
    if take.function in ("min", "max"):
        orderable(take.of, kind, field)
    return value


def nothing(takes: Sequence[Take]) -> list[Any]:
    """The parts of no records."""
    return [0 if take.function == "count" else [] if take.function == "values" else None for take in takes]


def merge(takes: Sequence[Take], many: Sequence[Parts]) -> Parts:
    """The parts of several ranges as those of all of them together."""
    if len(many) == 1:
        return many[0]
    whole: Parts = {}
    own: set[tuple[Any, ...]] = set()
    for parts in many:
        for key, values in parts.items():
            known = whole.get(key)
            if known is None:
                whole[key] = values
                continue
            if key not in own:
                # Most groups stand in one range only (days do): what is not added to is not copied.
                own.add(key)
                known = whole[key] = list(known)
            for place, take in enumerate(takes):
                known[place] = _joined(take.function, known[place], values[place])
    return whole


def _joined(function: str, one: Any, other: Any) -> Any:
    if function == "values":
        return one + other
    if one is None or other is None:
        return other if one is None else one
    if function in ADDED:
        return one + other
    return min(one, other) if function == "min" else max(one, other)


def weight(parts: Mapping[tuple[Any, ...], Sequence[Any]]) -> int:
    """About how many bytes some parts take, for whoever keeps them."""
    size = 0
    for values in parts.values():
        size += 120 + 40 * len(values)
        for value in values:
            if isinstance(value, list):
                size += sum(8 * len(run) for run in value if isinstance(run, array))
    return size

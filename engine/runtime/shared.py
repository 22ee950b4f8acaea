"""Several numbers from one reading of the records. Floor: 5.

Every tile says what it needs; those that look at the same rows, split the same way, are taken in one statement, and what is kept
from the last look (``engine.runtime.kept``) is not taken again.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from engine import __version__
from engine.expression.parse import Condition, Expression, names_of
from engine.model.manifest import Manifest
from engine.runtime.apart import Apart, apart
from engine.runtime.context import Context
from engine.runtime.kept import Job, Kept, Moment
from engine.store.query.ahead import live
from engine.store.query.compiler import sheet_of
from engine.store.query.ground import Ground
from engine.store.query.question import Query
from engine.store.query.stays import TAKES, Stays
from engine.store.query.tally import Counting, Parts, Prepared, Scan, Take, hoisted, merge, nothing
from engine.store.query.terms import parsed

#: Up to this many records are read in one go through an index; more are read and kept in lots.
FEW = 60_000


Make = Callable[[Ground, bool, Sequence[str]], Counting]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one tile needs: the group of takes it belongs to, and which of them are its own."""

    group: int
    places: tuple[int, ...]


class Sharing:
    """The countings of one look at a dashboard. Add all, then ask for the parts of each."""

    def __init__(self, context: Context, ground: Ground, kept: Kept, now: Moment) -> None:
        self._context, self._ground, self._kept, self._now = context, ground, kept, now
        self._scans: list[tuple[Any, list[Take]]] = []
        self._parts: dict[int, Parts] = {}
        self._sizes: dict[str, int] = {}
        self._stays: dict[tuple[str, str], list[Any]] = {}
        self._read_stays: dict[str, Parts] = {}
        self._aparts: dict[str, Apart | None] = {}

    def add(self, scan: Scan) -> Wanted:
        """Take part in a shared reading; raises at once what this scan alone cannot be asked."""
        Prepared(self._ground, scan)
        # Numbers that depend on the moment go by themselves: the others are then good for longer.
        moving = any(live(self._ground, term) for term in _terms(scan) if term is not None)
        signature = (repr(scan.query), repr(scan.group), scan.each, moving)
        known = [known for (known, _), _ in self._scans]
        if signature not in known:
            known.append(signature)
            self._scans.append(((signature, scan), []))
        place = known.index(signature)
        takes = self._scans[place][1]
        for take in scan.takes:
            if take not in takes:
                takes.append(take)
        return Wanted(place, tuple(takes.index(take) for take in scan.takes))

    def parts(self, wanted: Wanted) -> Parts:
        """The parts a tile asked for."""
        if wanted.group not in self._parts:
            (_, scan), takes = self._scans[wanted.group]
            self._parts[wanted.group] = self._read(
                hoisted(replace(scan, takes=tuple(takes)), lambda term: not live(self._ground, term))
            )
        return {key: [values[place] for place in wanted.places] for key, values in self._parts[wanted.group].items()}

    def _read(self, scan: Scan) -> Parts:
        def make(ground: Ground, lots: bool, columns: Sequence[str]) -> Counting:
            return Prepared(ground, scan, lots, apart=columns)

        found = self.take(scan.query, make, repr(scan), _terms(scan), len(scan.group))
        return found if found or scan.group or scan.each else {(): nothing(scan.takes)}

    def add_stays(self, query: Query, machine: str, rows: Any) -> None:
        """Say that the stays in a machine's states will be asked for."""
        Stays(self._ground, query, machine, rows)
        self._stays.setdefault((machine, repr(query)), []).append(rows)

    def stays(self, query: Query, machine: str, rows: Any) -> Parts:
        """The stays in a machine's states. Those of a funnel are those of a heat map's rows put together."""
        wanted = [each for each in self._stays.get((machine, repr(query)), ()) if each is not None]
        split = rows if rows is not None or not wanted else wanted[0]
        place = repr((machine, query, split))
        if place not in self._read_stays:

            def make(ground: Ground, lots: bool, columns: Sequence[str]) -> Counting:
                return Stays(ground, query, machine, split, lots, columns)

            front = 1 if split is None else 2
            self._read_stays[place] = self.take(query, make, place, [*query.where, split], front)
        parts = self._read_stays[place]
        if split is rows:
            return parts
        return merge(TAKES, [{key[:1]: values} for key, values in parts.items()] or [{}])

    def take(self, query: Query, make: Make, text: str, terms: Sequence[Any], front: int) -> Parts:
        """The parts of a counting, from what is kept where that is still true. ``make`` is told on which ground, whether it reads
        in lots, and which columns its parts are told apart by, behind the ``front`` parts of their keys."""
        several = self._several(query.entity)
        if several is not None and not self._few(several.ground, query):
            counting = make(several.ground, True, several.columns)
            job = self._job(several.ground, query, counting, (text, several.columns), terms, True)
            # Who sees few records reads those rather than be the first to count everybody's.
            if not counting.again and (
                self._kept.has(self._context.connection, job) or not self._few(self._ground, query)
            ):
                return several.seen(counting.takes, self._parts_of(job), front)
        lots = not self._few(self._ground, query)
        return self._parts_of(self._job(self._ground, query, make(self._ground, lots, ()), (text, ()), terms, lots))

    def _parts_of(self, job: Job) -> Parts:
        return self._kept.parts(self._context.connection, self._context.schema, job, self._now)

    def _several(self, entity: str) -> Apart | None:
        if entity not in self._aparts:
            self._aparts[entity] = apart(self._ground, entity)
        return self._aparts[entity]

    def _job(
        self, ground: Ground, query: Query, counting: Counting, text: Any, terms: Sequence[Any], lots: bool
    ) -> Job:
        context = self._context
        every = [each for term in terms if (each := _parsed(term)) is not None]
        rights = [ground.access(name) for name in sorted(counting.reads) if name in context.manifest.entities]
        limits = [access.read for access in rights if isinstance(access.read, Condition)]
        every += limits
        personal = any("me" in names_of(term) for term in every)
        key = (
            lots,
            meaning(context.manifest, counting.reads),
            text,
            tuple((access.entity, repr(access.read), tuple(sorted(access.hidden))) for access in rights),
            repr(sorted(ground.me.items(), key=str)) if personal else "",
            repr(sorted(asked_parameters(every, context.parameters).items())),
        )
        foreseen = counting.foreseen and not any(live(ground, limit) for limit in limits)
        return Job(key, query.entity, counting, lots, foreseen)

    def _few(self, ground: Ground, query: Query) -> bool:
        """True when the question finds few records; only asked of one that limits them at all."""
        read = ground.access(query.entity).read
        if not (query.filters or query.where or query.during or query.matches) and read is True:
            return False
        known = repr((query.entity, query.filters, query.where, query.during, query.matches, read))
        if known not in self._sizes:
            self._sizes[known] = self._size(ground, query)
        return self._sizes[known] <= FEW

    def _size(self, ground: Ground, query: Query) -> int:
        sheet, limits = sheet_of(ground, query)
        some = sa.select(sa.literal_column("1")).select_from(sheet.table).where(*limits).limit(FEW + 1).subquery()
        return int(self._context.connection.scalar(sa.select(sa.func.count()).select_from(some)))


def _terms(scan: Scan) -> list[Any]:
    takes = [term for take in scan.takes for term in (*take.only, take.of)]
    return [*scan.query.where, *scan.group, *takes]


def _parsed(term: Any) -> Condition | Expression | None:
    if isinstance(term, str):
        return parsed(term.removeprefix("="))
    return term if isinstance(term, Expression | Condition) else None


def asked_parameters(terms: Iterable[Condition | Expression], every: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the parameters that some terms look at (``param.first_call_limit``), all of them where a term does not say which."""
    found: dict[str, Any] = {}
    for term in terms:
        if isinstance(term, Condition):
            found.update(asked_parameters(term.parts, every))
            continue
        named = [
            node.attr
            for node in ast.walk(term.tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "param"
        ]
        times = sum(isinstance(node, ast.Name) and node.id == "param" for node in ast.walk(term.tree))
        found.update({name: every.get(name) for name in named} if times == len(named) else every)
    return found


def meaning(manifest: Manifest, entities: Iterable[str]) -> str:
    """What the columns of these entities mean: as long as this stays, a publish lets what was counted stand."""
    site = manifest.site
    words: list[Any] = [__version__, site.timezone, site.currency]
    for name in sorted(entities):
        entity = manifest.entities.get(name)
        words.append((name, [(f.name, f.type, f.to, f.via) for f in entity.fields.values()] if entity else ()))
        words.append([(m.name, m.field, tuple(m.states)) for m in manifest.machines_of(name)])
    return hashlib.sha256(repr(words).encode()).hexdigest()

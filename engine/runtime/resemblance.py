"""Finding what resembles a record among a million, and weighing how probable it is that both are one. Floor: 5.

Every value that is compared leaves its words in ``fl_keys``. A new record is looked up by its rarest words first; a word that
too many records have finds nothing by itself, but two of them together may. How rare a word is also says how much it
proves: both come from the same counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

from engine.plugins import alike
from engine.plugins.alike import Reading
from engine.runtime.context import Context
from engine.runtime.plans import EntityPlan

COLUMNS = ("entity", "field", "key", "record")
#: A word that more records have than this is common: it proves little and finds too many.
COMMON = 100
#: A pair of common words is looked up when the rarer one has at most this many.
JOINED = 20_000
#: Words asked for at once, and records compared in full.
ASKED, COMPARED = 40, 30
#: Records there are at least taken to be, so that the first hundred customers are not judged by a handful of names.
FEWEST = 10_000
#: What a value in the wrong box costs, in bits.
MISPLACED = 2.0

#: The share of a field that a slip may hide from its keys; the part of the evidence that keys alone must promise.
HIDDEN, PROMISING = 0.25, 0.6

Key = tuple[str, str]
"""A field and one of its words."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a record resembles: ``bits`` of evidence, ``probability`` (0..1) of being the same, ``shares`` by field."""

    record: int
    bits: float
    probability: float
    shares: Mapping[str, float]


def reading(plan: EntityPlan, name: str, value: Any) -> Reading | None:
    """A field's value as it is compared; None for an empty one."""
    if value is None or value == () or value == "":
        return None
    field = plan.fields[name]
    if field.links_to is not None or isinstance(value, bool):
        # A record's number or a yes is equal or not: nothing in between.
        return Reading("", "", (f"={value}",), False)
    if isinstance(value, list | tuple):
        value = " ".join(str(each) for each in value)
    return alike.read(str(value))


def readings(plan: EntityPlan, names: Iterable[str], values: Mapping[str, Any]) -> dict[str, Reading]:
    """The readings of the fields that are not empty."""
    found = ((name, reading(plan, name, values.get(name))) for name in names)
    return {name: each for name, each in found if each is not None and each.words}


def keys(plan: EntityPlan, name: str, value: Any) -> tuple[str, ...]:
    """What a value is found again by: its field type's own keys, else its words."""
    if value is None:
        return ()
    own = tuple(plan.fields[name].type.keys(value))
    if own:
        return own
    found = reading(plan, name, value)
    return found.words if found is not None else ()


def all_keys(plan: EntityPlan, values: Mapping[str, Any]) -> list[Key]:
    """Every key of a record's values that its entity's rules ask for, each once."""
    return [(name, key) for name in plan.keyed for key in dict.fromkeys(keys(plan, name, values.get(name)))]


def remember(
    context: Context, plan: EntityPlan, record: int, values: Mapping[str, Any], old: Mapping[str, Any]
) -> None:
    """Keep the keys of a record's values; ``old`` holds what an update changed, empty for a new record."""
    for name in plan.keyed:
        if old:
            if name not in old:
                continue
            text = "DELETE FROM fl_keys WHERE entity = ? AND field = ? AND key = ? AND record = ?"
            for key in dict.fromkeys(keys(plan, name, old[name])):
                context.connection.execute(text, (plan.name, name, key, record))
        for key in dict.fromkeys(keys(plan, name, values.get(name))):
            context.connection.append("fl_keys", COLUMNS, (plan.name, name, key, record))


def near(context: Context, plan: EntityPlan, names: Sequence[str], values: Mapping[str, Any]) -> list[int]:
    """Ids of the records that share the rarest keys with these values, the most telling first."""
    wanted = [(name, key) for name in names for key in dict.fromkeys(keys(plan, name, values.get(name)))]
    return _Search(context, plan).near(wanted[:ASKED])


def likenesses(
    context: Context, plan: EntityPlan, names: Sequence[str], values: Mapping[str, Any], above: float
) -> list[Likeness]:
    """The records that are probably the same (more than ``above``), the surest first."""
    search = _Search(context, plan)
    mine = readings(plan, names, values)
    wanted = [(name, key) for name in mine for key in dict.fromkeys(keys(plan, name, values.get(name)))]
    least = PROMISING * alike.needed(above, search.records)
    found = []
    for number, others in _values(context, plan, names, search.near(wanted[:ASKED], least)):
        theirs = readings(plan, names, others)
        bits, shares = search.evidence(mine, theirs)
        probability = alike.probability(bits, search.records)
        if probability > above:
            found.append(Likeness(number, bits, probability, shares))
    return sorted(found, key=lambda each: -each.bits)


def _values(
    context: Context, plan: EntityPlan, names: Sequence[str], ids: Sequence[int]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The compared fields of some records: reading whole records would cost more than comparing them."""
    if not ids:
        return
    stored = context.schema.entities[plan.name]
    columns = [name for name in names if name in stored.fields]
    listed = ", ".join(f'"{name}"' for name in ("id", *columns))
    marks = ", ".join("?" * len(ids))
    text = f'SELECT {listed} FROM "{plan.name}" WHERE id IN ({marks}) AND deleted_at IS NULL'
    for number, *cells in context.connection.execute(text, list(ids)):
        values = dict(zip(columns, cells, strict=True))
        for name, cell in values.items():
            convert = stored.from_store.get(name)
            if cell is not None and convert is not None:
                values[name] = convert(cell)
        yield number, values


class _Search:
    """One look for what resembles a record: how often each word occurs is asked once."""

    def __init__(self, context: Context, plan: EntityPlan) -> None:
        self.context = context
        self.entity = plan.name
        self.counts: dict[Key, int] = {}
        self.there = int(context.connection.scalar(f'SELECT MAX(id) FROM "{plan.name}"') or 1)
        self.records = max(self.there, FEWEST)
        self._usual: dict[str, float] = {}

    def near(self, wanted: Sequence[Key], least: float = 0.0) -> list[int]:
        """Ids by the evidence of the keys they share (``least`` bits at least), the strongest first."""
        shared: dict[int, dict[str, float]] = {}
        asked = []
        for key in dict.fromkeys(wanted):
            known = self._common(key)
            if known is None:
                asked.append(key)
            else:
                self.counts[key] = known
        for key, records in self._having(asked).items():
            self.counts[key] = len(records) if len(records) <= COMMON else self._count(key)
            if len(records) <= COMMON:
                self._share(shared, records, key)
        if len(shared) < COMPARED:
            common = [key for key in dict.fromkeys(wanted) if self.counts[key] > COMMON]
            for pair, records in self._paired(common):
                for key in pair:
                    self._share(shared, records, key)
        totals: dict[str, float] = {}
        for key in self.counts:
            totals[key[0]] = totals.get(key[0], 0.0) + self.rarity(*key)
        ranked = [(_promise(fields, totals), record) for record, fields in shared.items()]
        heavy = sorted((-bits, record) for bits, record in ranked if bits >= least)
        return [record for _, record in heavy[:COMPARED]]

    def _share(self, shared: dict[int, dict[str, float]], records: Iterable[int], key: Key) -> None:
        field, weight = key[0], self.rarity(*key)
        for record in records:
            fields = shared.setdefault(record, {})
            fields[field] = fields.get(field, 0.0) + weight

    def _having(self, asked: Sequence[Key]) -> dict[Key, list[int]]:
        """The records that have each key, one more than ``COMMON`` at most, in one question."""
        found: dict[Key, list[int]] = {key: [] for key in asked}
        if not asked:
            return found
        part = "SELECT {0} AS n, record FROM (SELECT record FROM fl_keys WHERE entity = ? AND field = ? AND key = ? LIMIT {1}) AS k{0}"
        text = " UNION ALL ".join(part.format(n, COMMON + 1) for n in range(len(asked)))
        params = [each for key in asked for each in (self.entity, *key)]
        for n, record in self.context.connection.execute(text, params):
            found[asked[n]].append(record)
        return found

    def _count(self, key: Key) -> int:
        """How many records have a common key; asked once and kept: its share of all records changes little."""
        text = "SELECT COUNT(*) FROM fl_keys WHERE entity = ? AND field = ? AND key = ?"
        number = int(self.context.connection.scalar(text, (self.entity, *key)) or 0)
        self.context.parts.kept["common", self.entity, *key] = (self.there, number)
        return number

    def _common(self, key: Key) -> int | None:
        """About how many records have a key that was found common before; None for any other, and when there are twice as many
        records as when it was counted."""
        known = self.context.parts.kept.get(("common", self.entity, *key))
        if known is None or self.there > 2 * known[0]:
            return None
        return int(known[1] * max(1.0, self.there / known[0]))

    def _paired(self, common: Sequence[Key]) -> Iterator[tuple[tuple[Key, Key], list[int]]]:
        """Records that have the two rarest common keys of different fields."""
        ranked = sorted(common, key=lambda key: self.counts[key])
        first = ranked[0] if ranked else None
        second = next((key for key in ranked if first is not None and key[0] != first[0]), None)
        if first is None or second is None or self.counts[first] > JOINED:
            return
        text = (
            "SELECT a.record FROM fl_keys AS a JOIN fl_keys AS b ON b.entity = a.entity AND b.field = ? AND b.key = ? "
            f"AND b.record = a.record WHERE a.entity = ? AND a.field = ? AND a.key = ? LIMIT {COMMON}"
        )
        found = self.context.connection.execute(text, (*second, self.entity, *first))
        yield (first, second), [record for (record,) in found]

    def rarity(self, field: str, word: str) -> float:
        """Bits a word of a field proves. One that was not asked for counts like the average of those that were."""
        count = self.counts.get((field, word))
        if count is None:
            count = self._common((field, word))
            if count is None:
                return self._average(field)
        # Two or three that share a rare value may well be one and the same: that makes it no more common.
        count = max(1, count - 2)
        # Of a few records nobody knows what is common; of a word that thirty of a hundred have, everybody does.
        known_well = min(1.0, log2(count) / 5)
        records = self.records ** (1 - known_well) * self.there**known_well
        return max(0.0, log2(records / count))

    def _average(self, field: str) -> float:
        if field not in self._usual:
            known = [self.rarity(*key) for key in self.counts if key[0] == field]
            self._usual[field] = sum(known) / len(known) if known else log2(self.records)
        return self._usual[field]

    def evidence(self, mine: Mapping[str, Reading], theirs: Mapping[str, Reading]) -> tuple[float, dict[str, float]]:
        """(bits, share by field) of two records. Values that stand in each other's box count, with a little less."""
        bits: dict[str, float] = {}
        shares: dict[str, float] = {}
        for name in mine:
            if name in theirs:
                bits[name], shares[name] = alike.agreement(
                    mine[name],
                    theirs[name],
                    lambda word, field=name: self.rarity(field, word),  # type: ignore[misc]
                )
        for name, other in _swapped(mine, theirs, bits):
            whole = sum(self.rarity(name, word) for word in mine[name].words)
            bits[name], shares[name] = min(alike.STRONGEST, whole) - MISPLACED, 1.0
            if bits.get(other, 0.0) < 0 and other not in mine:
                bits[other] = 0.0
        return sum(bits.values()), shares


def _promise(shared: Mapping[str, float], totals: Mapping[str, float]) -> float:
    """About the most bits a record can bring that shares these weights of each field: a slip of the pen hides some."""
    bits = 0.0
    for field, weight in shared.items():
        total = totals[field]
        share = min(1.0, weight / total + HIDDEN) if total else 0.0
        if share > alike.NEUTRAL:
            bits += min(alike.STRONGEST, total) * (share - alike.NEUTRAL) / (1 - alike.NEUTRAL)
    return bits


def _swapped(
    mine: Mapping[str, Reading], theirs: Mapping[str, Reading], bits: Mapping[str, float]
) -> Iterator[tuple[str, str]]:
    """Fields that disagree (or are empty there) whose value stands, letter for letter, in another field over there that
    does not agree either."""
    for name, one in mine.items():
        if bits.get(name, 0.0) > 0 or len(one.whole) < 2 or one.whole.isdigit():
            continue
        for other, two in theirs.items():
            if other != name and bits.get(other, 0.0) <= 0 and two.whole == one.whole:
                yield name, other
                break

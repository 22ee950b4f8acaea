"""Finding what resembles a record among a million, and weighing how probable it is that both are one. Floor: 5.

Every value that is compared leaves its words in ``fl_keys``. A new record is looked up by its rarest words first; a word that
too many records have finds nothing by itself, but two of them together may. How rare a word is also says how much it
proves: both come from the same counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import log2
from typing import Any

from engine.plugins import alike
from engine.plugins.alike import Reading
from engine.runtime import keyring
from engine.runtime.context import Context
from engine.runtime.keyring import COMMON, Key, Keyring
from engine.runtime.plans import EntityPlan

COLUMNS = ("entity", "field", "key", "record")
#: A pair of common words is looked up when the rarer one has at most this many.
JOINED = 20_000
#: Words asked for at once, and records compared in full.
ASKED, COMPARED = 40, 30
#: Records there are at least taken to be, so that the first hundred customers are not judged by a handful of names.
FEWEST = 10_000
#: What a value in the wrong box costs, in bits.
MISPLACED = 2.0
#: Bits by which sums of the same numbers in another order may differ.
MARGIN = 1e-6

#: The share of a field that a slip may hide from its keys; the part of the evidence that keys alone must promise, and the
#: bits that are promise enough among however many records: one field that agrees altogether, such as a number of one's own.
HIDDEN, PROMISING, ENOUGH = 0.25, 0.75, 0.95 * alike.STRONGEST


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
    if isinstance(value, str):
        return alike.read(value)
    return alike.read(" ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


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


def named(plan: EntityPlan, name: str, value: Any, ring: Keyring | None = None) -> tuple[Key, ...]:
    """The same with the field, each once. ``ring`` is that of the lot the value came with."""
    # A text has the keys it has: they are worked out once a lot.
    texts = ring.texts if ring is not None and type(value) is str else None
    known = texts.get((name, value)) if texts is not None else None
    if known is None:
        known = tuple([(name, key) for key in dict.fromkeys(keys(plan, name, value))])
        if texts is not None:
            texts[name, value] = known
    return known


def all_keys(plan: EntityPlan, values: Mapping[str, Any]) -> list[Key]:
    """Every key of a record's values that its entity's rules ask for, each once."""
    return [key for name in plan.keyed for key in named(plan, name, values.get(name))]


def remember(
    context: Context, plan: EntityPlan, record: int, values: Mapping[str, Any], old: Mapping[str, Any]
) -> None:
    """Keep the keys of a record's values; ``old`` holds what an update changed, empty for a new record."""
    connection, entity = context.connection, plan.name
    ring = keyring.of(connection, entity)
    if ring is None:
        keyring.told(context, entity)
    for name in plan.keyed:
        if old:
            if name not in old:
                continue
            text = "DELETE FROM fl_keys WHERE entity = ? AND field = ? AND key = ? AND record = ?"
            for key in named(plan, name, old[name]):
                connection.execute(text, (entity, *key, record))
                if ring is not None:
                    ring.removed(key)
        for key in named(plan, name, values.get(name), ring):
            connection.append("fl_keys", COLUMNS, (entity, *key, record))
            if ring is not None:
                ring.added(key, record)


def unknown(context: Context, plan: EntityPlan, key: Key) -> bool:
    """True for a key that was not found common yet."""
    return ("common", plan.name, key) not in context.parts.kept


def near(context: Context, plan: EntityPlan, names: Sequence[str], values: Mapping[str, Any]) -> list[int]:
    """Ids of the records that share the rarest keys with these values, the most telling first."""
    wanted = [key for name in names for key in named(plan, name, values.get(name))]
    return _Search(context, plan).near(wanted[:ASKED])


def promising(above: float, records: int) -> float:
    """The bits a record's shared keys must promise before it is compared."""
    return min(ENOUGH, PROMISING * alike.needed(above, records))


def likenesses(
    context: Context, plan: EntityPlan, names: Sequence[str], values: Mapping[str, Any], above: float
) -> list[Likeness]:
    """The records that are probably the same (more than ``above``), the surest first."""
    search = _Search(context, plan)
    mine = readings(plan, names, values)
    wanted = [key for name in mine for key in named(plan, name, values.get(name), search.ring)]
    least = promising(above, search.records)
    ids = search.near(wanted[:ASKED], least)
    if not ids:
        return []
    # What is quickly compared comes first: for most of what was found it is enough to say no.
    mine = dict(sorted(mine.items(), key=lambda each: len(each[1].words)))
    enough = alike.needed(above, search.records) if above > 0 else None
    found = []
    for number, others in search.values(names, ids):
        bits, shares = search.evidence(mine, others, enough)
        probability = alike.probability(bits, search.records)
        if probability > above:
            found.append(Likeness(number, bits, probability, {name: shares[name] for name in names if name in shares}))
    return sorted(found, key=lambda each: -each.bits)


class _Search:
    """One look for what resembles a record: how often each word occurs is asked once."""

    def __init__(self, context: Context, plan: EntityPlan) -> None:
        self.context = context
        self.plan = plan
        self.entity = plan.name
        self.ring = keyring.of(context.connection, plan.name)
        self.counts: dict[Key, int] = {}
        self.there = (
            int(context.connection.scalar(f'SELECT MAX(id) FROM "{plan.name}"') or 1)
            if self.ring is None
            else self.ring.there
        )
        self.records = max(self.there, FEWEST)
        self._usual: dict[str, float] = {}
        self._rare: dict[Key, float] = {}
        self._mosts: dict[tuple[str, Reading], float] = {}

    def near(self, wanted: Sequence[Key], least: float = 0.0) -> list[int]:
        """Ids by the evidence of the keys they share (``least`` bits at least), the strongest first."""
        lists = self._lists(list(dict.fromkeys(wanted)))
        totals: dict[str, float] = {}
        for key in self.counts:
            weight = self._rare[key] = self._rarity(*key)
            totals[key[0]] = totals.get(key[0], 0.0) + weight
        pair = self._pair(totals, least)
        if pair is not None and len(set().union(*lists.values())) < COMPARED:
            both = self._having_both(*pair)
            lists |= dict.fromkeys(pair, both)
        shared = self._shared(lists, totals, least)
        bits = _promised(shared, totals, least)
        heavy = sorted((-promise, record) for record, promise in bits.items() if promise >= least)
        return [record for _, record in heavy[:COMPARED]]

    def _shared(
        self, lists: Mapping[Key, Sequence[int]], totals: Mapping[str, float], least: float
    ) -> dict[str, dict[int, float]]:
        """How much of each field's weight records share: field -> record -> weight. Of the records that cannot promise
        ``least`` many are left out."""
        shared: dict[str, dict[int, float]] = {}
        listed = sorted(lists.items(), key=lambda each: (len(each[1]), each[0]))
        # Who has none but the last of these keys, which most have, is not worth looking at.
        last = len(listed)
        alone: dict[str, float] = {}
        while last and least > 0:
            key = listed[last - 1][0]
            alone[key[0]] = alone.get(key[0], 0.0) + self.rarity(*key)
            if sum(_promise(weight, totals[name]) for name, weight in alone.items()) >= least:
                break
            last -= 1
        some = set[int]().union(*(records for _, records in listed[:last]))
        for place, (key, records) in enumerate(listed):
            found = records if place < last else some.intersection(records) if some else ()
            if found:
                weight, field = self.rarity(*key), shared.setdefault(key[0], {})
                for record in found:
                    field[record] = field.get(record, 0.0) + weight
        return shared

    def _lists(self, wanted: Sequence[Key]) -> dict[Key, list[int]]:
        """The records that have each key that is not common; how many have each is counted."""
        asked = []
        for key in wanted:
            known = self._common(key)
            if known is None:
                asked.append(key)
            else:
                self.counts[key] = known
        connection = self.context.connection
        if self.ring is not None:
            lists = self.ring.lists(connection, asked)
        else:
            lists = keyring.records_of(connection, self.entity, asked)
        for key, records in lists.items():
            self.counts[key] = len(records) if len(records) <= COMMON else self._count(key)
        return {key: records for key, records in lists.items() if len(records) <= COMMON}

    def _count(self, key: Key) -> int:
        """How many records have a common key; asked once and kept: its share of all records changes little."""
        text = "SELECT COUNT(*) FROM fl_keys WHERE entity = ? AND field = ? AND key = ?"
        number = int(self.context.connection.scalar(text, (self.entity, *key)) or 0)
        self.context.parts.kept["common", self.entity, key] = (self.there, number)
        return number

    def _common(self, key: Key) -> int | None:
        """About how many records have a key that was found common before; None for any other, and when there are twice as many
        records as when it was counted."""
        known = self.context.parts.kept.get(("common", self.entity, key))
        if known is None or self.there > 2 * known[0]:
            return None
        return int(known[1] * max(1.0, self.there / known[0]))

    def _pair(self, totals: Mapping[str, float], least: float) -> tuple[Key, Key] | None:
        """The two rarest common keys of different fields, where who has both may be worth a look."""
        ranked = sorted([(count, key) for key, count in self.counts.items() if count > COMMON])
        first = ranked[0][1] if ranked else None
        second = next((key for _, key in ranked if first is not None and key[0] != first[0]), None)
        if first is None or second is None or self.counts[first] > JOINED:
            return None
        promise = sum(_promise(self.rarity(*key), totals[key[0]]) for key in (first, second))
        return (first, second) if promise >= least else None

    def _having_both(self, first: Key, second: Key) -> list[int]:
        """Records that have two common keys."""
        text = (
            "SELECT a.record FROM fl_keys AS a JOIN fl_keys AS b ON b.entity = a.entity AND b.field = ? AND b.key = ? "
            f"AND b.record = a.record WHERE a.entity = ? AND a.field = ? AND a.key = ? LIMIT {COMMON}"
        )
        found = self.context.connection.execute(text, (*second, self.entity, *first))
        return [record for (record,) in found]

    def values(self, names: Sequence[str], ids: Sequence[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """The compared fields of some records: reading whole records would cost more than comparing them."""
        own = self.ring.values if self.ring is not None else {}
        connection = self.context.connection
        shape = self.context.schema.entities[self.entity]
        columns = [name for name in names if name in shape.fields]
        asked = [number for number in ids if number not in own]
        found = {number: {name: own[number].get(name) for name in columns} for number in ids if number in own}
        if asked:
            listed, marks = ", ".join(f'"{name}"' for name in ("id", *columns)), ", ".join("?" * len(asked))
            text = f'SELECT {listed} FROM "{self.entity}" WHERE id IN ({marks}) AND deleted_at IS NULL'
            # What a lot itself has brought is known without asking, and may go on waiting.
            ask = connection.execute if self.ring is None else connection.beside
            for number, *cells in ask(text, asked):
                found[number] = dict(zip(columns, map(_read, map(shape.from_store.get, columns), cells), strict=True))
        return ((number, found[number]) for number in ids if number in found)

    def rarity(self, field: str, word: str) -> float:
        """Bits a word of a field proves. One that was not asked for counts like the average of those that were."""
        known = self._rare.get((field, word))
        if known is None:
            known = self._rare[field, word] = self._rarity(field, word)
        return known

    def _rarity(self, field: str, word: str) -> float:
        count = self.counts.get((field, word))
        if count is None:
            count = self._common((field, word))
            if count is None:
                return self._average(field)
        # Two or three that share a rare value may well be one and the same: that makes it no more common.
        count = max(1, count - 2)
        if self.records == self.there:
            return max(0.0, log2(self.records / count))
        # Of a few records nobody knows what is common; of a word that thirty of a hundred have, everybody does.
        known_well = min(1.0, log2(count) / 5)
        records = self.records ** (1 - known_well) * self.there**known_well
        return max(0.0, log2(records / count))

    def _average(self, field: str) -> float:
        if field not in self._usual:
            known = [self.rarity(*key) for key in self.counts if key[0] == field]
            self._usual[field] = sum(known) / len(known) if known else log2(self.records)
        return self._usual[field]

    def evidence(
        self, mine: Mapping[str, Reading], others: Mapping[str, Any], enough: float | None
    ) -> tuple[float, dict[str, float]]:
        """(bits, share by field) of two records. Values that stand in each other's box count, with a little less. Where they
        cannot come to ``enough`` bits any more, the rest is not compared."""
        theirs = {name: one for name in others if (one := reading(self.plan, name, others[name])) is not None}
        bits: dict[str, float] = {}
        shares: dict[str, float] = {}
        most = {name: self._most(name, mine[name]) for name in mine if name in theirs}
        at_best = sum(most.values()) if enough is not None and not any(_swapped(mine, theirs, {})) else None
        for name in most:
            bits[name], shares[name] = alike.agreement(
                mine[name],
                theirs[name],
                partial(self.rarity, name),
                None if at_best is None or enough is None else enough - MARGIN - at_best + most[name],
            )
            if at_best is not None and enough is not None:
                at_best += bits[name] - most[name]
                if at_best < enough - MARGIN:
                    return at_best, shares
        for name, other in _swapped(mine, theirs, bits):
            bits[name], shares[name] = self._most(name, mine[name]) - MISPLACED, 1.0
            if bits.get(other, 0.0) < 0 and other not in mine:
                bits[other] = 0.0
        return sum(bits.values()), shares

    def _most(self, field: str, mine: Reading) -> float:
        """The most bits a field can bring."""
        known = self._mosts.get((field, mine))
        if known is None:
            bits = sum([self.rarity(field, word) for word in mine.words])
            known = self._mosts[field, mine] = min(alike.STRONGEST, bits)
        return known


def _read(convert: Any, cell: Any) -> Any:
    return cell if cell is None or convert is None else convert(cell)


def _promised(shared: Mapping[str, Mapping[int, float]], totals: Mapping[str, float], least: float) -> dict[int, float]:
    """About the most bits records can bring that share these weights of each field: a slip of the pen hides some. Who
    brings nothing is told only where ``least`` is nothing."""
    bits: dict[int, float] = {}
    if least <= 0:
        for weights in shared.values():
            bits.update(dict.fromkeys(weights, 0.0))
    for field, weights in shared.items():
        total = totals[field]
        floor = (alike.NEUTRAL - HIDDEN) * total
        # Many share the same few words.
        known: dict[float, float] = {}
        for record, weight in weights.items():
            if weight > floor:
                promise = known.get(weight)
                if promise is None:
                    promise = known[weight] = _promise(weight, total)
                bits[record] = bits.get(record, 0.0) + promise
    return bits


def _promise(weight: float, total: float) -> float:
    """The same for one field, of all of whose weight a record shares so much."""
    if not total:
        return 0.0
    over = min(1.0, weight / total + HIDDEN) - alike.NEUTRAL
    return min(alike.STRONGEST, total) * over / (1 - alike.NEUTRAL) if over > 0 else 0.0


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

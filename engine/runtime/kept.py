"""What dashboards keep between two looks, so that a write costs only what it touched. Floor: 5.

The records of an entity are read in lots of neighbouring ids, and the parts of every number are kept per lot. The audit
log, which every change writes in its own transaction, tells which records changed since: only their lots are read
again. Nothing has to be told to forget, no write pays for a dashboard, and another process's writes are seen like
one's own. Beside a number that depends on the moment (``hours_since(created_at) > 48``) stands the instant at which time
alone will change it next in each lot; where nobody can foresee that, it is good for ``PATIENCE``.

What took long is also put into the database (``save``, called from time to time), so that a new process does not
count a million records again: it takes the parts from there and reads only the lots that changed since.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Problem, Unavailable
from engine.runtime import saved
from engine.store import changes
from engine.store.connection import Connection
from engine.store.database import Database
from engine.store.encode import micros
from engine.store.query import tally
from engine.store.query.ahead import NEVER
from engine.store.query.tally import Counting, Parts, Take
from engine.store.tables import Schema

#: Ids in a lot, and lots that are put together first, so that a changed lot is not put together with all others.
LOT = 1 << 12
BLOCK = 16
#: Lots of one counting that are kept unpacked at most.
HOT = 32
#: Lots a reader waits for where somebody counts in the background, and lots read there in one snapshot.
AT_ONCE = 8
STEP = 4
#: How long a page is shown as it was made, and a number of which nobody can tell when time changes it.
PATIENCE = dt.timedelta(seconds=60)
#: Bytes kept for parts before the ones used longest ago are forgotten.
BUDGET = 48_000_000
#: Whole pages kept.
PAGES = 64
#: Lots from which on a counting is worth putting into the database.
WORTH = 4
#: The same counting goes into the database no more often than this.
AGAIN = dt.timedelta(minutes=10)
MONTH = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the database stands: the change counter of every entity, the last audit row of every chain, the time."""

    counts: Mapping[str, int]
    chains: Mapping[int, int]
    at: dt.datetime

    def same(self, other: Moment, entities: frozenset[str]) -> bool:
        """True when none of these entities changed in between."""
        return all(self.counts.get(name, 0) == other.counts.get(name, 0) for name in entities)


def moment(connection: Connection, at: dt.datetime) -> Moment:
    """Where the database stands in this snapshot."""
    chains = [row[0] for row in connection.execute("SELECT DISTINCT stripe FROM fl_changes")]
    last = {
        chain: connection.scalar("SELECT MAX(seq) FROM fl_audit WHERE chain = ?", (chain,)) or 0 for chain in chains
    }
    return Moment(changes.counts(connection), last, at)


@dataclass(slots=True)
class _Entry:
    """The parts of one counting: per lot, per block of lots, and all together. ``until`` tells of the lots that time
    alone will change when it does; ``packed`` holds the lots nobody has looked into for a while, ``weights`` how much room
    each block takes; ``rests`` is True when the database already has it."""

    moment: Moment
    lots: dict[int, Parts] = field(default_factory=dict)
    until: dict[int, int] = field(default_factory=dict)
    blocks: dict[int, Parts] = field(default_factory=dict)
    packed: dict[int, bytes] = field(default_factory=dict)
    whole: Parts = field(default_factory=dict)
    weights: dict[int, int] = field(default_factory=dict)
    rests: bool = False

    def opened(self, now: Moment, stale: Iterable[int]) -> _Entry:
        """A copy that stands at that moment, with the blocks of these lots unpacked."""
        made = _Entry(now, dict(self.lots), dict(self.until), dict(self.blocks), dict(self.packed))
        made.weights = dict(self.weights)
        for block in {lot // BLOCK for lot in stale} & set(made.packed):
            made.lots.update(saved.unpack(made.packed.pop(block)))
        return made

    def put(self, lot: int, parts: Parts, until: int) -> None:
        """A lot as it was read just now."""
        self.lots[lot] = parts
        self.until.pop(lot, None)
        if until < NEVER:
            self.until[lot] = until

    def put_together(self, takes: Sequence[Take], touched: Iterable[int]) -> None:
        """Make the blocks of these lots anew, and the whole of all blocks. Lots take much room and are hardly ever looked at
        again: all but a few are packed."""
        for block in {lot // BLOCK for lot in touched}:
            self.blocks[block] = tally.merge(takes, list(self.block(block).values()) or [{}])
            self.weights[block] = tally.weight(self.blocks[block])
        self.whole = tally.merge(takes, [self.blocks[block] for block in sorted(self.blocks)] or [{}])
        if len(self.lots) > HOT:
            for block in {lot // BLOCK for lot in self.lots}:
                self.packed[block] = saved.pack(self.block(block))
            self.lots.clear()

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        lots = sum(tally.weight(parts) for parts in self.lots.values()) + sum(map(len, self.packed.values()))
        return lots + 2 * sum(self.weights.values())

    def block(self, block: int) -> dict[int, Parts]:
        """The lots of a block that is not packed."""
        lots = range(block * BLOCK, (block + 1) * BLOCK)
        return {lot: self.lots[lot] for lot in lots if lot in self.lots}

    def at_rest(self) -> saved.Saved:
        """The entry as it is put into the database."""
        lots = {block: self.packed.get(block) or saved.pack(self.block(block)) for block in self.blocks}
        now = self.moment
        return saved.Saved(now.counts, now.chains, now.at, self.until, self.blocks, lots)

    def over(self, now: dt.datetime) -> set[int]:
        """The lots that are not true any more though nothing was written."""
        at = micros(now)
        # A clock that was turned back a little is another process's; turned back far, nothing foreseen holds.
        back = now < self.moment.at - PATIENCE
        return {lot for lot, until in self.until.items() if back or until <= at}


@dataclass(frozen=True, slots=True)
class Job:
    """One counting to be done: ``key`` is equal for equal answers; ``lots`` when it reads most of its entity's records (few
    records are read in one go instead); ``foreseen`` is False where nobody can tell when time alone changes the answer."""

    key: Hashable
    entity: str
    counting: Counting
    lots: bool
    foreseen: bool = True


@dataclass(slots=True)
class _Begun:
    """A counting on its way: the lots still to be read, how many there were, and how many are being read just now."""

    entry: _Entry
    stale: frozenset[int]
    todo: list[int]
    busy: int = 0

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        return 1 - (len(self.todo) + self.busy) / max(1, len(self.stale))


class Kept:
    """The parts and pages one process keeps; shared by all its threads.

    ``behind``, where it is set, counts in the background what would keep a reader waiting: it is told, and the reader gets Unavailable
    (Q013) with the share that is done. Without it everything is counted at once.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._sizes: dict[Hashable, int] = {}
        self._pages: OrderedDict[Hashable, tuple[Moment, Any]] = OrderedDict()
        self._last: dict[Hashable, dt.datetime] = {}
        self._begun: dict[Hashable, _Begun] = {}
        self._lock = threading.Lock()
        self.behind: Callable[[Schema, Job], None] | None = None
        self.failed: set[Hashable] = set()
        """Jobs that failed in the background: whoever looks next counts them and is told why."""
        self.read_lots = 0
        """How many lots were read so far: what tests and benchmarks look at."""

    # --- whole pages

    def page(self, key: Hashable, now: Moment) -> Any:
        """The page made under that key, when nothing at all changed since and it is not older than ``PATIENCE``."""
        with self._lock:
            found = self._pages.get(key)
            if found is None or found[0].counts != now.counts or abs(now.at - found[0].at) >= PATIENCE:
                return None
            self._pages.move_to_end(key)
            return found[1]

    def keep_page(self, key: Hashable, now: Moment, page: Any) -> None:
        """Keep a page as it was made at that moment."""
        with self._lock:
            self._pages[key] = (now, page)
            self._pages.move_to_end(key)
            while len(self._pages) > PAGES:
                self._pages.popitem(last=False)

    # --- parts

    def parts(self, connection: Connection, schema: Schema, job: Job, now: Moment) -> Parts:
        """The parts of a job at that moment of the connection's snapshot. Raises Unavailable (Q013) while they are counted
        in the background."""
        entry = self._known(connection, job)
        stale = _stale(connection, schema, job, entry, now)
        if entry is not None and not stale:
            return entry.whole
        if self.behind is not None and job.lots and len(stale) > AT_ONCE and job.key not in self.failed:
            self.behind(schema, job)
            with self._lock:
                begun = self._begun.get(job.key)
                share = begun.share if begun is not None else 0.0
            raise Unavailable(Problem("Q013", parameters={"percent": int(share * 100)}))
        made = _Entry(now) if entry is None else entry.opened(now, stale)
        for lot in sorted(stale):
            made.put(lot, *self._read(connection, job, lot, now))
        made.put_together(job.counting.takes, stale)
        self._keep(job.key, made)
        return made.whole

    def has(self, connection: Connection, job: Job) -> bool:
        """True when a job was counted before, here or in another process, or is just being counted."""
        return job.key in self._begun or self._known(connection, job) is not None

    def step(self, connection: Connection, schema: Schema, job: Job, now: Moment) -> bool:
        """Read a few lots of a job; True while there are more. Several threads may do so at once, each with its own
        snapshot: a change after the first of them began is read again at the next look."""
        key = job.key
        if key not in self._begun:
            entry = self._known(connection, job)
            stale = frozenset(_stale(connection, schema, job, entry, now))
            made = _Entry(now) if entry is None else entry.opened(now, stale)
            with self._lock:
                self._begun.setdefault(key, _Begun(made, stale, sorted(stale)))
        with self._lock:
            begun = self._begun.get(key)
            if begun is None:
                return False
            mine, begun.todo = begun.todo[:STEP], begun.todo[STEP:]
            begun.busy += len(mine)
        try:
            found = [(lot, *self._read(connection, job, lot, now)) for lot in mine]
        except BaseException:
            with self._lock:
                self._begun.pop(key, None)
            raise
        with self._lock:
            begun.busy -= len(mine)
            for each in found:
                begun.entry.put(*each)
            if begun.todo or begun.busy or self._begun.pop(key, None) is not begun:
                return bool(begun.todo)
        begun.entry.put_together(job.counting.takes, begun.stale)
        self._keep(key, begun.entry)
        return False

    def _known(self, connection: Connection, job: Job) -> _Entry | None:
        with self._lock:
            entry = self._entries.get(job.key)
            if entry is not None:
                self._entries.move_to_end(job.key)
        return self._saved(connection, job) if entry is None and job.lots else entry

    def _read(self, connection: Connection, job: Job, lot: int, now: Moment) -> tuple[Parts, int]:
        parts, until = job.counting.run(connection, (lot * LOT, (lot + 1) * LOT) if job.lots else tally.EVERY)
        self.read_lots += 1
        return parts, until if job.foreseen else min(until, micros(now.at + PATIENCE))

    def _saved(self, connection: Connection, job: Job) -> _Entry | None:
        """What another process, or this one before it was started again, put into the database."""
        row = connection.one("SELECT moment, lots FROM fl_kept WHERE key = ?", (digest(job.key),))
        found = None if row is None else saved.unpacked(row[0], row[1])
        if found is None:
            return None
        at = Moment(found.counts, found.chains, found.at)
        entry = _Entry(at, {}, found.until, found.blocks, found.lots, rests=True)
        entry.weights = {block: tally.weight(parts) for block, parts in found.blocks.items()}
        entry.put_together(job.counting.takes, ())
        self._keep(job.key, entry)
        return entry

    def save(self, database: Database) -> int:
        """Put the parts that were read in lots into the database; how many countings were new. Cheap when none is.

        Call it outside any turn, from time to time (a tick): what was put there less than ``AGAIN`` ago is left, for a
        process that takes it up catches up quickly. Countings not looked at for a month are taken out.
        """
        with self._lock:
            new = [
                (key, entry)
                for key, entry in self._entries.items()
                if not entry.rests
                and len(entry.lots) + BLOCK * len(entry.packed) >= WORTH
                and (key not in self._last or abs(entry.moment.at - self._last[key]) >= AGAIN)
            ]
        if not new:
            return 0

        def work(connection: Connection) -> None:
            for key, entry in new:
                now = entry.moment
                packed = saved.packed(entry.at_rest())
                connection.execute("DELETE FROM fl_kept WHERE key = ?", (digest(key),))
                text = "INSERT INTO fl_kept (key, at, moment, lots) VALUES (?, ?, ?, ?)"
                connection.execute(text, (digest(key), micros(now.at), *packed))
            oldest = max(entry.moment.at for _, entry in new) - MONTH
            connection.execute("DELETE FROM fl_kept WHERE at < ?", (micros(oldest),))

        database.write(work)
        with self._lock:
            for key, entry in new:
                entry.rests = True
                self._last[key] = entry.moment.at
        return len(new)

    def _keep(self, key: Hashable, entry: _Entry) -> None:
        size = entry.size
        with self._lock:
            self._entries[key] = entry
            self._entries.move_to_end(key)
            self._sizes[key] = size
            total = sum(self._sizes.values())
            while total > self._budget and len(self._entries) > 1:
                total -= self._sizes.pop(self._entries.popitem(last=False)[0], 0)


def digest(key: Hashable) -> str:
    """A job's key as the database keeps it."""
    return hashlib.sha256(f"{LOT} {BLOCK} {key!r}".encode()).hexdigest()


def _stale(connection: Connection, schema: Schema, job: Job, entry: _Entry | None, now: Moment) -> set[int]:
    """The lots to read (again)."""
    if entry is None:
        return _every(connection, schema, job)
    over = entry.over(now.at)
    if entry.moment.same(now, job.counting.reads):
        return over
    changed = _changed(connection, job, entry, now)
    return _every(connection, schema, job) if changed is None else changed | over


def _every(connection: Connection, schema: Schema, job: Job) -> set[int]:
    if not job.lots:
        return {0}
    table = schema.table(job.entity).name
    last = connection.scalar(f'SELECT MAX(id) FROM "{table}"') or 0
    return set(range(last // LOT + 1))


def _changed(connection: Connection, job: Job, entry: _Entry, now: Moment) -> set[int] | None:
    """The lots to read again; None when all must be: another entity changed, or a change left no trace in the audit."""
    if not job.lots or not entry.moment.same(now, job.counting.reads - {job.entity}):
        return None
    found: set[int] = set()
    for chain, last in now.chains.items():
        rows = connection.execute(
            "SELECT DISTINCT record FROM fl_audit WHERE chain = ? AND seq > ? AND seq <= ? AND entity = ?",
            (chain, entry.moment.chains.get(chain, 0), last, job.entity),
        )
        found.update(row[0] // LOT for row in rows if row[0] is not None)
    return found or None

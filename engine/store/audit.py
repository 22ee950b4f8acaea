"""The audit log: a hash chain written in the same transaction as what it tells. Floor: 3.

Every row carries the hash of itself and of the row before, so a row that is edited, deleted or moved breaks the chain from
there on. A tail that is cut off, or a chain computed anew from the start, can only be seen from outside: ``anchor``
gives one line to keep elsewhere, ``verify`` compares with it.

Rows wait until the commit and are sealed together: the head of the chain is read once for a whole group of turns. On
PostgreSQL there are as many chains as stripes, each sealed by the transaction that holds it to the end of its commit; one
chain for all would make every commit wait for the one before it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.facts import Actor
from engine.store import stripes
from engine.store.connection import Connection
from engine.store.encode import instant, micros, to_text

COLUMNS = (
    "chain",
    "seq",
    "at",
    "by_user",
    "login",
    "address",
    "action",
    "entity",
    "record",
    "before",
    "after",
    "detail",
    "hash",
)
#: An instant may lie this much before its predecessor's (turns of one group take their time before they wait).
TOLERANCE = 300_000_000
#: How far a row may have been moved and still be called moved instead of edited.
NEIGHBOURS = 16


def write(
    connection: Connection,
    now: dt.datetime,
    actor: Actor,
    action: str,
    *,
    entity: str | None = None,
    record: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    detail: Mapping[str, Any] | str | None = None,
) -> None:
    """Note what was done. ``before`` and ``after`` hold the changed fields as JSON values; ``detail`` may be text already."""
    row = (
        micros(now),
        actor.user,
        actor.login,
        actor.address or None,
        action,
        entity,
        record,
        to_text(before) if before else None,
        to_text(after) if after else None,
        to_text(detail) if detail and not isinstance(detail, str) else detail or None,
    )
    connection.append("fl_audit", COLUMNS, row, _seal)


def _seal(connection: Connection, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    chain = stripes.own(connection)
    head = connection.one("SELECT seq, hash FROM fl_audit WHERE chain = ? ORDER BY seq DESC LIMIT 1", (chain,))
    seq, last = head if head else (0, "")
    sealed = []
    for row in rows:
        seq += 1
        last = _hash(last, chain, seq, row)
        sealed.append((chain, seq, *row, last))
    return sealed


def _hash(before: str, chain: int, seq: int, row: Sequence[Any]) -> str:
    # repr of plain ints, text and None is unambiguous and quicker than JSON.
    return hashlib.sha256(f"{before}|{chain}|{seq}|{tuple(row)!r}".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log; ``before``, ``after`` and ``detail`` are JSON values."""

    at: dt.datetime
    by_user: int | None
    login: str
    action: str
    entity: str | None
    record: int | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    detail: Mapping[str, Any]


def entries(connection: Connection, entity: str, record: int, limit: int = 500) -> list[Entry]:
    """What happened to a record, oldest first; at most the last ``limit`` entries."""
    from engine.store.encode import from_text

    rows = connection.execute(
        "SELECT at, by_user, login, action, entity, record, before, after, detail FROM fl_audit "
        "WHERE record = ? AND entity = ? ORDER BY at DESC, chain DESC, seq DESC LIMIT ?",
        (record, entity, limit),
    )
    return [
        Entry(instant(r[0]), r[1], r[2], r[3], r[4], r[5], *(from_text(cell) or {} for cell in r[6:9]))
        for r in reversed(rows)
    ]


@dataclass(frozen=True, slots=True)
class Damage:
    """``kind``: edited, deleted, moved, clock, cut, rewritten or missing; ``seq`` the first bad place of its chain."""

    kind: str
    chain: int
    seq: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many rows were read and what is wrong with them."""

    rows: int = 0
    damage: tuple[Damage, ...] = ()
    heads: Mapping[int, tuple[int, str]] = field(default_factory=dict)

    @property
    def intact(self) -> bool:
        """True when nothing is wrong."""
        return not self.damage


def anchor(connection: Connection) -> str:
    """The heads of all chains as one line (``0:1234:ab12…``), to be kept outside this database."""
    rows = connection.execute(
        "SELECT a.chain, a.seq, a.hash FROM fl_audit a "
        "JOIN (SELECT chain, MAX(seq) AS seq FROM fl_audit GROUP BY chain) h ON h.chain = a.chain AND h.seq = a.seq "
        "ORDER BY a.chain"
    )
    return " ".join(f"{chain}:{seq}:{digest}" for chain, seq, digest in rows)


def verify(connection: Connection, anchors: Iterable[str] = ()) -> Verdict:
    """Read every row again. ``anchors`` are lines from ``anchor``, kept elsewhere; without them a cut tail is not seen."""
    expected = _expected(anchors)
    if not _exists(connection):
        return Verdict(damage=(Damage("missing", 0, 0),))
    check = _Check(expected)
    for rows in connection.stream(f"SELECT {', '.join(COLUMNS)} FROM fl_audit ORDER BY chain, seq", size=5000):
        for row in rows:
            check.row(row)
    return check.verdict(connection)


def _expected(anchors: Iterable[str]) -> dict[tuple[int, int], str]:
    found = {}
    for part in " ".join(anchors).split():
        chain, seq, digest = part.split(":")
        found[int(chain), int(seq)] = digest
    return found


def _exists(connection: Connection) -> bool:
    if connection.dialect == "sqlite":
        return bool(connection.scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = 'fl_audit'"))
    return connection.scalar("SELECT to_regclass('fl_audit')::text") is not None


class _Check:
    """Walks the rows in order and keeps the first damage of each chain."""

    def __init__(self, expected: Mapping[tuple[int, int], str]) -> None:
        self._expected = dict(expected)
        self._damage: dict[int, Damage] = {}
        self._heads: dict[int, tuple[int, str]] = {}
        self._suspects: list[tuple[Any, ...]] = []
        self._last_at = 0
        self._rows = 0

    def row(self, row: tuple[Any, ...]) -> None:
        chain, seq, at, digest = row[0], row[1], row[2], row[-1]
        self._rows += 1
        if chain not in self._heads:
            self._last_at = at
        last_seq, last = self._heads.get(chain, (0, ""))
        if chain not in self._damage:
            if seq != last_seq + 1:
                self._damage[chain] = Damage("deleted", chain, last_seq + 1)
            elif _hash(last, chain, seq, row[2:-1]) != digest:
                self._damage[chain] = Damage("edited", chain, seq)
                self._suspects.append(row)
            elif at < self._last_at - TOLERANCE:
                self._damage[chain] = Damage("clock", chain, seq)
        anchored = self._expected.pop((chain, seq), None)
        if anchored is not None and anchored != digest:
            self._damage.setdefault(chain, Damage("rewritten", chain, seq))
        self._heads[chain] = (seq, digest)
        self._last_at = at

    def verdict(self, connection: Connection) -> Verdict:
        for row in self._suspects:
            if _moved(connection, row):
                self._damage[row[0]] = Damage("moved", row[0], row[1])
        for chain, seq in sorted(self._expected):
            last = self._heads.get(chain, (0, ""))[0]
            if seq > last:
                self._damage.setdefault(chain, Damage("cut", chain, last + 1))
        return Verdict(self._rows, tuple(self._damage[chain] for chain in sorted(self._damage)), self._heads)


def _moved(connection: Connection, row: tuple[Any, ...]) -> bool:
    """True when the row's own hash fits another place nearby: then it was moved, not edited."""
    chain, seq = row[0], row[1]
    near = connection.execute(
        "SELECT hash FROM fl_audit WHERE chain = ? AND seq BETWEEN ? AND ?", (chain, seq - NEIGHBOURS, seq + NEIGHBOURS)
    )
    before = ["", *(digest for (digest,) in near)]
    places = range(max(1, seq - NEIGHBOURS), seq + NEIGHBOURS + 1)
    return any(_hash(digest, chain, place, row[2:-1]) == row[-1] for place in places for digest in before)

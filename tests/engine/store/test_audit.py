"""The audit log: whatever is done to it afterwards is seen."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest

from engine.facts import Actor
from engine.store import audit
from engine.store.connection import Connection
from engine.store.database import Database

from .conftest import NOW

LI = Actor(user=1, login="li", address="10.0.0.1")


def _write(database: Database, count: int = 1, at: dt.datetime = NOW) -> None:
    def turn(connection: Connection) -> None:
        for number in range(count):
            audit.write(
                connection,
                at,
                LI,
                "update",
                entity="lead",
                record=7,
                before={"heat": number},
                after={"heat": number + 1},
            )

    database.write(turn)


def _verify(database: Database, *anchors: str) -> audit.Verdict:
    with database.read() as connection:
        return audit.verify(connection, anchors)


def _found(verdict: audit.Verdict) -> list[tuple[str, int]]:
    return [(damage.kind, damage.seq) for damage in verdict.damage]


@pytest.fixture
def ten(database: Database) -> Database:
    """Ten rows in one chain (one writer), written by four commits."""
    for count in (1, 4, 3, 2):
        _write(database, count)
    return database


def test_an_untouched_log_is_intact_and_tells_what_happened(ten: Database) -> None:
    verdict = _verify(ten)
    assert verdict.intact and verdict.rows == 10
    with ten.read() as connection:
        entries = audit.entries(connection, "lead", 7)
        assert len(entries) == 10
        assert (entries[0].login, entries[0].before, entries[0].after) == ("li", {"heat": 0}, {"heat": 1})
        assert audit.entries(connection, "lead", 8) == []
        assert len(audit.entries(connection, "lead", 7, limit=3)) == 3


def test_a_turn_that_is_taken_back_leaves_no_row_and_no_gap(ten: Database) -> None:
    def fails(connection: Connection) -> None:
        audit.write(connection, NOW, LI, "update", entity="lead", record=7)
        assert len(audit.entries(connection, "lead", 7)) == 11
        raise ValueError

    with pytest.raises(ValueError):
        ten.write(fails)
    _write(ten)
    verdict = _verify(ten)
    assert verdict.intact and verdict.rows == 11


TAMPERING: dict[str, tuple[Callable[[Connection], Any], list[tuple[str, int]]]] = {
    "edited": (
        lambda c: c.execute("UPDATE fl_audit SET after = '{\"heat\":9}' WHERE seq = 5"),
        [("edited", 5)],
    ),
    "deleted": (lambda c: c.execute("DELETE FROM fl_audit WHERE seq = 5"), [("deleted", 5)]),
    "first_deleted": (lambda c: c.execute("DELETE FROM fl_audit WHERE seq = 1"), [("deleted", 1)]),
    "moved": (
        lambda c: [
            c.execute("UPDATE fl_audit SET seq = 1000 WHERE seq = 5"),
            c.execute("UPDATE fl_audit SET seq = 5 WHERE seq = 6"),
            c.execute("UPDATE fl_audit SET seq = 6 WHERE seq = 1000"),
        ],
        [("moved", 5)],
    ),
    "who": (lambda c: c.execute("UPDATE fl_audit SET login = 'wang' WHERE seq = 10"), [("edited", 10)]),
    "when": (lambda c: c.execute("UPDATE fl_audit SET at = at - 1 WHERE seq = 3"), [("edited", 3)]),
    "renumbered": (
        lambda c: [
            c.execute("DELETE FROM fl_audit WHERE seq = 9"),
            c.execute("UPDATE fl_audit SET seq = 9 WHERE seq = 10"),
        ],
        [("edited", 9)],
    ),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_fault_098_a_row_that_was_tampered_with_is_named(ten: Database, how: str) -> None:
    tamper, expected = TAMPERING[how]
    ten.write(tamper)
    assert _found(_verify(ten)) == expected


def _anchor(database: Database) -> str:
    with database.read() as connection:
        return audit.anchor(connection)


def test_fault_098_a_tail_that_was_cut_is_seen_from_outside_only(ten: Database) -> None:
    anchor = _anchor(ten)
    assert _verify(ten, anchor).intact
    ten.write(lambda c: c.execute("DELETE FROM fl_audit WHERE seq > 7"))
    assert _verify(ten).intact
    assert _found(_verify(ten, anchor)) == [("cut", 8)]


def test_fault_098_a_chain_that_was_computed_anew_is_seen_from_outside(ten: Database) -> None:
    anchor = _anchor(ten)

    def forge(connection: Connection) -> None:
        rows = connection.execute(f"SELECT {', '.join(audit.COLUMNS[2:-1])} FROM fl_audit ORDER BY seq")
        connection.execute("DELETE FROM fl_audit")
        for row in rows:
            # The forger has the program, too: the chain is right, its content is not.
            changed = (*row[:2], "wang", *row[3:])
            connection.append("fl_audit", audit.COLUMNS, changed, audit._seal)

    ten.write(forge)
    assert _verify(ten).intact
    assert _found(_verify(ten, anchor)) == [("rewritten", 10)]


def test_fault_098_everything_gone_is_seen_from_outside(ten: Database) -> None:
    anchor = _anchor(ten)
    ten.write(lambda c: c.execute("DELETE FROM fl_audit"))
    assert _found(_verify(ten, anchor)) == [("cut", 1)]
    ten.write(lambda c: c.execute("DROP TABLE fl_audit"))
    assert _found(_verify(ten)) == [("missing", 0)]


def test_fault_098_a_clock_that_ran_backwards_is_told(ten: Database) -> None:
    _write(ten, at=NOW - dt.timedelta(hours=1))
    assert _found(_verify(ten)) == [("clock", 11)]


def test_the_log_goes_on_after_the_anchor(ten: Database) -> None:
    anchors = [_anchor(ten)]
    _write(ten, 3)
    anchors.append(_anchor(ten))
    _write(ten, 3)
    assert _verify(ten, *anchors).intact


def test_many_writers_leave_whole_chains(database: Database) -> None:
    threads = [threading.Thread(target=lambda: [_write(database, 2) for _ in range(5)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    verdict = _verify(database)
    assert verdict.intact and verdict.rows == 60

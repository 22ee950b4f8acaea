"""Two that commit at once write under numbers of their own."""

from __future__ import annotations

import threading

import pytest

from engine.clock import VirtualClock
from engine.facts import SYSTEM
from engine.store import audit, changes, stripes
from engine.store.connection import Connection
from engine.store.database import Database
from engine.store.tables import Schema

from .conftest import NOW


def _note(connection: Connection) -> None:
    connection.touch("lead")
    audit.write(connection, NOW, SYSTEM, "noted")


def test_a_transaction_keeps_its_number(database: Database) -> None:
    numbers = database.write(lambda c: [stripes.own(c), stripes.own(c)])
    assert numbers[0] == numbers[1] < stripes.COUNT


@pytest.mark.postgresql
def test_processes_that_commit_at_once_do_not_wait_for_each_other(
    postgresql_url: str, clock: VirtualClock, schema: Schema
) -> None:
    processes = [Database.open(postgresql_url, clock) for _ in range(3)]
    processes[0].write(schema.create)
    numbers: set[int] = set()

    def open_in(left: list[Database]) -> None:
        def work(connection: Connection) -> None:
            _note(connection)
            changes.bump(connection)
            connection.flush()
            numbers.add(stripes.own(connection))
            if left[1:]:
                # In a thread of its own, as the other process would; it must be through while this one is still open.
                other = threading.Thread(target=open_in, args=(left[1:],))
                other.start()
                other.join(10)
                assert not other.is_alive()

        left[0].write(work)

    open_in(processes)
    assert len(numbers) == 3
    with processes[0].read() as connection:
        assert changes.count(connection, "lead") == 6
        assert not audit.verify(connection).damage
    for each in processes:
        each.close()


@pytest.mark.postgresql
def test_when_every_number_is_taken_the_next_waits_for_one(
    postgresql_url: str, clock: VirtualClock, schema: Schema
) -> None:
    database = Database.open(postgresql_url, clock)
    database.write(schema.create)
    held = Database.open(postgresql_url, clock)
    done = threading.Event()

    def wait() -> None:
        database.write(_note)
        done.set()

    def hold(connection: Connection) -> threading.Thread:
        for number in range(stripes.COUNT):
            connection.execute("SELECT pg_advisory_xact_lock(?, ?)", (stripes.LOCK, number))
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not done.wait(0.3)
        return waiting

    held.write(hold).join(10)
    assert done.is_set()
    for each in (database, held):
        each.close()

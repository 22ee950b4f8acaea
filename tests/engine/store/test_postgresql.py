"""What only a server can do to us: deadlocks, cut connections, a full pool."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from engine.clock import VirtualClock
from engine.errors import Unavailable
from engine.store import postgresql
from engine.store.connection import Connection
from engine.store.database import Database
from engine.store.records import Records
from engine.store.tables import Schema

from .conftest import NOW

pytestmark = pytest.mark.postgresql


@pytest.fixture
def database(postgresql_url: str, clock: VirtualClock, schema: Schema) -> Iterator[Database]:
    opened = Database.open(postgresql_url, clock)
    opened.write(schema.create)
    yield opened
    opened.close()


def _kill_others(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalar("SELECT COUNT(*) FROM lead"))


def test_fault_087_a_connection_cut_inside_a_turn_runs_the_turn_again(
    database: Database, records: Records, postgresql_url: str
) -> None:
    runs: list[int] = []

    def turn(connection: Connection) -> int:
        runs.append(1)
        record = records.insert(connection, "lead", {}, NOW, None)
        if len(runs) == 1:
            _kill_others(postgresql_url)
        connection.scalar("SELECT 1")
        return record.id

    database.write(turn)
    assert len(runs) == 2
    assert _count(database) == 1


def test_fault_087_idle_connections_that_were_cut_are_replaced(
    database: Database, records: Records, postgresql_url: str
) -> None:
    for _ in range(3):
        _kill_others(postgresql_url)
        database.write(lambda c: records.insert(c, "lead", {}, NOW, None))
    _kill_others(postgresql_url)
    assert _count(database) == 3


def test_fault_087_a_connection_that_is_cut_before_its_first_word_is_replaced_too(
    database: Database, records: Records, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine: Any = database._engine
    connect, cut = engine._connect, [True]

    def cut_once() -> Any:
        raw, number = connect()
        if cut:
            cut.pop()
            raw.close()
        return raw, number

    monkeypatch.setattr(engine, "_connect", cut_once)
    _kill_others(postgresql_url)
    database.write(lambda c: records.insert(c, "lead", {}, NOW, None))
    assert _count(database) == 1 and not cut
    cut.append(True)
    _kill_others(postgresql_url)
    with pytest.raises(Unavailable):
        _count(database)
    assert _count(database) == 1


def test_fault_087_a_deadlock_is_run_again_and_both_turns_arrive(database: Database, records: Records) -> None:
    ids = [database.write(lambda c: records.insert(c, "lead", {"visits": 0}, NOW, None)).id for _ in range(2)]
    barrier = threading.Barrier(2)
    runs: list[int] = []

    def work(order: list[int]) -> None:
        def turn(connection: Connection) -> None:
            runs.append(1)
            for position, id in enumerate(order):
                found = records.get(connection, "lead", id, lock=True)
                assert found is not None
                records.update(connection, found, {"visits": found["visits"] + 1}, NOW, None)
                if position == 0 and len(runs) <= 2:
                    barrier.wait(10)

        database.write(turn)

    threads = [threading.Thread(target=work, args=(order,)) for order in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(runs) == 3
    with database.read() as connection:
        assert [records.get(connection, "lead", id)["visits"] for id in ids] == [2, 2]  # type: ignore[index]


def test_fault_087_a_rule_that_swallows_a_deadlock_does_not_keep_half_a_turn(database: Database) -> None:
    runs: list[int] = []

    def turn(connection: Connection) -> str:
        runs.append(1)
        if len(runs) == 1:
            try:
                with connection.savepoint():
                    connection.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
            except Exception:
                return "half"
        return "whole"

    assert database.write(turn) == "whole"


def test_fault_087_what_never_succeeds_is_given_up_with_503(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []

    def turn(connection: Connection) -> None:
        runs.append(1)
        connection.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$")

    with pytest.raises(Unavailable) as caught:
        database.write(turn)
    assert caught.value.problems[0].code == "B008"
    assert len(runs) == postgresql.ATTEMPTS + 1


def test_fault_087_an_exhausted_pool_answers_instead_of_hanging(
    postgresql_url: str, clock: VirtualClock, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "PATIENCE", 0.2)
    joint = "&" if "?" in postgresql_url else "?"
    small = Database.open(f"{postgresql_url}{joint}pool=1", clock)
    small.write(schema.create)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with small.read():
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    try:
        with pytest.raises(Unavailable) as caught:
            small.write(lambda c: None)
        assert caught.value.problems[0].code == "B007"
    finally:
        done.set()
        thread.join(10)
    assert small.write(lambda c: 1) == 1
    small.close()


def test_fault_087_a_server_that_is_not_there_is_named(clock: VirtualClock) -> None:
    database = Database.open("postgresql://nobody@127.0.0.1:1/nothing", clock)
    with pytest.raises(Unavailable) as caught:
        database.write(lambda c: None)
    assert caught.value.problems[0].code == "B006"


class _CutAtCommit:
    """A driver connection that loses its line at COMMIT, before or after the server did it."""

    def __init__(self, raw: Any, after: bool) -> None:
        self.raw = raw
        self.after = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def execute(self, statement: str, *more: Any) -> Any:
        if statement != "COMMIT":
            return self.raw.execute(statement, *more)
        import psycopg

        if self.after:
            self.raw.execute(statement)
        self.raw.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")


@pytest.mark.parametrize("after", [True, False])
def test_fault_088_a_connection_cut_at_commit_asks_the_database_what_became_of_it(
    database: Database, records: Records, after: bool
) -> None:
    engine = database._engine
    assert isinstance(engine, postgresql.Postgresql)
    connect, cut = engine._connect, [True]

    def once() -> tuple[Any, int]:
        raw, stripe = connect()
        if cut:
            cut.clear()
            return _CutAtCommit(raw, after), stripe
        return raw, stripe

    engine.close()
    for _ in range(10):
        engine._idle.put(None)
    engine._connect = once  # type: ignore[method-assign]
    runs: list[int] = []

    def turn(connection: Connection) -> int:
        runs.append(1)
        return records.insert(connection, "lead", {}, NOW, None).id

    database.write(turn)
    # Committed: not run again. Not committed: run again, once. Never twice in the table.
    assert len(runs) == (1 if after else 2)
    assert _count(database) == 1

"""Turns, groups, snapshots and what happens when the database cannot."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.clock import VirtualClock
from engine.errors import Refused, Stale, Unavailable, WrongUsage
from engine.store import changes, sqlite
from engine.store.connection import Connection
from engine.store.database import Database
from engine.store.records import Records
from engine.store.tables import Schema

from .conftest import NOW


def _leads(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalar("SELECT COUNT(*) FROM lead"))


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_a_turn_that_fails_takes_back_only_itself(database: Database, records: Records) -> None:
    outcomes: dict[int, Any] = {}

    def work(number: int) -> None:
        def turn(connection: Connection) -> int:
            record = records.insert(connection, "lead", {"company": f"c{number}"}, NOW, None)
            if number % 3 == 0:
                raise ValueError(number)
            return record.id

        try:
            outcomes[number] = database.write(turn)
        except ValueError as error:
            outcomes[number] = error

    _in_threads(12, work)
    assert [isinstance(outcomes[n], ValueError) for n in range(12)] == [n % 3 == 0 for n in range(12)]
    assert _leads(database) == 8


def test_a_group_of_turns_shares_one_commit(
    tmp_path: Path, clock: VirtualClock, schema: Schema, records: Records
) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'a.db'}", clock)
    database.write(schema.create)

    def work(number: int) -> None:
        for _ in range(20):
            database.write(lambda connection: records.insert(connection, "lead", {"visits": number}, NOW, None))

    _in_threads(8, work)
    with database.read() as connection:
        assert connection.scalar("SELECT COUNT(*) FROM lead") == 160
        # The counter moves once a commit, so it tells how many commits the 160 turns took.
        assert changes.count(connection, "lead") < 160
    database.close()


def test_writers_that_were_answered_together_go_together_again_and_who_writes_alone_waits_for_nobody(
    tmp_path: Path, clock: VirtualClock, schema: Schema, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'a.db'}", clock)
    engine: Any = database._engine
    database.write(schema.create)
    # So long that whoever waits in vain is found out by the threads that do not end.
    monkeypatch.setattr(sqlite, "GATHER", 600.0)

    def work(number: int) -> None:
        database.write(lambda connection: records.insert(connection, "lead", {"visits": number}, NOW, None))

    for number in range(3):
        work(number)
    engine._expected = 4  # as after a group of four
    with database.read() as connection:
        before = changes.count(connection, "lead")
    _in_threads(4, work)
    with database.read() as connection:
        assert changes.count(connection, "lead") == before + 1
    assert engine._expected == 4
    monkeypatch.setattr(sqlite, "GATHER", 0.0)
    for number in range(3):
        work(number)
    assert engine._expected == 1
    database.close()


def test_after_commit_runs_once_it_is_durable_and_never_for_what_was_taken_back(database: Database) -> None:
    said: list[str] = []

    def turn(connection: Connection) -> None:
        connection.after_commit(lambda: said.append("kept"))
        with pytest.raises(ValueError), connection.savepoint():
            connection.after_commit(lambda: said.append("lost"))
            raise ValueError
        assert said == []

    database.write(turn)
    assert said == ["kept"]

    def fails(connection: Connection) -> None:
        connection.after_commit(lambda: said.append("never"))
        raise ValueError

    with pytest.raises(ValueError):
        database.write(fails)
    assert said == ["kept"]


def test_a_savepoint_takes_back_rows_that_wait_and_keeps_those_before_it(database: Database) -> None:
    names = ("rule", "entity", "record", "at")

    def turn(connection: Connection) -> None:
        connection.append("fl_score_cards", names, ("before", "lead", 1, 1))
        with pytest.raises(ValueError), connection.savepoint():
            connection.append("fl_score_cards", names, ("inside", "lead", 1, 2))
            assert connection.scalar("SELECT COUNT(*) FROM fl_score_cards") == 2
            connection.append("fl_score_cards", names, ("inside again", "lead", 1, 3))
            raise ValueError
        with connection.savepoint():
            connection.append("fl_score_cards", names, ("after", "lead", 1, 4))

    database.write(turn)
    with database.read() as connection:
        assert connection.execute("SELECT rule FROM fl_score_cards ORDER BY at") == [("before",), ("after",)]


def test_a_savepoint_empties_the_cache_of_what_may_not_be_true_any_more(database: Database) -> None:
    def turn(connection: Connection) -> dict[Any, Any]:
        connection.cache["a"] = 1
        with pytest.raises(ValueError), connection.savepoint():
            connection.cache["b"] = 2
            raise ValueError
        return dict(connection.cache)

    assert database.write(turn) == {}


def test_a_snapshot_does_not_see_what_is_committed_while_it_is_open(database: Database, records: Records) -> None:
    with database.read() as connection:
        assert connection.scalar("SELECT COUNT(*) FROM lead") == 0
        _in_threads(1, lambda _: database.write(lambda c: records.insert(c, "lead", {}, NOW, None)) and None)
        assert connection.scalar("SELECT COUNT(*) FROM lead") == 0
        with database.read() as nested:
            assert nested is connection
    assert _leads(database) == 1


def test_a_snapshot_cannot_write(database: Database) -> None:
    with pytest.raises(Exception), database.read() as connection:  # noqa: B017 - each driver has its own
        connection.execute("DELETE FROM lead")


def test_a_turn_inside_a_turn_is_refused(database: Database) -> None:
    with pytest.raises(RuntimeError, match="already open"):
        database.write(lambda connection: database.write(lambda inner: None))


def test_statements_of_sqlalchemy_and_text_give_the_same(database: Database, records: Records, schema: Schema) -> None:
    database.write(
        lambda c: [records.insert(c, "lead", {"company": n, "hot": n == "b"}, NOW, None) for n in ("a", "b", "c")]
    )
    table = schema.table("lead")
    with database.read() as connection:
        for wanted in (["a", "b"], ["b"], ["a", "b", "c"]):
            query = sa.select(table.c.company).where(table.c.company.in_(wanted)).order_by(table.c.company)
            assert [row[0] for row in connection.execute(query)] == wanted
        named = sa.select(table.c.company, table.c.hot).where(table.c.company == sa.bindparam("who"))
        assert connection.execute(named, {"who": "b"}) == [("b", True)]
        assert connection.execute(named, {"who": "c"}) == [("c", False)]
        assert connection.scalar("SELECT COUNT(*) FROM lead WHERE company LIKE ?", ("%a%",)) == 1
        limited = sa.select(table.c.id).order_by(table.c.id)
        assert [len(connection.execute(limited.limit(n))) for n in (1, 2, 3)] == [1, 2, 3]
        assert [len(lot) for lot in connection.stream(limited, size=2)] == [2, 1]


def test_an_insert_of_sqlalchemy_takes_only_the_columns_that_are_given(database: Database, schema: Schema) -> None:
    def turn(connection: Connection) -> Any:
        connection.execute(sa.insert(schema.settings), {"name": "a", "value": "1"})
        connection.execute(sa.insert(schema.settings), {"name": "b"})
        connection.execute(sa.update(schema.settings).where(schema.settings.c.name == "b"), {"value": "2"})
        return connection.execute("SELECT name, value FROM fl_settings WHERE name <> 'shape' ORDER BY name")

    assert database.write(turn) == [("a", "1"), ("b", "2")]


def test_in_memory_one_thread_at_a_time_sees_the_same_database(
    clock: VirtualClock, schema: Schema, records: Records
) -> None:
    database = Database.open("sqlite://", clock)
    database.write(schema.create)
    _in_threads(4, lambda n: database.write(lambda c: records.insert(c, "lead", {"visits": n}, NOW, None)) and None)
    assert _leads(database) == 4
    database.close()


def test_two_people_move_one_card_and_exactly_one_wins(database: Database, records: Records) -> None:
    card = database.write(lambda c: records.insert(c, "lead", {"stage": "new"}, NOW, None))
    barrier, results = threading.Barrier(2), []

    def move(number: int) -> None:
        def turn(connection: Connection) -> str:
            found = records.get(connection, "lead", card.id, lock=True)
            assert found is not None
            if found.version != 1:
                raise Stale(())
            records.update(connection, found, {"stage": f"s{number}"}, NOW, None)
            return f"s{number}"

        barrier.wait(10)
        try:
            results.append(database.write(turn))
        except Stale:
            results.append("lost")

    _in_threads(2, move)
    assert results.count("lost") == 1
    with database.read() as connection:
        record = records.get(connection, "lead", card.id)
        assert record is not None and record["stage"] in results and record.version == 2


def test_fault_085_a_write_waits_for_a_busy_database_then_says_so_and_reading_goes_on(
    tmp_path: Path, clock: VirtualClock, schema: Schema, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.3)
    path = tmp_path / "a.db"
    database = Database.open(f"sqlite:///{path}", clock)
    database.write(schema.create)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable) as caught:
        database.write(lambda c: records.insert(c, "lead", {}, NOW, None))
    assert caught.value.status == 503
    assert caught.value.retry_after > 0
    assert caught.value.problems[0].code == "B001"
    assert _leads(database) == 0
    other.execute("ROLLBACK")
    other.close()
    database.write(lambda c: records.insert(c, "lead", {}, NOW, None))
    assert _leads(database) == 1
    database.close()


def test_fault_085_everyone_who_waited_long_enough_is_told_together(
    tmp_path: Path, clock: VirtualClock, schema: Schema, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.3)
    path = tmp_path / "a.db"
    database = Database.open(f"sqlite:///{path}", clock)
    database.write(schema.create)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    codes: list[str] = []

    def work(number: int) -> None:
        try:
            database.write(lambda c: records.insert(c, "lead", {}, NOW, None))
        except Unavailable as error:
            codes.append(error.problems[0].code)

    started = time.perf_counter()
    _in_threads(6, work)
    assert codes == ["B001"] * 6
    assert time.perf_counter() - started < 3
    other.close()
    database.close()


def test_fault_086_a_full_disk_refuses_the_write_whole_and_says_how_much_is_left(
    tmp_path: Path, clock: VirtualClock, schema: Schema, records: Records
) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'a.db'}", clock)
    database.write(schema.create)
    database.write(lambda c: records.insert(c, "lead", {"company": "kept"}, NOW, None))

    def cap(connection: Connection) -> None:
        pages = connection.scalar("PRAGMA page_count")
        connection.execute(f"PRAGMA max_page_count={pages}")

    database.write(cap)
    with pytest.raises(Unavailable) as caught:
        database.write(lambda c: [records.insert(c, "lead", {"company": "x" * 4000}, NOW, None) for _ in range(50)])
    assert caught.value.problems[0].code == "B002"
    assert "磁盘已满,剩余" in caught.value.text()
    assert _leads(database) == 1
    database.write(lambda c: c.execute("PRAGMA max_page_count=1000000"))
    database.write(lambda c: records.insert(c, "lead", {"company": "again"}, NOW, None))
    assert _leads(database) == 2
    database.close()


def test_fault_086_a_failing_commit_fails_every_turn_of_its_group(
    tmp_path: Path, clock: VirtualClock, schema: Schema, records: Records
) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'a.db'}", clock)
    database.write(schema.create)
    database.write(lambda c: c.execute(f"PRAGMA max_page_count={c.scalar('PRAGMA page_count')}"))
    codes: list[str] = []
    inside = threading.Barrier(1)

    def work(number: int) -> None:
        def turn(connection: Connection) -> None:
            inside.wait(1)
            for _ in range(200):
                connection.append("fl_score_cards", ("rule", "entity", "record", "at"), ("x" * 4000, "lead", number, 1))

        try:
            database.write(turn)
            codes.append("kept")
        except Unavailable as error:
            codes.append(error.problems[0].code)

    _in_threads(4, work)
    assert codes == ["B002"] * 4
    with database.read() as connection:
        assert connection.scalar("SELECT COUNT(*) FROM fl_score_cards") == 0
    database.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path, clock: VirtualClock) -> None:
    (tmp_path / "a.db").write_bytes(b"not a database at all, but long enough to look like one" * 100)
    with pytest.raises(Unavailable) as caught:
        Database.open(f"sqlite:///{tmp_path / 'a.db'}", clock)
    assert caught.value.problems[0].code == "B005"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, clock: VirtualClock) -> None:
    with pytest.raises(Unavailable) as caught:
        Database.open(f"sqlite:///{tmp_path / 'nowhere' / 'a.db'}", clock)
    assert caught.value.problems[0].code == "B004"


def test_an_unknown_kind_of_database_is_wrong_usage(clock: VirtualClock) -> None:
    with pytest.raises(WrongUsage) as caught:
        Database.open("mysql://localhost/a", clock)
    assert caught.value.problems[0].code == "B020"


def test_a_refusal_inside_a_group_harms_nobody_else(database: Database, records: Records) -> None:
    def refused(connection: Connection) -> None:
        records.insert(connection, "lead", {"owner": 4711}, NOW, None)

    with pytest.raises(Refused):
        database.write(refused)
    database.write(lambda c: records.insert(c, "lead", {}, NOW, None))
    assert _leads(database) == 1


def test_a_snapshot_inside_a_turn_is_the_turns_own_connection(database: Database, records: Records) -> None:
    def turn(connection: Connection) -> bool:
        records.insert(connection, "lead", {}, NOW, None)
        with database.read() as inside:
            return inside is connection and inside.scalar("SELECT COUNT(*) FROM lead") == 1

    assert database.write(turn)
    with database.read() as after, database.read() as nested:
        assert after is nested


def test_an_instant_fits_a_parameter_of_sqlalchemy(database: Database, schema: Schema) -> None:
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.literal(1767574800000000) + 1)) == 1767574800000001


def test_the_database_learns_how_values_are_spread(database: Database, records: Records) -> None:
    database.write(lambda c: records.insert_many(c, "lead", [{"stage": "new"}] * 10, NOW, None))
    database.tune()
    with database.read() as connection:
        if database.dialect == "sqlite":
            assert connection.scalar("SELECT COUNT(*) FROM sqlite_stat1 WHERE tbl = 'lead'") > 0
        else:
            assert connection.scalar("SELECT COUNT(*) FROM pg_stats WHERE tablename = 'lead'") > 0


def test_a_turn_that_takes_nothing_back_runs_once_and_one_that_does_runs_again_with_care(database: Database) -> None:
    careful: list[bool] = []

    def fails_before_it_writes(connection: Connection) -> int:
        careful.append(connection.careful)
        with contextlib.suppress(ValueError), connection.savepoint():
            connection.scalar("SELECT COUNT(*) FROM fl_changes")
            raise ValueError
        return 1

    def fails_after_it_wrote(connection: Connection) -> int:
        careful.append(connection.careful)
        connection.execute("INSERT INTO fl_changes (entity, stripe, n) VALUES ('kept', 0, 1)")
        with contextlib.suppress(ValueError), connection.savepoint():
            connection.execute("INSERT INTO fl_changes (entity, stripe, n) VALUES ('lost', 0, 1)")
            raise ValueError
        return 2

    assert database.write(fails_before_it_writes) == 1
    assert careful == [False]
    assert database.write(fails_after_it_wrote) == 2
    assert careful == [False, False, True]
    with database.read() as connection:
        found = connection.execute("SELECT entity FROM fl_changes WHERE entity IN ('kept', 'lost')")
    assert found == [("kept",)]


def test_one_turn_of_a_group_that_takes_something_back_costs_the_others_nothing(database: Database) -> None:
    held, waiting = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        held.set()
        waiting.wait(10)

    def writes(name: str, fails: bool) -> None:
        def turn(connection: Connection) -> None:
            connection.execute("INSERT INTO fl_changes (entity, stripe, n) VALUES (?, 0, 1)", (name,))
            if fails:
                raise ValueError(name)

        with contextlib.suppress(ValueError):
            database.write(turn)

    threads = [threading.Thread(target=database.write, args=(slow,))]
    threads[0].start()
    assert held.wait(10)
    for number in range(6):
        threads.append(threading.Thread(target=writes, args=(f"turn{number}", number % 3 == 1)))
        threads[-1].start()
    waiting.set()
    for thread in threads:
        thread.join(30)
    with database.read() as connection:
        found = [name for (name,) in connection.execute("SELECT entity FROM fl_changes ORDER BY entity")]
    assert found == ["turn0", "turn2", "turn3", "turn5"]


class _Failing:
    """A driver's connection whose disk fails once, at ``SELECT 42``; the database then throws the transaction away."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def execute(self, sql: str, *more: Any) -> Any:
        if sql != "SELECT 42":
            return self._raw.execute(sql, *more)
        self._raw.execute("ROLLBACK")
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


@pytest.mark.parametrize("careful", [False, True])
def test_fault_086_what_is_written_after_the_transaction_was_thrown_away_is_not_kept_alone(
    tmp_path: Path, clock: VirtualClock, careful: bool
) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/a.db", clock)
    database.write(lambda c: c.execute("CREATE TABLE note (text TEXT)"))

    def work(connection: Connection) -> None:
        connection.careful, connection._raw = careful, _Failing(connection._raw)
        connection.execute("INSERT INTO note VALUES ('before')")
        with contextlib.suppress(Unavailable), connection.savepoint():
            connection.execute("SELECT 42")
        with contextlib.suppress(Unavailable):
            connection.execute("INSERT INTO note VALUES ('after')")
        with contextlib.suppress(Unavailable), connection.savepoint():
            connection.many("INSERT INTO note VALUES (?)", [("much later",)])

    with pytest.raises(Unavailable):
        database.write(work)
    database.write(lambda c: c.execute("INSERT INTO note VALUES ('another turn')"))
    with database.read() as connection:
        assert connection.execute("SELECT text FROM note") == [("another turn",)]
    database.close()


def test_whoever_shared_a_group_that_failed_in_an_unforeseen_way_is_told(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/a.db", clock)
    engine: Any = database._engine
    inside, answers = threading.Event(), []

    def unforeseen(connection: Connection, group: list[Any]) -> None:
        engine._writer.execute("ROLLBACK")
        raise MemoryError

    monkeypatch.setattr(engine, "_commit", unforeseen)

    def first(connection: Connection) -> None:
        inside.set()
        while len(engine._queue) < 1:
            time.sleep(0.001)

    def ask(work: Any) -> None:
        try:
            answers.append(database.write(work))
        except MemoryError:
            answers.append("refused")

    threads = [threading.Thread(target=ask, args=(first,))]
    threads[0].start()
    assert inside.wait(5)
    threads.append(threading.Thread(target=ask, args=(lambda c: "done",)))
    threads[1].start()
    for thread in threads:
        thread.join(10)
    assert answers == ["refused", "refused"]
    database.close()

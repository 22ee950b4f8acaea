"""What would keep a reader waiting is counted in the background; who comes meanwhile sees how far it is."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.runtime import dashboard, kept, warming
from engine.runtime.dashboard import Board, Range
from engine.runtime.kept import Kept
from engine.runtime.warming import Warming
from engine.store import audit
from tests.engine.runtime.test_kept import DOCUMENTS, READERS
from tests.engine.store.query.shop import NOW, Shop


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shop(request: pytest.FixtureRequest, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(kept, "LOT", 2)
    monkeypatch.setattr(kept, "AT_ONCE", 3)
    monkeypatch.setattr(kept, "STEP", 1)
    monkeypatch.setattr("engine.runtime.shared.FEW", -1)
    there = request.param == "postgresql"
    made = Shop(
        request.getfixturevalue("postgresql_url") if there else f"sqlite:///{tmp_path / 'shop.db'}", **DOCUMENTS
    )
    for place in range(2):
        made.add("user", login=f"u{place}")
    for place in range(20):
        made.add("lead", NOW - dt.timedelta(hours=place), owner=place % 2 + 1, heat=float(place), stage="new")
        made.enter(place + 1, ("new", -place, None))
    yield made
    made.database.close()


def look(shop: Shop, keep: Kept) -> Board:
    with shop.database.read() as connection:
        return dashboard.read(shop.context(connection, READERS[0], NOW), "health", Range(), keep)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def plain(board: Board) -> dict[str, Any]:
    return {name: (tile.value, tile.data, tile.problem) for name, tile in board.tiles.items()}


def test_a_reader_is_told_how_far_the_counting_is_and_then_sees_the_numbers(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, gate = Kept(), threading.Event()
    behind = Warming(shop.database, keep, threads=2)
    read = Kept._read

    def slowly(self: Kept, connection: Any, job: Any, lot: int, now: Any) -> Any:
        if lot > 2 and job.lots:
            assert gate.wait(20)
        return read(self, connection, job, lot, now)

    monkeypatch.setattr(Kept, "_read", slowly)
    first = look(shop, keep)
    assert first.counting and {tile.problem.code for tile in first.tiles.values() if tile.problem} == {"Q013"}
    until(lambda: keep.read_lots >= 2)
    told = look(shop, keep).tiles["leads"].problem
    assert (
        told is not None and told.what("zh").startswith("正在统计,已完成 ") and told.what("zh") > "正在统计,已完成 0%"
    )
    gate.set()
    until(lambda: not behind.busy)
    reads = keep.read_lots
    done = look(shop, keep)
    assert not done.counting and plain(done) == plain(look(shop, Kept()))
    assert keep.read_lots == reads, "the reader counts nothing"
    behind.stop()


def test_what_is_written_while_it_is_counted_is_counted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = Kept()
    behind = Warming(shop.database, keep, threads=2)
    read, written = Kept._read, threading.Event()

    def write(connection: Any) -> None:
        for number in (1, 20):
            record = shop.records.get(connection, "lead", number)
            assert record is not None
            shop.records.update(connection, record, {"heat": 500.0, "owner": 2}, NOW, 1)
            audit.write(connection, NOW, READERS[0], "update", entity="lead", record=number)

    def and_write(self: Kept, connection: Any, job: Any, lot: int, now: Any) -> Any:
        found = read(self, connection, job, lot, now)
        if lot == 4 and not written.is_set():
            written.set()
            writer = threading.Thread(target=shop.database.write, args=(write,))
            writer.start()
            writer.join()
        return found

    monkeypatch.setattr(Kept, "_read", and_write)
    look(shop, keep)
    until(lambda: written.is_set() and not behind.busy)
    assert plain(look(shop, keep)) == plain(look(shop, Kept()))
    behind.stop()


def test_a_counting_that_fails_in_the_background_is_done_by_whoever_looks_and_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keep = Kept()
    behind = Warming(shop.database, keep, threads=1)
    monkeypatch.setattr(warming, "moment", lambda *_: 1 / 0)
    look(shop, keep)
    until(lambda: not behind.busy)
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert plain(look(shop, keep)) == plain(look(shop, Kept()))
    behind.stop()


def test_nothing_begins_after_the_end(shop: Shop) -> None:
    keep = Kept()
    behind = Warming(shop.database, keep)
    behind.stop()
    assert look(shop, keep).counting and not behind.busy and keep.read_lots == 0

"""Journals of deliveries: one fsync for many, nothing torn counts, nobody's open journal is read, nothing acknowledged is lost."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.clock import UTC
from engine.errors import Unavailable
from engine.site import spool
from engine.site.rush import Rush
from engine.site.spool import Spool, Spooled

NOW = dt.datetime(2026, 1, 5, 1, tzinfo=UTC)


def one(key: str, body: bytes = b'{"a": "\\n"}') -> Spooled:
    return Spooled("website", key, body, NOW, {"kind": "application/json", "facts": {}}, None)


def keys(folder: Path) -> list[str]:
    return [each.key for path, many in Spool(folder).waiting(10**6) for each in many]


def test_what_was_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    kept = Spool(tmp_path / "spool")
    late = Spooled("website", "b", bytes(range(256)), NOW, {"kind": "x"}, NOW - dt.timedelta(days=1))
    kept.put(one("a"), late)
    assert kept.count() == kept.lying == 2
    ((path, many),) = kept.waiting()
    assert list(many) == [one("a"), late] and kept.lying == 0
    path.unlink()
    kept.put(one("c"))
    assert keys(tmp_path / "spool") == [] and kept.count() == 1  # still held by who writes it
    ((path, many),) = kept.waiting()
    assert [each.key for each in many] == ["c"]


def test_many_threads_share_few_fsyncs_and_each_hears_only_when_its_own_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, synced, real = Spool(tmp_path / "spool"), [], os.fsync

    def sync(number: int) -> None:
        real(number)
        synced.append(number)
        threading.Event().wait(0.01)

    monkeypatch.setattr(spool.os, "fsync", sync)
    seen: list[bool] = []

    def put(number: int) -> None:
        kept.put(one(f"k{number}"))
        path = next((tmp_path / "spool").glob("*.journal"))
        seen.append(f'"k{number}"'.encode() in path.read_bytes())

    threads = [threading.Thread(target=put, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(seen) and len(seen) == 64 and len(synced) < 40
    assert sorted(each.key for _, many in kept.waiting() for each in many) == sorted(
        f"k{number}" for number in range(64)
    )


def test_a_torn_end_was_never_acknowledged_and_damage_before_a_good_line_waits_for_a_person(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    kept = Spool(folder)
    kept.put(one("a"), one("b"))
    ((path, _),) = kept.waiting()
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        found = keys(folder)
        assert found == ["a", "b"][: whole[:cut].count(b"\n")]
    path.write_bytes(whole.replace(b'"a"', b'"x"', 1))
    assert keys(folder) == [] and [each.suffix for each in folder.iterdir()] == [".broken"]


def test_fault_072_after_a_kill_another_process_loads_what_was_acknowledged(tmp_path: Path) -> None:
    script = (
        "import sys, datetime as dt, pathlib, os\n"
        "from engine.site.spool import Spool, Spooled\n"
        "kept = Spool(pathlib.Path(sys.argv[1]))\n"
        "for n in range(50):\n"
        "    kept.put(Spooled('website', f'k{n}', b'{}', dt.datetime.now(dt.UTC), {}))\n"
        "    print(n, flush=True)\n"
        "sys.stdin.read()\n"
    )
    folder = tmp_path / "spool"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(50)]
    assert keys(folder) == []  # it is alive and may write more
    process.kill()
    process.wait()
    assert keys(folder) == [f"k{number}" for number in acknowledged]


@pytest.mark.skipif(os.name != "posix", reason="a file that is open cannot be taken away there")
@pytest.mark.parametrize("quick", [True, False])
def test_a_journal_that_another_process_takes_away_before_it_is_held_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: bool
) -> None:
    folder, real, seen = tmp_path / "spool", spool._hold, []
    loading: list[Any] = []

    def late(file: Any) -> bool:
        if not seen:
            seen.append(file)
            monkeypatch.setattr(spool, "_hold", real)
            other = Spool(folder).waiting()
            path, many = next(other)
            assert not many
            if quick:  # it has read, and taken away, before the writer comes to hold its journal
                path.unlink()
                other.close()
            else:  # it is still at it
                loading.append((other, path))
        return real(file)

    monkeypatch.setattr(spool, "_hold", late)
    kept = Spool(folder)
    kept.put(one("a"))
    for other, path in loading:
        path.unlink()
        other.close()
    assert seen and kept.count() == 1
    assert [each.key for _, many in kept.waiting() for each in many] == ["a"]


def test_two_that_load_at_once_do_not_load_the_same_journal(tmp_path: Path) -> None:
    kept = Spool(tmp_path / "spool")
    kept.put(one("a"))
    first = kept.waiting()
    next(first)
    assert keys(tmp_path / "spool") == []
    first.close()
    assert keys(tmp_path / "spool") == ["a"]


def test_a_disk_that_refuses_is_told_to_everybody_who_shared_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Spool(tmp_path / "spool")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(spool.os, "fsync", full)
    for _ in range(3):
        with pytest.raises(Unavailable):
            kept.put(one("a"))
    assert kept.lying == 0
    monkeypatch.undo()
    kept.put(one("b"))
    assert "b" in [each.key for _, many in kept.waiting(100) for each in many]


class Ticks:
    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> dt.datetime:
        return NOW

    def monotonic(self) -> float:
        return self.at


def test_it_is_a_rush_when_many_come_at_once_and_for_two_seconds_after() -> None:
    clock = Ticks()
    alone, many = Rush(clock), Rush(clock)
    for _ in range(500):
        with alone.come() as rushing:
            assert not rushing  # one after the other gets its answer
    inside = [many.come() for _ in range(8)]
    for each in inside:
        each.__enter__()
    found = []
    for _ in range(200):
        with many.come() as rushing:
            found.append(rushing)
    assert not found[50] and found[-1] and many.on
    clock.at += 1.5
    assert many.on and many.lasting == 1.5
    clock.at += 1
    assert not many.on and many.lasting == 0
    with many.come() as rushing:
        assert not rushing

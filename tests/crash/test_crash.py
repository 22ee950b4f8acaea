"""A hundred kills: what was acknowledged is there once, and the next server needs nobody."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.failpoints import NAMES
from tests.crash import power
from tests.crash.postgresql import restart
from tests.crash.rig import PUBLISHING, RESTART, WEB, WORKING, Forks, Rig, rounds
from tests.crash.sinks import Outside


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """One process that has imported everything, for all of them."""
    made = Forks(tmp_path_factory.mktemp("zygote") / "log")
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest) -> str | None:
    """The url of a server, or nothing for the site's own file."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def rig(forks: Forks, tmp_path: Path) -> Iterator[Rig]:
    """A site of its own on SQLite."""
    made = Rig(forks, tmp_path / "rig")
    yield made
    made.close()


def test_fault_083_kills_at_any_moment_lose_nothing_and_double_nothing(rig: Rig) -> None:
    for number in range(rounds(80)):
        rig.up()
        rig.kill(rig.chance.uniform(0.010, 0.250))
        if number % 10 == 0:
            assert rig.look() == []
    assert rig.settle() == []
    print(rig.report())
    assert rig.journal.acknowledged_leads() == len(rig.journal.leads) >= rig.kills
    assert sorted(rig.restarts)[len(rig.restarts) * 9 // 10] < RESTART


@pytest.mark.skipif(not power.possible(), reason="Python's sqlite3 does not use a shared library here")
def test_fault_086_power_cuts_take_nothing_that_was_acknowledged(rig: Rig) -> None:
    rig.power = "honest"
    for _ in range(max(rounds(80) // 8, 4)):
        rig.up()
        rig.cut(rig.chance.uniform(0.050, 0.350))
        assert rig.look() == []
    assert rig.settle() == []
    print(rig.report(), f"bytes by luck {rig.torn}")
    assert rig.journal.acknowledged_leads() == len(rig.journal.leads) > 0
    assert all(rig.journal.deliveries.values()) and rig.journal.deliveries and rig.journal.uploads


@pytest.mark.skipif(not power.possible(), reason="Python's sqlite3 does not use a shared library here")
def test_fault_086_power_cuts_of_server_and_worker_lose_no_run_and_repeat_it_under_the_same_key_only(
    forks: Forks, tmp_path: Path
) -> None:
    outside = Outside()
    rig = Rig(forks, tmp_path / "rig", outside=outside)
    try:
        rig.power = "honest"
        for _ in range(max(rounds(80) // 12, 4)):
            rig.up()
            rig.work()
            rig.cut(rig.chance.uniform(0.050, 0.350))
            assert rig.look() == []
        rig.work()
        assert rig.settle() == []
        print(rig.report(), outside.report(), f"bytes by luck {rig.torn}")
    finally:
        rig.close()
        outside.close()


@pytest.mark.skipif(not power.possible(), reason="Python's sqlite3 does not use a shared library here")
def test_the_rig_sees_what_a_disk_that_lies_about_fsync_has_lost(rig: Rig) -> None:
    rig.power = "lie"
    rig.up()
    while rig.journal.acknowledged_leads() < 3 or not rig.journal.uploads or not any(rig.journal.deliveries.values()):
        time.sleep(0.05)
    rig.chance.random = lambda: 1.0  # type: ignore[method-assign]
    rig.cut(0.0)
    broken = rig.look()
    rig.power = ""
    rig.up()
    with contextlib.suppress(AssertionError):
        rig.driver.finish()
    for loss in (" is None, must be one of", "was answered, and lies nowhere", "was taken, and is not known"):
        assert any(loss in one for one in broken), (loss, broken)


@pytest.mark.parametrize("failpoint", WEB)
def test_fault_083_a_kill_at_every_named_failpoint_is_survived(rig: Rig, failpoint: str) -> None:
    times = max(rounds(80) // 20, 1)
    for _ in range(times):
        rig.dies(f"{failpoint}:{rig.chance.randint(1, WEB[failpoint])}")
        assert rig.look() == []
        rig.up()
        rig.kill(0.2)
    assert rig.settle() == []
    print(rig.report())
    assert rig.met[failpoint] == times


def test_fault_083_a_publish_that_dies_halfway_is_not_seen_and_the_next_one_succeeds(rig: Rig) -> None:
    rig.up()
    for _ in range(max(rounds(80) // 40, 1)):
        for failpoint in PUBLISHING:
            rig.publish(failpoint)
            assert rig.columns("grown_") == rig.published
        rig.publish()
        assert rig.columns("grown_") == rig.published
    rig.kill(0.1)
    assert rig.look() == []
    assert rig.settle() == []
    print(rig.report())


def test_fault_083_kills_of_servers_and_workers_lose_no_effect_and_repeat_it_under_the_same_key_only(
    forks: Forks, tmp_path: Path
) -> None:
    outside = Outside()
    rig = Rig(forks, tmp_path / "rig", outside=outside)
    try:
        for failpoint in [*WORKING] * (max(rounds(80) // 40, 1)):
            rig.up()
            rig.worker_dies(f"{failpoint}:{rig.chance.randint(1, WORKING[failpoint])}")
            rig.kill(rig.chance.uniform(0.010, 0.250))
            assert rig.look() == []
        for _ in range(rounds(80) // 8):
            rig.up()
            rig.work()
            rig.kill(rig.chance.uniform(0.010, 0.250))
            rig.kill_worker()
        rig.work()
        assert rig.settle() == []
        print(rig.report(), outside.report())
        assert set(rig.met) == set(WORKING)
    finally:
        rig.close()
        outside.close()


def test_fault_086_a_full_disk_refuses_writes_lets_people_read_and_is_over_when_there_is_room(rig: Rig) -> None:
    for _ in range(3):
        rig.up()
        time.sleep(0.2)
        status, answer = rig.full(1.0)
        assert (status, bool(answer["items"])) == (200, True)
        rig.kill(0.2)
        assert rig.look() == []
    # What fails in the moment there is room again looks like any failure of a disk.
    assert set(rig.driver.unavailable) <= {"B002", "B003"} and rig.driver.unavailable["B003"] <= 3 * 6
    assert rig.driver.unavailable["B002"] > 0
    assert rig.settle() == []
    print(rig.report(), dict(rig.driver.unavailable))


def test_fault_085_a_database_held_by_another_process_is_waited_for_then_refused_and_timers_fire_once_after(
    rig: Rig,
) -> None:
    rig.up()
    time.sleep(0.5)
    status, answer = rig.locked(11.0)
    assert (status, bool(answer["items"])) == (200, True)
    assert set(rig.driver.unavailable) == {"B001"}
    assert rig.settle() == []


def test_fault_087_two_faults_in_a_hundred_calls_of_the_database_break_nothing(
    forks: Forks, database: str | None, tmp_path: Path
) -> None:
    outside = Outside()
    rig = Rig(forks, tmp_path / "rig", database, outside=outside)
    try:
        rig.soak(4.0, 0.02)
        print(rig.report(), outside.report(), dict(rig.driver.unavailable))
        assert rig.look() == []
        assert not rig.driver.mistakes, rig.told()
        # A server's faults are mostly gone by the next attempt, and nobody has to hear of them.
        assert rig.driver.unavailable or database, rig.told()
        rig.work()
        assert rig.settle() == []
        assert rig.journal.acknowledged_leads() > 0
    finally:
        rig.close()
        outside.close()


def test_every_failpoint_has_a_killer() -> None:
    assert {*WEB, *PUBLISHING, *WORKING} == set(NAMES)


@pytest.mark.postgresql
def test_fault_087_kills_and_restarts_of_postgresql_lose_nothing_and_double_nothing(
    forks: Forks, postgresql_server: Any, postgresql_url: str, tmp_path: Path
) -> None:
    rig = Rig(forks, tmp_path / "rig", postgresql_url)
    try:
        for number in range(rounds(80) // 8):
            rig.up()
            if number % 2:
                time.sleep(rig.chance.uniform(0.05, 0.5))
                restart(postgresql_server)
            rig.kill(rig.chance.uniform(0.010, 0.250))
        assert rig.look() == []
        assert rig.settle() == []
        print(rig.report())
        assert rig.journal.acknowledged_leads() == len(rig.journal.leads) > 0
    finally:
        rig.close()

"""A hundred kills: what was acknowledged is there once, and the next server needs nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.rig import RESTART, Rig, rounds


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A site of its own on SQLite."""
    made = Rig(tmp_path / "rig")
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

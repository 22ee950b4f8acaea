"""Two processes with pages and two workers share runs on PostgreSQL; one worker is killed. The 10,000 are ``bench.cluster``."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cluster import share


@pytest.mark.postgresql
@pytest.mark.slow
def test_fault_084_two_webs_and_two_workers_share_runs_none_twice_and_a_killed_ones_are_taken_over(
    tmp_path: Path, postgresql_url: str
) -> None:
    found = share(tmp_path / "site", postgresql_url, 160, webs=2, workers=2, kill=True)
    print(f"{found.rate:.0f} runs a second; {found.held} held by the killed worker were done after {found.over:.1f} s")
    assert found.keys == 160 and found.wrong == 0, "every run called once and counted once"
    assert found.repeats <= 8, "only what lay in the killed hands may be sent again, under its key"
    assert found.over < 30

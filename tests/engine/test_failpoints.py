"""A failpoint costs nothing when it is not armed, and kills for good when it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import timeit
from pathlib import Path

import pytest

from engine.failpoints import NAMES, failpoint

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )


def test_an_armed_failpoint_kills_at_the_time_it_was_armed_for(tmp_path: Path) -> None:
    code = "from engine.failpoints import failpoint\nfor n in range(5):\n  print(n, flush=True)\n  failpoint('claim')"
    log = tmp_path / "met"
    died = run(code, FLOWLOOM_FAILPOINT="claim:3", FLOWLOOM_FAILPOINT_LOG=str(log))
    assert died.returncode == -signal.SIGKILL
    assert died.stdout.split() == ["0", "1", "2"]
    assert log.read_text() == "claim\n"


def test_others_pass_it_unharmed() -> None:
    assert (
        run("from engine.failpoints import failpoint; failpoint('claim')", FLOWLOOM_FAILPOINT="publish").returncode == 0
    )


def test_a_name_there_is_none_of_is_refused() -> None:
    died = run("from engine.failpoints import failpoint; failpoint('claim')", FLOWLOOM_FAILPOINT="clam")
    assert died.returncode == 1 and "no failpoint is called clam" in died.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_name_stands_somewhere_in_the_engine(name: str) -> None:
    found = [path for path in (ROOT / "engine").rglob("*.py") if f'failpoint("{name}")' in path.read_text("utf-8")]
    assert found, name


def test_one_that_is_not_armed_costs_less_than_a_microsecond() -> None:
    assert min(timeit.repeat(lambda: failpoint("claim"), number=10_000, repeat=3)) / 10_000 < 1e-6

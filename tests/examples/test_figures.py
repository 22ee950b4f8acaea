"""The counting side itself, checked by hand on the six cases of the running example."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples import event_log

FOLDER = "log-running-example"


def test_pandas_counts_the_running_example_as_one_does_by_hand(data: Path) -> None:
    log = event_log.read(data / "running-example.csv")
    assert len(log) == 42 and log["case"].nunique() == 6
    # case 3 registers at 14:32 and is examined at 15:06 the same day, then waits for its ticket until 16:34
    third = event_log.count(log[log["case"] == "3"])
    assert third["register request"] == pytest.approx(34 / 60)
    assert third["examine casually"] == pytest.approx(88 / 60)
    reached, again = event_log.reopened(log, {"decide"})
    assert reached == {"1", "2", "3", "4", "5", "6"}
    assert again == reached  # every case goes on after the decision: paid, rejected or begun again

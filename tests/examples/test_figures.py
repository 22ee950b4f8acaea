"""The counting side itself, checked by hand on the six cases of the running example."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples import event_log

FOLDER = "log-running-example"


def test_pandas_counts_the_running_example_as_one_does_by_hand(data: Path) -> None:
    log = event_log.read(data / "running-example.csv")
    assert len(log) == 42 and log["case"].nunique() == 6
    counted = event_log.count(log)
    # case 3 registers at 14:32 and is examined at 15:06 the same day: the shortest of the six
    assert counted.visits["register request"] == 6
    first = log[log["case"] == "3"].iloc[:2]["at"].diff().iloc[1].total_seconds() / 3600
    assert first == pytest.approx(34 / 60)
    reached, again = event_log.reopened(log, {"decide"})
    assert reached == {"1", "2", "3", "4", "5", "6"}
    assert again == reached  # every case goes on after the decision: paid, rejected or begun again

"""Real event logs lived in virtual time: dwell per stage, reopened and time to resolve equal what pandas counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from engine.api import Engine
from engine.clock import VirtualClock
from engine.facts import SYSTEM
from tests.examples import event_log
from tests.examples.asked import number

FOLDER = "."
#: The helpdesk's activities as its example site calls them.
STATES = {
    "Insert ticket": "insert_ticket",
    "Assign seriousness": "assign_seriousness",
    "Take in charge ticket": "take_in_charge",
    "Wait": "wait",
    "Schedule intervention": "schedule_intervention",
    "Require upgrade": "require_upgrade",
    "Create SW anomaly": "create_anomaly",
    "Resolve SW anomaly": "resolve_anomaly",
    "Resolve ticket": "resolve",
    "Closed": "closed",
    "VERIFIED": "verified",
    "RESOLVED": "marked_resolved",
    "INVALID": "invalid",
    "DUPLICATE": "duplicate",
}


def play(engine: Engine, clock: VirtualClock, log: pd.DataFrame, entity: str, state: Callable[[str], str]) -> None:
    """Live the log: a record at a case's first event, a transition at each event, every one at its own time.

    The same activity again right after itself is one longer stay in its state, so it is no transition.
    """
    ids: dict[str, int] = {}
    stands: dict[str, str] = {}
    for case, activity, at in zip(log["case"], log["activity"], log["at"], strict=True):
        clock.move_to(at.to_pydatetime())
        if case not in ids:
            ids[case] = engine.create(SYSTEM, entity, {"number": case}).record.id
        if stands.get(case) != activity:
            engine.transition(SYSTEM, entity, ids[case], f"to_{state(activity)}")
            stands[case] = activity


@pytest.mark.parametrize(
    ("folder", "file", "cases"), [("log-running-example", "running-example.csv", 6), ("log-receipt", "receipt.csv.gz", 150)]
)
def test_dwell_times_of_a_log_are_those_of_pandas(
    folder: str, file: str, cases: int, data: Path, opened: Callable[..., Any], tmp_path: Path
) -> None:
    log = event_log.read(data / folder / file)
    names = sorted(log["case"].unique())
    log = log[log["case"].isin(names[:: max(1, len(names) // cases)])]
    event_log.write_site(tmp_path / "log", sorted(log["activity"].unique()))
    engine, clock = opened(tmp_path / "log", log["at"].iloc[0].to_pydatetime())
    play(engine, clock, log, "case", event_log.state)
    for activity, hours in event_log.count(log).items():
        found = number(engine, f"dwell_{event_log.state(activity)}")
        assert found == pytest.approx(hours, abs=1e-6), activity


def test_the_helpdesk_is_what_pandas_counts(data: Path, opened: Callable[..., Any]) -> None:
    log = event_log.read(data / "log-helpdesk" / "helpdesk.csv.gz")
    names = log["case"].drop_duplicates()
    log = log[log["case"].isin(set(names[::10]))]
    engine, clock = opened("helpdesk", log["at"].iloc[0].to_pydatetime())
    play(engine, clock, log, "ticket", STATES.__getitem__)

    reached, again = event_log.reopened(log, {"Resolve ticket", "Closed"})
    resolved = set(log[log["activity"] == "Resolve ticket"]["case"])
    assert number(engine, "reopened_rate") == pytest.approx(len(again & resolved) / len(resolved))
    first = log.groupby("case")["at"].first()
    done = log[log["activity"] == "Resolve ticket"].groupby("case")["at"].first()
    hours = (done - first.reindex(done.index)).dt.total_seconds() / 3600
    assert number(engine, "hours_to_resolve") == pytest.approx(hours.median())
    assert number(engine, "avg_hours_to_resolve") == pytest.approx(hours.mean())
    closed = log[log["activity"] == "Closed"]["case"].nunique()
    assert number(engine, "closed_count") == closed
    assert len(reached) >= len(resolved)

"""Real event logs lived in virtual time: dwell per stage, reopened and time to resolve equal what pandas counts."""

from __future__ import annotations

import os
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


def play(
    engine: Engine,
    clock: VirtualClock,
    log: pd.DataFrame,
    entity: str,
    state: Callable[[str], str],
    products: dict[str, str] | None = None,
) -> None:
    """Live the log: a record at a case's first event, a transition at each event, every one at its own time.

    The same activity again right after itself is one longer stay in its state, so it is no transition.
    """
    ids: dict[str, int] = {}
    stands: dict[str, str] = {}
    for case, activity, at in zip(log["case"], log["activity"], log["at"], strict=True):
        clock.move_to(at.to_pydatetime())
        if case not in ids:
            values = {"number": case} if products is None else {"number": case, "product": products[case]}
            ids[case] = engine.create(SYSTEM, entity, values).record.id
        if stands.get(case) != activity:
            engine.transition(SYSTEM, entity, ids[case], f"to_{state(activity)}")
            stands[case] = activity


@pytest.mark.parametrize(
    ("folder", "file", "cases"),
    [("log-running-example", "running-example.csv", 6), ("log-receipt", "receipt.csv.gz", 150)],
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


@pytest.mark.slow
def test_the_helpdesk_is_what_pandas_counts(data: Path, opened: Callable[..., Any]) -> None:
    log = event_log.read(data / "log-helpdesk" / "helpdesk.csv.gz")
    names = log["case"].drop_duplicates()
    log = log[log["case"].isin(set(names[:: 1 if os.environ.get("FLOWLOOM_WHOLE_LOGS") else 10]))]
    products = log.groupby("case")["product"].first().to_dict()
    engine, clock = opened("helpdesk", log["at"].iloc[0].to_pydatetime())
    play(engine, clock, log, "ticket", STATES.__getitem__, products)

    _, again = event_log.reopened(log, {"Resolve ticket", "Closed"})
    resolved = set(log[log["activity"] == "Resolve ticket"]["case"])
    assert number(engine, "reopened_rate") == pytest.approx(len(again & resolved) / len(resolved))
    first = log.groupby("case")["at"].first()
    done = log[log["activity"] == "Resolve ticket"].groupby("case")["at"].first()
    hours = (done - first.reindex(done.index)).dt.total_seconds() / 3600
    assert number(engine, "hours_to_resolve") == pytest.approx(hours.median())
    assert number(engine, "avg_hours_to_resolve") == pytest.approx(hours.mean())
    assert number(engine, "closed_count") == log[log["activity"] == "Closed"]["case"].nunique()
    _the_heat_map_is_that_of_pandas(engine, log, products)


def _the_heat_map_is_that_of_pandas(engine: Engine, log: pd.DataFrame, products: dict[str, str]) -> None:
    stays = event_log.stays(log)
    stays = stays.assign(product=stays["case"].map(products), state=stays["activity"].map(STATES))
    means = stays.groupby(["state", "product"])["days"].mean()
    drawn = engine.numbers.dashboard(SYSTEM, "service_health")["tiles"]["dwell"]["data"]
    found = {
        (drawn["columns"][cell["x"]]["key"], drawn["rows"][cell["y"]]["key"]): cell["value"]
        for cell in drawn["cells"]
        if cell["value"] is not None and drawn["columns"][cell["x"]]["key"] != "opened"
    }
    # a heat map shows its forty longest rows; what it shows is what the log says, to the second decimal it shows
    expected = {key: value for key, value in means.items() if key[1] in {product for _, product in found}}
    assert found == pytest.approx(expected, abs=0.00501)
    assert len(found) > 20

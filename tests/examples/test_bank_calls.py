"""45,211 real calls: acceptance, length and balance equal what pandas counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from engine.facts import SYSTEM
from tests.examples.asked import number, values

FOLDER = "crm-bank-calls"
COLUMNS = {
    "customer_number": "Cust_num",
    "seconds": "duration",
    "attempts": "campaign",
    "former_outcome": "poutcome",
    "accepted": "y",
}
#: Enough for every job, contact and month, and quick enough for every run of the tests.
ROWS = 6000


def test_the_campaign_says_what_pandas_says(data: Path, opened: Callable[..., Any], tmp_path: Path) -> None:
    engine, _ = opened("bank_calls", dt.datetime(2010, 12, 1, tzinfo=dt.UTC))
    whole = pd.read_csv(data / "bank_market.csv.gz", dtype=str, keep_default_na=False)
    frame = whole.iloc[:: len(whole) // ROWS]
    frame.to_csv(tmp_path / "calls.csv", index=False)
    report = engine.import_file(SYSTEM, tmp_path / "calls.csv", "call", mapping=COLUMNS)
    assert (report.created, report.bad) == (len(frame), [])

    accepted = frame["y"].str.lower() == "yes"
    seconds, balance = frame["duration"].astype(int), frame["balance"].astype(float)
    assert number(engine, "acceptance") == pytest.approx(accepted.mean())
    assert number(engine, "median_seconds") == pytest.approx(seconds.median())
    assert number(engine, "avg_balance") == pytest.approx(balance.mean(), abs=0.001)
    for by, column in (("job", "job"), ("month", "month"), ("former_outcome", "poutcome")):
        expected = accepted.groupby(frame[column]).mean().to_dict()
        assert values(engine, "acceptance", by) == pytest.approx(expected)
    expected = seconds.groupby(frame["job"]).quantile(0.9).to_dict()
    assert values(engine, "p90_seconds", "job") == pytest.approx(expected)

"""45,211 real calls: acceptance, length and balance equal what pandas counts."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from engine.facts import SYSTEM

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


def test_the_campaign_says_what_pandas_says(data: Path, opened: Callable[..., tuple], tmp_path: Path) -> None:
    engine, _ = opened("bank_calls", dt.datetime(2010, 12, 1, tzinfo=dt.UTC))
    whole = pd.read_csv(gzip.open(data / "bank_market.csv.gz"), dtype=str, keep_default_na=False)
    frame = whole.iloc[:: len(whole) // ROWS]
    frame.to_csv(tmp_path / "calls.csv", index=False)
    report = engine.import_file(SYSTEM, tmp_path / "calls.csv", "call", COLUMNS)
    assert (report.created, report.bad) == (len(frame), [])

    accepted = frame["y"].str.lower() == "yes"
    seconds, balance = frame["duration"].astype(int), frame["balance"].astype(float)
    assert engine.metric(SYSTEM, "acceptance").whole.value == pytest.approx(accepted.mean())
    assert engine.metric(SYSTEM, "median_seconds").whole.value == pytest.approx(seconds.median())
    assert float(engine.metric(SYSTEM, "avg_balance").whole.value) == pytest.approx(balance.mean(), abs=0.001)
    for by, column in (("job", "job"), ("month", "month"), ("former_outcome", "poutcome")):
        groups = {g.key: g.value for g in engine.metric(SYSTEM, "acceptance", by=by).groups}
        assert groups == {key: pytest.approx(value) for key, value in accepted.groupby(frame[column]).mean().items()}
    by_job = {g.key: g.value for g in engine.metric(SYSTEM, "p90_seconds", by="job").groups}
    assert by_job == {key: pytest.approx(value) for key, value in seconds.groupby(frame["job"]).quantile(0.9).items()}

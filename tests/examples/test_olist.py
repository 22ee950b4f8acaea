"""8,000 real leads through the product's import: conversion, days to win and owners equal what pandas counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from engine.facts import SYSTEM

FOLDER = "crm-olist-funnel"
LEADS = "olist_marketing_qualified_leads_dataset.csv"
DEALS = "olist_closed_deals_dataset.csv"


def test_the_funnel_says_what_pandas_says(data: Path, opened: Callable[..., tuple]) -> None:
    engine, _ = opened("olist", dt.datetime(2018, 12, 1, tzinfo=dt.UTC))
    leads = engine.import_file(SYSTEM, data / LEADS, "lead")
    assert (leads.created, leads.bad) == (8000, [])
    deals = engine.import_file(
        SYSTEM, data / DEALS, "lead", {"sdr": "sdr_id", "sr": "sr_id"}, match_on=["mql_id"]
    )
    assert (deals.matched, deals.bad) == (842, [])

    mql = pd.read_csv(data / LEADS)
    won = pd.read_csv(data / DEALS)
    both = mql.merge(won, on="mql_id", how="left")
    both["won"] = both["won_date"].notna()
    days = (pd.to_datetime(both["won_date"]) - pd.to_datetime(both["first_contact_date"])).dt.total_seconds() / 86400

    assert engine.metric(SYSTEM, "lead_count").whole.value == len(mql) == 8000
    assert engine.metric(SYSTEM, "won_count").whole.value == len(won) == 842
    assert engine.metric(SYSTEM, "conversion").whole.value == pytest.approx(842 / 8000)

    expected = both.groupby(both["origin"].fillna(""))["won"].agg(["mean", "sum", "size"])
    groups = {group.key or "": group for group in engine.metric(SYSTEM, "conversion", by="origin").groups}
    assert set(groups) == set(expected.index)
    for origin, group in groups.items():
        assert group.value == pytest.approx(expected.loc[origin, "mean"]), origin
        behind = engine.metric_records(SYSTEM, "conversion", by="origin", point=group.point, part="above", count=True)
        assert behind.count == expected.loc[origin, "sum"], origin

    assert engine.metric(SYSTEM, "days_to_win").whole.value == pytest.approx(days.median())
    assert engine.metric(SYSTEM, "avg_days_to_win").whole.value == pytest.approx(days.mean())
    by_origin = days.groupby(both["origin"].fillna("")).median().dropna()
    groups = {g.key or "": g.value for g in engine.metric(SYSTEM, "days_to_win", by="origin").groups if g.count}
    assert groups == {origin: pytest.approx(value) for origin, value in by_origin.items()}

    by_sr = won.groupby("sr_id").size()
    groups = {g.key: g.value for g in engine.metric(SYSTEM, "won_count", by="sr").groups}
    assert groups == by_sr.to_dict()
    months = won.groupby(pd.to_datetime(won["won_date"]).dt.strftime("%Y-%m")).size()
    series = {p.at[:7]: p.value for p in engine.metric(SYSTEM, "won_count", each="month").series if p.value}
    assert series == months.to_dict()

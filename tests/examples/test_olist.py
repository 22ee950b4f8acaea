"""8,000 real leads through the product's import: conversion, days to win and owners equal what pandas counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from engine.api import Ask, Engine, Look
from engine.facts import SYSTEM
from tests.examples.asked import groups, number, values

FOLDER = "crm-olist-funnel"
LEADS = "olist_marketing_qualified_leads_dataset.csv"
DEALS = "olist_closed_deals_dataset.csv"


def _imported(engine: Engine, data: Path) -> None:
    """The leads, then the closed deals laid over them by their code."""
    leads = engine.import_file(SYSTEM, data / LEADS, "lead")
    assert (leads.created, leads.bad) == (8000, [])
    # a column without a heading that matches is named; the rest finds its field by itself
    names = {"sdr": "sdr_id", "sr": "sr_id"}
    deals = engine.import_file(SYSTEM, data / DEALS, "lead", mapping=names, match_on=["mql_id"])
    assert (deals.matched, deals.bad) == (842, [])


@pytest.mark.slow
def test_the_funnel_says_what_pandas_says(data: Path, opened: Callable[..., Any]) -> None:
    engine, _ = opened("olist", dt.datetime(2018, 12, 1, tzinfo=dt.UTC))
    _imported(engine, data)
    mql, won = pd.read_csv(data / LEADS), pd.read_csv(data / DEALS)
    both = mql.merge(won, on="mql_id", how="left")
    origin, is_won = both["origin"].fillna("-"), both["won_date"].notna()
    days = (pd.to_datetime(both["won_date"]) - pd.to_datetime(both["first_contact_date"])).dt.total_seconds() / 86400

    assert number(engine, "lead_count") == len(mql) == 8000
    assert number(engine, "won_count") == len(won) == 842
    assert number(engine, "conversion") == pytest.approx(842 / 8000)
    assert number(engine, "days_to_win") == pytest.approx(days.median())
    assert number(engine, "avg_days_to_win") == pytest.approx(days.mean())
    assert number(engine, "declared_revenue") == pytest.approx(won["declared_monthly_revenue"].sum())

    drawn = engine.numbers.dashboard(SYSTEM, "funnel")["tiles"]["funnel"]["data"]["points"]
    assert [(point["point"], point["value"]) for point in drawn] == [("state:contacted", 8000), ("state:won", 842)]

    wins = is_won.groupby(origin).sum().to_dict()
    shares = is_won.groupby(origin).mean().to_dict()
    found = {key or "-": group for key, group in groups(engine, "conversion", "origin").items()}
    assert {key: group["value"] for key, group in found.items()} == pytest.approx(shares)
    for key, group in found.items():
        asked = Ask(by="origin")
        behind = engine.numbers.metric_records(SYSTEM, "conversion", asked, group["point"], "above", Look(limit=1))
        assert behind.count == wins[key], key
    medians = days.groupby(origin).median().dropna().to_dict()
    found = {key or "-": value for key, value in values(engine, "days_to_win", "origin").items()}
    assert found == pytest.approx(medians)


@pytest.mark.slow
def test_the_owners_and_months_of_the_deals_are_those_of_the_file(data: Path, opened: Callable[..., Any]) -> None:
    engine, _ = opened("olist", dt.datetime(2018, 12, 1, tzinfo=dt.UTC))
    _imported(engine, data)
    won = pd.read_csv(data / DEALS)
    for by, column in (("sr", "sr_id"), ("sdr", "sdr_id"), ("business_segment", "business_segment")):
        expected = won.groupby(won[column].fillna("-")).size().to_dict()
        # leads that were not won have nobody and nothing here: a group of zero, which the deals' file does not know
        found = {key or "-": value for key, value in values(engine, "won_count", by).items() if value}
        assert found == expected
    months = won.groupby(pd.to_datetime(won["won_date"]).dt.strftime("%Y-%m")).size().to_dict()
    series = engine.numbers.metric(SYSTEM, "won_count", Ask(each="month"))["series"]
    assert {point["at"][:7]: point["value"] for point in series if point["value"]} == months

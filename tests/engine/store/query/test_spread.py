"""Percentiles over lots equal percentiles over all values at once."""

from __future__ import annotations

import statistics

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.store.query.spread import quantile, run_of, smallest

LOTS = st.lists(st.lists(st.integers(-(2**50), 2**50), max_size=12), max_size=6)
FLOATS = st.lists(st.lists(st.floats(-1e9, 1e9), max_size=12), max_size=6)


@given(LOTS)
def test_the_median_of_lots_is_the_median_of_all(lots: list[list[int]]) -> None:
    every = [value for lot in lots for value in lot]
    found = quantile([run_of(lot, True) for lot in lots], 0.5)
    assert found == (statistics.median(every) if every else None)


@given(FLOATS)
@settings(max_examples=60)
def test_every_rank_of_doubles_is_found(lots: list[list[float]]) -> None:
    every = sorted(value for lot in lots for value in lot)
    runs = [run_of(lot, False) for lot in lots]
    assert [smallest(runs, rank) for rank in range(len(every))] == every


def test_a_percentile_lies_between_its_neighbours_by_their_distance() -> None:
    assert quantile([run_of([10, 20], True), run_of([30, 40], True)], 0.9) == 37.0
    assert quantile([run_of([5], True)], 0.9) == 5
    assert quantile([], 0.5) is None

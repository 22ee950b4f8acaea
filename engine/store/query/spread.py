"""Exact medians and percentiles of values that arrive in lots. Floor: 3.

A sum can be kept per lot and added up; a median cannot. So each lot keeps its values sorted, eight bytes each, and the
k-th smallest of all of them is found by bisecting on the value: some sixty rounds of one binary search per lot, a few
milliseconds for a million values, and a changed lot costs only its own sort.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence

#: Whole numbers (microseconds, ten-thousandths of money) or doubles.
Run = array


def run_of(values: Iterable[int | float], whole: bool) -> array[int] | array[float]:
    """The values sorted; ``whole`` keeps 64-bit integers, else doubles."""
    return array("q", sorted(values)) if whole else array("d", sorted(values))  # type: ignore[arg-type, return-value, unused-ignore]


def size(runs: Sequence[Sequence[float]]) -> int:
    """How many values there are."""
    return sum(map(len, runs))


def smallest(runs: Sequence[Sequence[float]], rank: int) -> float:
    """The value at ``rank`` (from 0) of all runs in order; each run is sorted."""
    filled = [run for run in runs if run]
    if len(filled) == 1:
        return filled[0][rank]
    low = min(run[0] for run in filled)
    high = max(run[-1] for run in filled)
    while low < high:
        middle = (low + high) // 2 if isinstance(low, int) and isinstance(high, int) else low + (high - low) / 2
        if middle >= high:
            middle = low
        if sum(bisect_right(run, middle) for run in filled) > rank:
            # Step down to a value that is really there, so that doubles end as soon as integers do.
            high = max(run[at - 1] for run in filled if (at := bisect_right(run, middle)))
        else:
            low = min(run[at] for run in filled if (at := bisect_right(run, middle)) < len(run))
    return low


def quantile(runs: Sequence[Sequence[float]], share: float) -> float | None:
    """The value below which ``share`` of all values lie, between two neighbours by their distance; None of nothing.

    Source: Hyndman & Fan (1996), definition 7: what spreadsheets, NumPy and PostgreSQL's percentile_cont use.
    """
    count = size(runs)
    if not count:
        return None
    place = share * (count - 1)
    rank = int(place)
    low = smallest(runs, rank)
    if rank == place:
        return low
    return low + (smallest(runs, rank + 1) - low) * (place - rank)

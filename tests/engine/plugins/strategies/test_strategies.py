"""Strategies by themselves: an order of candidates, best first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.facts import Record
from engine.plugins.slots import Strategy
from tests.engine.runtime.stage import registry

RECORD = Record("lead", 1, 1, {})


def candidates(*rows: tuple[int, int, int]) -> list[dict[str, Any]]:
    return [{"id": number, "open_count": held, "today_count": today} for number, held, today in rows]


def order(name: str, people: list[dict[str, Any]], **ask: Any) -> list[int]:
    plugin = registry().get(Strategy, name)
    rule = SimpleNamespace(score={"a": SimpleNamespace(value=None, weight=10.0)})
    return [row["user"] for row in plugin.pick(SimpleNamespace(**ask), rule, RECORD, people)]


@pytest.mark.parametrize(("last", "expected"), [(None, [1, 2, 3]), (1, [2, 3, 1]), (3, [1, 2, 3]), (9, [1, 2, 3])])
def test_round_robin_begins_after_the_last(last: int | None, expected: list[int]) -> None:
    chosen: list[int] = []
    people = candidates((3, 0, 0), (1, 0, 0), (2, 0, 0))
    assert order("round_robin", people, last=lambda: last, remember=chosen.append) == expected
    assert chosen == expected[:1]


def test_least_loaded_breaks_ties_by_today_and_then_by_number() -> None:
    assert order("least_loaded", candidates((1, 2, 0), (2, 1, 5), (3, 1, 2), (4, 1, 2))) == [3, 4, 2, 1]


def test_best_score_cuts_values_to_nought_and_one() -> None:
    values = {1: 0.5, 2: 7.0, 3: None, 4: -3.0}
    people = candidates((1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0))
    assert order("best_score", people, factors=lambda user: [values[user]]) == [2, 1, 3, 4]


def test_table_keeps_its_own_order_and_only_candidates() -> None:
    assert order("table", candidates((1, 0, 0), (2, 0, 0)), table=lambda: (9, 2, 1)) == [2, 1]


@pytest.mark.parametrize("name", registry().names("strategy"))
def test_no_candidates_give_nobody(name: str) -> None:
    assert order(name, [], table=tuple, last=lambda: None) == []

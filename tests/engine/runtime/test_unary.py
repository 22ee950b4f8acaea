"""Cells of a decision table."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from engine.runtime.unary import compile_test


@pytest.mark.parametrize(
    ("cell", "yes", "no"),
    [
        ("三级甲等", ["三级甲等"], ["二级甲等", None]),
        (["三级甲等", "三级乙等"], ["三级乙等"], ["一级", None]),
        ("二级*", ["二级", "二级甲等"], ["三级甲等", "非二级", None]),
        ("?级", ["二级"], ["二级甲等"]),
        (">= 500000", [500000, Decimal("500000.0000"), 6e5], [499999, None, "many"]),
        ("< 5%", ["3%"], [3]),
        ("[1..5)", [1, 4.99], [5, 0.99]),
        ("1..5", [1, 5], [0, 6]),
        ("]1..5]", [], []),
        ("(1..5]", [5, 2], [1]),
        (True, [True], [False, None]),
        ("true", [True], [False]),
        (None, [None], ["", 0, "x"]),
        ("not(A, B)", ["C"], ["A", "B", None]),
        ("!= A", ["B"], ["A", None]),
        (5, [5, 5.0, Decimal(5)], [6, None]),
        ("> 2026-01-05", [dt.date(2026, 1, 6)], [dt.date(2026, 1, 5)]),
        (">= 2h", [dt.timedelta(hours=2)], [dt.timedelta(hours=1)]),
        ("2026-01-05", [dt.date(2026, 1, 5)], [dt.date(2026, 1, 6)]),
        ("eye", [("eye", "dental")], [("dental",)]),
    ],
)
def test_a_cell_passes_what_it_says_and_nothing_else(cell: Any, yes: list[Any], no: list[Any]) -> None:
    test = compile_test(cell)
    assert test is not None
    assert [value for value in yes if not test(value)] == []
    assert [value for value in no if test(value)] == []


@pytest.mark.parametrize("cell", ["", "-", [["-"]]])
def test_an_empty_cell_passes_everything(cell: Any) -> None:
    assert compile_test(cell) is None


@pytest.mark.parametrize("cell", [">=", "< ", "!="])
def test_a_comparison_without_a_bound_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="^[<>!]"):
        compile_test(cell)

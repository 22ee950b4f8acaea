"""Every built-in chart turns a tile's data into an ECharts option that is plain JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.plugins.registry import Registry
from engine.plugins.slots import Chart

REGISTRY = Registry.discover(["engine.plugins.charts"], entry_points=False)

POINTS = [
    {"point": f"g:{name}", "label": name, "value": value, "shown": f"{value}", "count": 3, "share": 1.0}
    for name, value in (("website", 0.5), ("douyin", None), ("expo", 0.25))
]
DATA: dict[str, dict[str, Any]] = {
    "number": {"kind": "number", "value": 0.31, "shown": "31%", "percent": True, "target_value": 0.3},
    "series": {"kind": "series", "points": POINTS, "percent": True, "target_value": 0.3},
    "groups": {"kind": "groups", "points": POINTS, "percent": True},
    "funnel": {"kind": "funnel", "points": POINTS},
    "heatmap": {
        "kind": "heatmap",
        "columns": [{"key": "new", "label": "待首通"}],
        "rows": [{"key": 1, "label": "李"}],
        "cells": [{"x": 0, "y": 0, "value": 3.5, "shown": "3.5 天", "count": 4, "point": "h:new:1"}],
    },
    "records": {"kind": "records", "columns": [], "records": []},
}


@pytest.mark.parametrize("chart", REGISTRY.all(Chart), ids=lambda chart: chart.name)
def test_a_chart_draws_everything_it_says_it_takes(chart: Chart) -> None:
    assert chart.title["zh"] and chart.title["en"] and chart.example and chart.__doc__
    for kind in chart.takes:
        option = chart.option(DATA[kind], ["#123456"], "zh")
        assert json.loads(json.dumps(option)) == option


def test_a_share_is_drawn_as_percent_and_an_empty_period_as_a_gap() -> None:
    option = REGISTRY.get(Chart, "line").option(DATA["series"], [], "zh")
    assert [datum["value"] for datum in option["series"][0]["data"]] == [50.0, None, 25.0]
    assert option["yAxis"]["axisLabel"]["formatter"] == "{value}%"
    assert option["series"][0]["markLine"]["data"] == [{"yAxis": 30.0}]


def test_every_datum_says_which_records_are_behind_it() -> None:
    for name, kind in (("line", "series"), ("bar", "groups"), ("pie", "groups"), ("funnel", "funnel")):
        option = REGISTRY.get(Chart, name).option(DATA[kind], [], "zh")
        assert {datum["point"] for datum in option["series"][0]["data"]} == {"g:website", "g:douyin", "g:expo"}


def test_a_funnel_keeps_the_order_of_the_machine() -> None:
    option = REGISTRY.get(Chart, "funnel").option(DATA["funnel"], [], "zh")
    assert option["series"][0]["sort"] == "none"
    assert [step["name"] for step in option["series"][0]["data"]] == ["website", "douyin", "expo"]


def test_many_groups_lie_on_their_side_with_the_first_on_top() -> None:
    many = {"kind": "groups", "points": [{"label": str(n), "value": n, "point": str(n)} for n in range(9)]}
    option = REGISTRY.get(Chart, "bar").option(many, [], "zh")
    assert option["yAxis"]["type"] == "category" and option["yAxis"]["data"][-1] == "0"


def test_slices_beyond_the_eighth_are_one() -> None:
    many = {"kind": "groups", "points": [{"label": str(n), "value": n, "point": str(n)} for n in range(12)]}
    slices = REGISTRY.get(Chart, "pie").option(many, [], "en")["series"][0]["data"]
    assert len(slices) == 9 and slices[-1]["name"] == "The rest" and slices[-1]["value"] == 0 + 1 + 2 + 3


def test_a_dial_without_a_number_is_empty() -> None:
    assert REGISTRY.get(Chart, "gauge").option({"kind": "number", "value": None}, [], "zh") == {}

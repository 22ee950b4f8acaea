"""What charts with two axes have in common: one place for spacing, colours and units. Floor: 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Used where the page gives no colours of its own.
COLOURS = ("#2f6bff", "#12a594", "#f5a524", "#e5484d", "#8e4ec6", "#3e63dd", "#30a46c", "#ad7f58")


def colours(palette: Sequence[str]) -> list[str]:
    """The page's colours, or ours."""
    return list(palette or COLOURS)


def value_axis(data: Mapping[str, Any]) -> dict[str, Any]:
    """The axis of values: percent signs on shares, whole numbers on counts."""
    axis: dict[str, Any] = {"type": "value", "splitNumber": 4, "axisLabel": {"hideOverlap": True}}
    if data.get("percent"):
        axis["axisLabel"] = {"formatter": "{value}%", "hideOverlap": True}
    elif data.get("whole"):
        axis["minInterval"] = 1
    return axis


def datum(point: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """One value for ECharts: a share as percent, an empty one as a gap, with what a click and a tooltip need."""
    value = point.get("value")
    if value is not None and data.get("percent"):
        value = round(value * 100, 4)
    return {"value": value, "shown": point.get("shown", ""), "point": point.get("point"), "count": point.get("count")}


def grid() -> dict[str, Any]:
    """Room for the labels, no more."""
    return {"left": 8, "right": 16, "top": 24, "bottom": 8, "containLabel": True}


def target_line(data: Mapping[str, Any]) -> dict[str, Any]:
    """A dashed line at the target, where there is one."""
    target = data.get("target_value")
    if target is None:
        return {}
    at = target * 100 if data.get("percent") else target
    return {"markLine": {"symbol": "none", "silent": True, "lineStyle": {"type": "dashed"}, "data": [{"yAxis": at}]}}
